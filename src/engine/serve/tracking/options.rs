//! The options of CLIENT TRACKING and CLIENT CACHING, and the mistakes in them.

use super::mode::{Caching, ClientTracking, Mode};
use crate::engine::state::Tracker;
use tidegate_wire::resp::integer;

const SYNTAX: &str = "ERR syntax error";
const SWITCH_BROADCAST: &str = "ERR You can't switch BCAST mode on/off before disabling tracking for \
    this client, and then re-enabling it with a different mode.";
const SWITCH_CACHING: &str = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for \
    this client, and then re-enabling it with a different mode.";
const NOT_CACHING: &str = "ERR CLIENT CACHING can be called only when the client is in tracking mode \
    with OPTIN or OPTOUT mode enabled";

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::serve) enum Asked {
    /// To track in this mode. Prefixes that it has stay.
    On(Mode),
    /// To track no more.
    Off,
}

/// The options, as they stand in the request.
#[derive(Default)]
struct Options<'a> {
    redirect: Option<u64>,
    prefixes: Vec<&'a [u8]>,
    is_broadcast: bool,
    is_opt_in: bool,
    is_opt_out: bool,
    is_silent: bool,
}

/// Reads `CLIENT TRACKING ON | OFF ...` of a client that tracks as `now` says; `exists` knows the
/// clients to which it may redirect (`clientCommand`).
pub(in crate::engine::serve) fn ask(
    args: &[&[u8]],
    now: &ClientTracking,
    exists: impl Fn(u64) -> bool,
) -> Result<Asked, String> {
    let options = options(args, exists)?;
    let switch = args.get(2).copied().unwrap_or_default();
    if switch.eq_ignore_ascii_case(b"off") {
        return Ok(Asked::Off);
    }
    if !switch.eq_ignore_ascii_case(b"on") {
        return Err(SYNTAX.to_owned());
    }
    let Options { is_broadcast, is_opt_in, is_opt_out, .. } = options;
    let error = |text: &str| Err(text.to_owned());
    if !is_broadcast && !options.prefixes.is_empty() {
        return error("ERR PREFIX option requires BCAST mode to be enabled");
    }
    if now.mode.as_ref().is_some_and(|mode| mode.tracker.is_broadcast != is_broadcast) {
        return error(SWITCH_BROADCAST);
    }
    if is_broadcast && (is_opt_in || is_opt_out) {
        return error("ERR OPTIN and OPTOUT are not compatible with BCAST");
    }
    if is_opt_in && is_opt_out {
        return error("ERR You can't specify both OPTIN mode and OPTOUT mode");
    }
    let before = now.mode.as_ref().map(|mode| mode.caching);
    if is_opt_in && before == Some(Caching::OptOut) || is_opt_out && before == Some(Caching::OptIn)
    {
        return error(SWITCH_CACHING);
    }
    check_prefixes(&options.prefixes, now)?;
    let mut prefixes = now.prefixes();
    prefixes.extend(options.prefixes.iter().map(|prefix| Box::from(*prefix)));
    if is_broadcast && options.prefixes.is_empty() {
        prefixes.insert(Box::default());
    }
    let caching = match (is_opt_in, is_opt_out) {
        (true, _) => Caching::OptIn,
        (_, true) => Caching::OptOut,
        _ => Caching::Always,
    };
    let redirect = options.redirect.unwrap_or_default();
    let tracker = Tracker { redirect, is_broadcast, is_silent: options.is_silent, prefixes };
    Ok(Asked::On(Mode { tracker, caching }))
}

fn options<'a>(args: &[&'a [u8]], exists: impl Fn(u64) -> bool) -> Result<Options<'a>, String> {
    let mut options = Options::default();
    let mut at = 3;
    while let Some(word) = args.get(at) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let value = args.get(at + 1);
        at += 1;
        match value {
            Some(id) if is("redirect") => {
                at += 1;
                if options.redirect.is_some() {
                    return Err(
                        "ERR A client can only redirect to a single other client".to_owned()
                    );
                }
                let id = integer::parse(id);
                let id = id.ok_or("ERR value is not an integer or out of range")?;
                let id = u64::try_from(id).ok().filter(|id| exists(*id));
                let id = id.ok_or("ERR The client ID you want redirect to does not exist")?;
                options.redirect = Some(id);
            }
            Some(prefix) if is("prefix") => {
                at += 1;
                options.prefixes.push(prefix);
            }
            _ if is("bcast") => options.is_broadcast = true,
            _ if is("optin") => options.is_opt_in = true,
            _ if is("optout") => options.is_opt_out = true,
            _ if is("noloop") => options.is_silent = true,
            _ => return Err(SYNTAX.to_owned()),
        }
    }
    Ok(options)
}

