//! Requests that are refused in the words of the server.

use super::*;

#[test]
fn errors() {
    Twin::each(|mut twin| {
        let newer = twin.flavor() == Flavor::Redis82;
        for line in include_str!("errors.txt").lines() {
            let new = line.starts_with("XDELEX") || line.starts_with("XACKDEL");
            if newer || !new {
                twin.timed_line(line);
            }
        }
    });
}

#[test]
fn ids_as_clients_spell_them() {
    Twin::each(|mut twin| {
        let words = [
            "",
            "-",
            "+",
            "*",
            "-1",
            "1-",
            "1-x",
            "x",
            "0",
            "00",
            "01",
            "+1",
            " 1",
            "1 ",
            "1--1",
            "1--0",
            "1-+5",
            "1- 5",
            "1-05",
            "1-5-5",
            "(",
            "(1",
            "(-",
            "(+",
            "((1",
            "1\0",
            "1\0x",
            "18446744073709551615",
            "18446744073709551616",
            "9223372036854775808",
            "-9223372036854775808",
            "1-18446744073709551616",
            "1--18446744073709551615",
            "1-99999999999999999999999",
            "18446744073709551615-18446744073709551615",
            "(18446744073709551615-18446744073709551615",
            "(0-0",
            "(0",
            "$",
            ">",
            "1-*",
            "5-**",
        ];
        let long = [format!("1{}", " ".repeat(126)), "0".repeat(127), "0".repeat(128)];
        twin.line("XADD s 1-5 a b");
        for word in words.iter().copied().chain(long.iter().map(String::as_str)) {
            twin.same(&["XRANGE", "s", word, "+"]);
            twin.same(&["XREVRANGE", "s", word, "-"]);
            twin.same(&["XREAD", "STREAMS", "s", word]);
            twin.same(&["XDEL", "none", word]);
            twin.same(&["XDEL", "s", word]);
            twin.same(&["XGROUP", "CREATE", "s", "g", word]);
            twin.same(&["XGROUP", "SETID", "s", "g", word]);
            twin.same(&["XPENDING", "s", "g", word, word, "5"]);
            twin.same(&["XGROUP", "DESTROY", "s", "g"]);
            if word != "*" {
                twin.same(&["XADD", "s", word, "a", "b"]);
            }
            twin.clear();
            twin.same(&["XADD", "s", "1-5", "a", "b"]);
        }
    });
}
