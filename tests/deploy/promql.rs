//! Which metrics and labels a PromQL expression names. No parser: promtool has seen to the syntax.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Scan {
    pub(crate) selectors: Vec<Selector>,
    /// Labels of `by (...)`, `on (...)` and their like.
    pub(crate) grouped: Vec<String>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selector {
    pub(crate) name: String,
    /// Label and value, whatever the operator.
    pub(crate) matchers: Vec<(String, String)>,
}

/// Take labels in parentheses.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Words that are no metric though no parenthesis need follow them at once.
const WORDS: [&str; 14] = [
    "and", "or", "unless", "bool", "offset", "sum", "min", "max", "avg", "count", "topk",
    "bottomk", "quantile", "stddev",
];

pub(crate) fn scan(query: &str) -> Scan {
    let mut scan = Scan::default();
    let mut rest = query.chars().peekable();
    while let Some(&c) = rest.peek() {
        match c {
            '[' => _ = rest.by_ref().find(|c| *c == ']'),
            '"' => _ = string(&mut rest),
            // A number or a duration.
            _ if c.is_ascii_digit() => _ = word(&mut rest),
            _ if is_word(c) => {
                let name = word(&mut rest);
                let next = peek(&mut rest);
                if GROUPINGS.contains(&name.as_str()) {
                    scan.grouped.extend(list(&mut rest));
                } else if next != Some('(') && !WORDS.contains(&name.as_str()) {
                    let matchers = if next == Some('{') { matchers(&mut rest) } else { vec![] };
                    scan.selectors.push(Selector { name, matchers });
                }
            }
            _ => _ = rest.next(),
        }
    }
    scan
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

fn word(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(c) = rest.next_if(|c| is_word(*c)) {
        word.push(c);
    }
    word
}

/// The next character that is no space.
fn peek(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
    rest.peek().copied()
}

fn string(rest: &mut Peekable<Chars<'_>>) -> String {
    rest.find(|c| *c == '"');
    rest.take_while(|c| *c != '"').collect()
}

/// `(a, b)`; what group_left has may be left out.
fn list(rest: &mut Peekable<Chars<'_>>) -> Vec<String> {
    if peek(rest) != Some('(') {
        return Vec::new();
    }
    let inside: String = rest.skip(1).take_while(|c| *c != ')').collect();
    inside.split(',').map(|label| label.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

/// `{a="b", c=~"d"}`.
fn matchers(rest: &mut Peekable<Chars<'_>>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    rest.next();
    while let Some(c) = peek(rest) {
        match c {
            '}' => {
                rest.next();
                break;
            }
            _ if is_word(c) => {
                let label = word(rest);
                found.push((label, string(rest)));
            }
            _ => _ = rest.next(),
        }
    }
    found
}

#[test]
fn names_matchers_and_groups_are_found() {
    let query = "histogram_quantile(0.99, sum by (job, le) (rate(a_bucket{x=~\"b|c\",y!=\"}\"}[5m])) \
                 / on (z) group_left c) > 1e3 or vector(0) unless job:rate5m offset 5m";
    let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    let scan = scan(query);
    let names: Vec<_> = scan.selectors.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a_bucket", "c", "job:rate5m"]);
    assert_eq!(scan.selectors[0].matchers, [pair("x", "b|c"), pair("y", "}")]);
    assert_eq!(scan.grouped, ["job", "le", "z"]);
}
