//! A value that a module wrote, kept as it is written.

/// The characters of a module type's name, six bits each.
const NAME: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The value of a module, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The module and the type: nine characters and a version of the encoding.
    pub id: u64,
    /// The frames of the value, the one that ends them included.
    pub body: Vec<u8>,
}

impl Module {
    /// The name of the type, nine characters.
    #[must_use]
    pub fn type_name(&self) -> String {
        type_name(self.id)
    }
}

/// Returns the name within the id of a module type.
#[must_use]
pub fn type_name(id: u64) -> String {
    let bits = (0..9).map(|n| (id >> (58 - 6 * n)) & 0x3f);
    let letter = |bits| usize::try_from(bits).ok().and_then(|at| NAME.get(at).copied());
    bits.filter_map(letter).map(char::from).collect()
}

/// Returns the version of the encoding within the id of a module type.
#[must_use]
pub fn encoding_version(id: u64) -> u16 {
    u16::try_from(id & 0x3ff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_names() {
        let letters = b"vectorset".map(|c| NAME.iter().position(|n| *n == c).unwrap() as u64);
        let id = letters.iter().fold(0, |id, letter| id << 6 | letter) << 10 | 3;
        assert_eq!((type_name(id).as_str(), encoding_version(id)), ("vectorset", 3));
    }
}
