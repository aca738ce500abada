//! Prometheus's text format, for metrics that are computed at a scrape.

use std::fmt::Write;

/// A page in Prometheus's text format while it is written.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

/// The value of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// An integer, shown exactly.
    Integer(u64),
    /// A float; a sample whose value is not finite is left out.
    Float(f64),
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Integer(value as u64)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

/// A metric family: the samples of one name.
#[derive(Debug)]
pub(super) struct Family<'p> {
    text: &'p mut String,
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    /// Whether HELP and TYPE are written; they are written with the first sample.
    begun: bool,
}

impl Exposition {
    /// A page that begins with `text`, which is in the same format.
    pub(super) fn after(mut text: String) -> Self {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Self { text }
    }

    /// A family of gauges.
    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "gauge")
    }

    /// A family of counters.
    pub(super) fn counter(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "counter")
    }

    /// A family of histograms; its buckets, sums and counts are samples with suffixes.
    pub(super) fn histogram(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "histogram")
    }

    fn family(&mut self, name: &'static str, help: &'static str, kind: &'static str) -> Family<'_> {
        Family { text: &mut self.text, name, help, kind, begun: false }
    }

    /// The text of the page.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Family<'_> {
    /// Writes one sample.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Into<Value>) {
        self.sample_of("", labels, value);
    }

    /// Writes one sample, with a suffix after the family's name.
    pub(super) fn sample_of(
        &mut self,
        suffix: &str,
        labels: &[(&str, &str)],
        value: impl Into<Value>,
    ) {
        let value = value.into();
        if matches!(value, Value::Float(value) if !value.is_finite()) {
            return;
        }
        if !std::mem::replace(&mut self.begun, true) {
            let Self { name, help, kind, .. } = self;
            self.text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        }
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        let mut mark = '{';
        for (name, value) in labels {
            self.text.push(mark);
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(value, self.text);
            self.text.push('"');
            mark = ',';
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        // Writing to a string does not fail.
        let _ = match value {
            Value::Integer(value) => writeln!(self.text, " {value}"),
            Value::Float(value) => writeln!(self.text, " {value}"),
        };
    }
}

fn escape(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_prometheus_text_format() {
        let mut page = Exposition::after("a 1".to_owned());
        let mut family = page.gauge("b", "Of all.");
        family.sample(&[("x", "1"), ("y", "")], u64::MAX);
        family.sample(&[], 0.25);
        family.sample(&[], f64::NAN);
        page.counter("c", "Nothing.").sample(&[], f64::INFINITY);
        page.histogram("d", "Times.").sample_of("_bucket", &[("le", "+Inf")], true);
        assert_eq!(
            page.into_text(),
            "a 1\n# HELP b Of all.\n# TYPE b gauge\nb{x=\"1\",y=\"\"} 18446744073709551615\n\
             b 0.25\n# HELP d Times.\n# TYPE d histogram\nd_bucket{le=\"+Inf\"} 1\n"
        );
    }

    #[test]
    fn labels_are_escaped() {
        let mut page = Exposition::default();
        page.gauge("g", "G.").sample(&[("l", "a\"} 1\nb \\ {c=\"")], 1_u64);
        let text = page.into_text();
        let line = text.lines().last().expect("a sample");
        assert_eq!(line, r#"g{l="a\"} 1\nb \\ {c=\""} 1"#);
        assert_eq!(text.lines().count(), 3);
    }
}