/// Checks that no prefix of a client begins with another one (`checkPrefixCollisionsOrReply`).
fn check_prefixes(new: &[&[u8]], now: &ClientTracking) -> Result<(), String> {
    let overlap = |one: &[u8], other: &[u8]| one.starts_with(other) || other.starts_with(one);
    let old = now.prefixes();
    for (at, prefix) in new.iter().enumerate() {
        let text = String::from_utf8_lossy;
        let end = "Prefixes for a single client must not overlap.";
        if let Some(found) = old.iter().find(|old| overlap(prefix, old)) {
            let (prefix, found) = (text(prefix), text(found));
            return Err(format!(
                "ERR Prefix '{prefix}' overlaps with an existing prefix '{found}'. {end}"
            ));
        }
        let rest = new.get(at + 1..).unwrap_or_default();
        if let Some(found) = rest.iter().find(|other| overlap(prefix, other)) {
            let (prefix, found) = (text(prefix), text(found));
            return Err(format!(
                "ERR Prefix '{prefix}' overlaps with another provided prefix '{found}'. {end}"
            ));
        }
    }
    Ok(())
}

/// Checks `CLIENT CACHING YES | NO` of a client that tracks as `now` says.
pub(in crate::engine::serve) fn caching(
    word: &[u8],
    now: &ClientTracking,
) -> Result<(), &'static str> {
    let Some(mode) = &now.mode else { return Err(NOT_CACHING) };
    if word.eq_ignore_ascii_case(b"yes") {
        let is_so = mode.caching == Caching::OptIn;
        let error = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
        return if is_so { Ok(()) } else { Err(error) };
    }
    if word.eq_ignore_ascii_case(b"no") {
        let is_so = mode.caching == Caching::OptOut;
        let error = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";
        return if is_so { Ok(()) } else { Err(error) };
    }
    Err(SYNTAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str, now: &ClientTracking) -> Result<Asked, String> {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        ask(&words, now, |id| id == 4)
    }

    fn on(line: &str, now: &ClientTracking) -> ClientTracking {
        match asked(line, now) {
            Ok(Asked::On(mode)) => ClientTracking { mode: Some(mode), is_caching: false },
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_make_a_mode() {
        let off = ClientTracking::default();
        let all = on("CLIENT TRACKING on", &off);
        assert_eq!(all.mode, Some(Mode::default()));
        let one = on("CLIENT TRACKING ON REDIRECT 4 OPTIN NOLOOP", &all).mode.unwrap();
        assert_eq!((one.tracker.redirect, one.tracker.is_silent), (4, true));
        assert_eq!(one.caching, Caching::OptIn);
        let wide = on("CLIENT TRACKING ON BCAST PREFIX b PREFIX a", &off);
        let wider = on("CLIENT TRACKING ON BCAST", &wide);
        let prefixes: Vec<_> = wider.prefixes().into_iter().map(Vec::from).collect();
        assert_eq!(prefixes, [b"".to_vec(), b"a".to_vec(), b"b".to_vec()]);
        assert_eq!(asked("CLIENT TRACKING OFF", &wider), Ok(Asked::Off));
    }

    #[test]
    fn mistakes_are_found_in_the_order_of_servers() {
        let off = ClientTracking::default();
        let broadcast = on("CLIENT TRACKING ON BCAST PREFIX foo", &off);
        for (line, now, part) in [
            ("CLIENT TRACKING foo", &off, "syntax"),
            ("CLIENT TRACKING OFF x", &off, "syntax"),
            ("CLIENT TRACKING ON REDIRECT", &off, "syntax"),
            ("CLIENT TRACKING ON REDIRECT x", &off, "not an integer"),
            ("CLIENT TRACKING ON REDIRECT 5", &off, "does not exist"),
            ("CLIENT TRACKING ON REDIRECT 4 REDIRECT 4", &off, "single other"),
            ("CLIENT TRACKING ON PREFIX a", &off, "requires BCAST"),
            ("CLIENT TRACKING ON", &broadcast, "BCAST mode on/off"),
            ("CLIENT TRACKING ON BCAST PREFIX fo", &broadcast, "existing prefix 'foo'"),
            ("CLIENT TRACKING ON BCAST PREFIX x PREFIX xy", &broadcast, "provided prefix 'xy'"),
        ] {
            let error = asked(line, now).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
        assert_eq!(
            caching(b"yes", &broadcast),
            Err("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
        );
        assert_eq!(caching(b"x", &off), Err(NOT_CACHING));
        assert_eq!(caching(b"no", &on("CLIENT TRACKING ON OPTOUT", &off)), Ok(()));
    }
}
