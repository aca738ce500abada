//! Prometheus's text format, for what is computed at the moment of a scrape.

use std::fmt::Write;

/// A page that is being written.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

/// A number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Exact, whatever its size.
    Integer(u64),
    /// Left out if it is not finite.
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

/// The samples of one name.
#[derive(Debug)]
pub(super) struct Family<'p> {
    text: &'p mut String,
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    /// Its head stands on the page: that waits for the first sample.
    begun: bool,
}

impl Exposition {
    /// Goes on behind `text`, which is such a page, too.
    pub(super) fn after(mut text: String) -> Self {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Self { text }
    }

    /// What may go up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "gauge")
    }

    /// What only goes up.
    pub(super) fn counter(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "counter")
    }

    /// Buckets, a sum and a count, each by its own suffix.
    pub(super) fn histogram(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, help, "histogram")
    }

    fn family(&mut self, name: &'static str, help: &'static str, kind: &'static str) -> Family<'_> {
        Family { text: &mut self.text, name, help, kind, begun: false }
    }

    /// The page.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Family<'_> {
    /// One sample.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Into<Value>) {
        self.sample_of("", labels, value);
    }

    /// One sample of the name with a suffix.
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
    fn a_page_is_what_prometheus_reads() {
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
    fn no_label_breaks_out() {
        let mut page = Exposition::default();
        page.gauge("g", "G.").sample(&[("l", "a\"} 1\nb \\ {c=\"")], 1_u64);
        let text = page.into_text();
        let line = text.lines().last().expect("a sample");
        assert_eq!(line, r#"g{l="a\"} 1\nb \\ {c=\""} 1"#);
        assert_eq!(text.lines().count(), 3);
    }
}
