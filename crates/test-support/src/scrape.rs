//! An HTTP endpoint, and what `/metrics` says.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::eventually::PATIENCE;

/// A proxy that can be scraped.
pub trait Scraped {
    /// The address of its HTTP endpoint.
    fn metrics_addr(&self) -> SocketAddr;
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: String,
}

/// Sends `request`, bytes as they are, and reads until the other side closes.
#[track_caller]
pub fn http(addr: SocketAddr, request: &str) -> Page {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A reset after the answer counts as its end.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Page { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// GET of one path.
#[track_caller]
pub fn get(proxy: &impl Scraped, path: &str) -> Page {
    http(proxy.metrics_addr(), &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
}

/// One line of `/metrics`.
#[derive(Clone, Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// A whole page of `/metrics`.
#[derive(Clone, Debug)]
pub struct Scrape {
    pub text: String,
    /// Family to type.
    pub types: BTreeMap<String, String>,
    pub samples: Vec<Sample>,
}

impl Scrape {
    #[track_caller]
    pub fn of(proxy: &impl Scraped) -> Self {
        let page = get(proxy, "/metrics");
        assert_eq!(page.status, 200, "{}", page.head);
        Self::parse(page.body)
    }

    #[track_caller]
    pub fn parse(text: String) -> Self {
        let mut types = BTreeMap::new();
        for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let (name, kind) = line.split_once(' ').unwrap();
            let before = types.insert(name.to_owned(), kind.to_owned());
            assert_eq!(before, None, "{name} is declared twice");
        }
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let samples = lines.map(sample).collect();
        Self { text, types, samples }
    }

    /// The sum of all samples of `name` with these labels, and whatever others.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }

    /// The one sample of `name` with these labels; `None` if there is none.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found: Vec<_> = self.matching(name, labels).collect();
        assert!(found.len() < 2, "{found:?}");
        found.first().map(|sample| sample.value)
    }

    /// The samples of `name` with these labels, and whatever others.
    pub fn matching<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| {
                    sample.labels.get(*label).is_some_and(|found| found == value)
                })
        })
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap();
    let labels = labels.split(',').filter(|label| !label.is_empty()).map(|label| {
        let (label, value) = label.split_once('=').unwrap();
        (label.to_owned(), value.trim_matches('"').to_owned())
    });
    let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
    Sample { name: name.to_owned(), labels: labels.collect(), value }
}
