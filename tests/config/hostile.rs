//! Malformed files: very long, deeply nested, damaged, random. Each gives a configuration or a
//! bounded list of mistakes.

use proptest::prelude::*;
use tidegate::config::{Config, HostPort, Problem};
use tidegate_wire::units::ByteSize;

use crate::{SHIPPED, parse, refused};

#[test]
fn a_file_with_tens_of_thousands_of_mistakes_reports_100() {
    let text: String = (0..30_000).map(|i| format!("k{i}=1\n")).collect();
    let error = parse(&text).unwrap_err();
    assert_eq!(error.mistakes().len(), 100);
    assert!(error.mistakes().iter().all(|it| matches!(it.problem, Problem::UnknownSection { .. })));
    assert!(error.to_string().ends_with("\nproxy.toml: and 29900 more mistakes"));
}

/// Each of these names is as long as a key's, so the search for the key that was meant costs most.
#[test]
fn a_file_with_tens_of_thousands_of_long_names_reports_100_mistakes() {
    let text: String = (0..15_000).map(|i| format!("max-qwe-{i}=1\n")).collect();
    assert_eq!(parse(&text).unwrap_err().mistakes().len(), 100);
}

/// No file of the greatest length makes the parser overflow its stack or run without end.
#[test]
fn hostile_files_are_refused() {
    let fill = |piece: &str| piece.repeat((255 << 10) / piece.len());
    let nest = |depth: usize| {
        let dots = "a.".repeat(75);
        format!("[{dots}b]\n{}{dots}c=1{}", format!("{dots}c={{").repeat(depth), "}".repeat(depth))
    };
    let hostile = [
        fill("a."),
        fill("["),
        fill("{a="),
        fill("[a]\n"),
        fill("[[a]]\n"),
        fill("=\n"),
        fill("="),
        fill("\""),
        fill("'''"),
        fill("\\"),
        fill("a=1,"),
        fill("\u{0}"),
        fill("\r"),
        nest(78),
        format!("[topology]\nreplicas = [{}]", fill("\"h:1\",")),
        format!("[topology]\nmaster = \"{}\"", fill("h.")),
        format!("[log]\nlevel = \"{}\"", fill("a=info,")),
        format!("[proxy]\nworkers = 0x{}", fill("f")),
    ];
    let parse_all = move || {
        for text in &hostile {
            let error = refused(text);
            assert!(error.len() < 64 << 10, "{}", &error[..1000]);
        }
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(parse_all).unwrap().join().unwrap();
}

/// Texts of pieces that often look like a file.
fn pieces() -> impl Strategy<Value = String> {
    let mut words: Vec<String> = Config::keys()
        .iter()
        .flat_map(|key| {
            [key.name.to_owned(), key.path(), format!("[{}]\n", key.section), key.default.clone()]
        })
        .collect();
    let marks = [
        " = ",
        "\n",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "'",
        "\"\"\"",
        "#",
        "-1",
        "0",
        "1e9",
        "0x",
        "true",
        "é",
        "\u{1F600}",
        "\r\n",
        "\\u0000",
        "@",
        "1979-05-27",
        "inf",
        "\"primary\"",
        "primary",
        "\"5s\"",
        "\"1gb\"",
        "\"[::1]:1\"",
        "info,",
        "[[proxy]]\n",
        ".",
    ];
    words.extend(marks.map(str::to_owned));
    prop::collection::vec(prop::sample::select(words), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_a_file_or_a_list_of_mistakes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        judged(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_are_a_file_or_a_list_of_mistakes(text in pieces()) {
        judged(&text);
    }

    #[test]
    fn any_damage_to_the_shipped_file_is_survived(
        at in 0..SHIPPED.len(), length in 0..40usize, insert in pieces(),
    ) {
        let (start, end) = (SHIPPED.floor_char_boundary(at), SHIPPED.len().min(at + length));
        let rest = &SHIPPED[SHIPPED.floor_char_boundary(end)..];
        judged(&format!("{}{insert}{rest}", &SHIPPED[..start]));
    }

    #[test]
    fn sizes_and_addresses_take_any_text(text in "\\PC{0,20}") {
        if let Ok(address) = text.parse::<HostPort>() {
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
        if let Ok(size) = text.parse::<ByteSize>() {
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }
    }
}

/// Asserts that a text gives a configuration, or mistakes on lines that it has, in their order.
fn judged(text: &str) {
    let Err(error) = parse(text) else { return };
    let lines: Vec<_> = error.mistakes().iter().map(|mistake| mistake.line).collect();
    assert!(!lines.is_empty() && lines.is_sorted(), "{error}");
    assert!(lines.iter().all(|line| *line <= text.matches('\n').count() + 1), "{error}\n{text}");
    assert!(error.to_string().lines().count() <= 101);
}
