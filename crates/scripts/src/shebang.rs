//! The first line of a script or a library: `#!lua flags=no-writes`, `#!lua name=lib`.

/// What a script or a function declares of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `no-writes`: it calls no command that may write.
    pub no_writes: bool,
    /// `allow-oom`: it may run where the server is out of memory.
    pub allow_oom: bool,
    /// `allow-stale`: it may run at a replica that has lost its master.
    pub allow_stale: bool,
    /// `no-cluster`: it does not run in a cluster.
    pub no_cluster: bool,
    /// `allow-cross-slot-keys`: its keys may have several slots.
    pub allow_cross_slot_keys: bool,
    /// Whether it has no shebang: then it has the rights of scripts before Redis 7.
    pub is_compatible: bool,
}

impl Flags {
    /// Sets the flag with this name; false if there is none.
    pub(crate) fn set(&mut self, name: &[u8]) -> bool {
        match name {
            b"no-writes" => self.no_writes = true,
            b"allow-oom" => self.allow_oom = true,
            b"allow-stale" => self.allow_stale = true,
            b"no-cluster" => self.no_cluster = true,
            b"allow-cross-slot-keys" => self.allow_cross_slot_keys = true,
            _ => return false,
        }
        true
    }

    /// The names of the flags that are set, in the order in which servers list them.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let all = [
            (self.no_writes, "no-writes"),
            (self.allow_oom, "allow-oom"),
            (self.allow_stale, "allow-stale"),
            (self.no_cluster, "no-cluster"),
            (self.allow_cross_slot_keys, "allow-cross-slot-keys"),
        ];
        all.into_iter().filter(|it| it.0).map(|it| it.1).collect()
    }
}

/// The flags of a script, and the rest of its source behind the shebang.
///
/// # Errors
/// The error is in the words of `evalExtractShebangFlags`.
pub(crate) fn of_script(source: &[u8]) -> Result<(Flags, &[u8]), String> {
    if !source.starts_with(b"#!") {
        return Ok((Flags { is_compatible: true, ..Flags::default() }, source));
    }
    let end = source.iter().position(|it| *it == b'\n');
    let end = end.ok_or_else(|| "ERR Invalid script shebang".to_owned())?;
    let (line, rest) = source.split_at(end);
    let mut parts = line.split(|it| it.is_ascii_whitespace()).filter(|it| !it.is_empty());
    let engine = parts.next().unwrap_or_default();
    if engine != b"#!lua" {
        return Err(format!("ERR Unexpected engine in script shebang: {}", shown(engine)));
    }
    let mut flags = Flags::default();
    for part in parts {
        let Some(names) = part.strip_prefix(b"flags=") else {
            return Err(format!("ERR Unknown lua shebang option: {}", shown(part)));
        };
        for name in names.split(|it| *it == b',').filter(|it| !it.is_empty()) {
            if !flags.set(name) {
                return Err(format!("ERR Unexpected flag in script shebang: {}", shown(name)));
            }
        }
    }
    Ok((flags, rest))
}

/// The name of a library, and the rest of its source behind the shebang, whose line end stays.
///
/// # Errors
/// The error is in the words of `functionExtractLibMetaData`.
pub(crate) fn of_library(source: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
    let missing = || "ERR Missing library metadata".to_owned();
    if !source.starts_with(b"#!") {
        return Err(missing());
    }
    let end = source.iter().position(|it| *it == b'\n');
    let end = end.ok_or_else(|| "ERR Invalid library metadata".to_owned())?;
    let (line, rest) = source.split_at(end);
    let mut parts = line.split(|it| it.is_ascii_whitespace()).filter(|it| !it.is_empty());
    let engine = parts.next().unwrap_or_default().get(2..).unwrap_or_default();
    let mut name = None;
    for part in parts {
        let Some(value) = part.strip_prefix(b"name=") else {
            return Err(format!("ERR Invalid metadata value given: {}", shown(part)));
        };
        if name.replace(value.to_vec()).is_some() {
            return Err("ERR Invalid metadata value, name argument was given multiple times".into());
        }
    }
    let name = name.ok_or_else(|| "ERR Library name was not given".to_owned())?;
    if !is_name(&name) {
        return Err("ERR Library names can only contain letters, numbers, or underscores(_) and \
                    must be at least one character long"
            .into());
    }
    if !engine.eq_ignore_ascii_case(b"lua") {
        return Err(format!("ERR Engine '{}' not found", shown(engine)));
    }
    Ok((name, rest))
}

/// Whether a library or a function may have this name.
pub(crate) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|it| it.is_ascii_alphanumeric() || *it == b'_')
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
