//! CLIENT KILL, LIST and TRACKING take their arguments as the master's version does.

use crate::support::*;

const KILL: &str = "CLIENT KILL; CLIENT KILL ID 0; CLIENT KILL ID -1; CLIENT KILL ID x; CLIENT KILL ID 999999;
    CLIENT KILL ID; CLIENT KILL 1.2.3.4:5; CLIENT KILL MAXAGE 0; CLIENT KILL MAXAGE -1; CLIENT KILL MAXAGE x;
    CLIENT KILL MAXAGE 100000; CLIENT KILL MAXAGE; CLIENT KILL MAXAGE 9223372036854775808;
    CLIENT KILL TYPE nosuch; CLIENT KILL TYPE primary; CLIENT KILL TYPE master; CLIENT KILL TYPE slave;
    CLIENT KILL USER nosuch; CLIENT KILL SKIPME maybe; CLIENT KILL ID 1 TYPE; CLIENT KILL a b c;
    CLIENT KILL ID 0 MAXAGE 0; CLIENT KILL ID 0 TYPE nosuch; CLIENT KILL ID 999999 ID 0;
    CLIENT KILL ID 99999 88888; CLIENT KILL ID 99999 88888 x; CLIENT KILL ID 99999 TYPE normal;
    CLIENT KILL ID 99999 ADDR; CLIENT KILL ADDR x; CLIENT KILL LADDR; CLIENT KILL x y;
    CLIENT KILL ID 9223372036854775808; CLIENT KILL ID +1; CLIENT KILL ID 01; CLIENT KILL ID 1.5;
    CLIENT KILL SKIPME NO ID 9999; CLIENT KILL USER default ID 99999; CLIENT KILL TOT-NET-IN 9;
    CLIENT KILL NOT-SKIPME yes";

const LIST: &str = "CLIENT LIST ID 0; CLIENT LIST ID -1; CLIENT LIST ID x; CLIENT LIST ID 99999 x;
    CLIENT LIST TYPE primary; CLIENT LIST x; CLIENT LIST ID; CLIENT LIST TYPE; CLIENT LIST TYPE nosuch;
    CLIENT LIST TYPE normal x";

const TRACKING: &str = "CLIENT TRACKING; CLIENT TRACKING x; CLIENT TRACKING ON x; CLIENT TRACKING ON REDIRECT;
    CLIENT TRACKING ON REDIRECT x; CLIENT TRACKING ON REDIRECT -1; CLIENT TRACKING ON REDIRECT 0;
    CLIENT TRACKING ON REDIRECT 99999; CLIENT TRACKING ON REDIRECT 99999 REDIRECT 99999;
    CLIENT TRACKING OFF REDIRECT 99999; CLIENT TRACKING OFF REDIRECT -1; CLIENT TRACKING ON PREFIX;
    CLIENT TRACKING ON PREFIX a; CLIENT TRACKING OFF PREFIX a; CLIENT TRACKING OFF BCAST;
    CLIENT TRACKING ON BCAST OPTIN; CLIENT TRACKING ON OPTIN OPTOUT; CLIENT TRACKING OFF OPTIN OPTOUT;
    CLIENT TRACKING OFF x; CLIENT TRACKING ON BCAST PREFIX a PREFIX ab; CLIENT TRACKING OFF;
    CLIENT TRACKING MAYBE x; CLIENT TRACKING ON REDIRECT 99999 x; CLIENT TRACKING ON PREFIX a x;
    CLIENT TRACKING ON REDIRECT 9223372036854775808; CLIENT CACHING YES; CLIENT CACHING";

/// What differs between a server and the proxy before another one, in words.
fn differences(flavor: Flavor, lines: &str) -> Vec<String> {
    let pair = Pair::spawn(flavor);
    let mut different = Vec::new();
    for line in lines.split(';') {
        let words: Vec<&str> = line.split_whitespace().collect();
        // No line may change what the next one meets.
        let mut both = pair.both();
        let (theirs, ours) = (both.direct.cmd(&words), both.proxied.cmd(&words));
        if theirs != ours {
            different.push(format!("{flavor:?} {words:?}: server {theirs:?}, proxy {ours:?}"));
        }
    }
    different
}

#[test]
fn kill_list_and_tracking_have_the_words_of_the_masters_version() {
    let all = [KILL, LIST, TRACKING].into_iter();
    let different: Vec<String> = all
        .flat_map(|lines| Flavor::ALL.map(|flavor| differences(flavor, lines)))
        .flatten()
        .collect();
    assert!(different.is_empty(), "\n{}", different.join("\n"));
}
