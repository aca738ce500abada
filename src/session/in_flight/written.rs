//! What a write does to the reads behind it.

use super::Touches;
use tidegate_wire::command::lookup;
use tidegate_wire::resp::Args;

/// What a write does to the reads behind it.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The keys that it writes.
    pub touches: Touches<'a>,
    /// Whether its reply may name other keys: its session's next reads include all that was written
    /// before it.
    pub tells: bool,
}

impl<'a> Written<'a> {
    /// What a whole request does.
    #[must_use]
    pub fn of_request(frame: &'a [u8]) -> Self {
        let name = Args::new(frame).next().unwrap_or_default();
        Self { touches: Touches::of_request(frame), tells: takes(name) }
    }

    /// What a request of the command `name` does that touches this.
    #[must_use]
    pub fn of_command(name: &[u8], touches: Touches<'a>) -> Self {
        Self { touches, tells: takes(name) }
    }
}

/// Whether a command takes an element that another client has left for it: a job that names the keys
/// of its data.
fn takes(name: &[u8]) -> bool {
    lookup(name).is_some_and(|row| {
        matches!(
            row.name,
            "lpop"
                | "rpop"
                | "lmpop"
                | "lmove"
                | "rpoplpush"
                | "blpop"
                | "brpop"
                | "blmpop"
                | "blmove"
                | "brpoplpush"
                | "spop"
                | "zpopmin"
                | "zpopmax"
                | "zmpop"
                | "bzpopmin"
                | "bzpopmax"
                | "bzmpop"
                | "xreadgroup"
                | "xclaim"
                | "xautoclaim"
                | "getdel"
                | "getset"
                | "hgetdel"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::encode::request_of;

    #[test]
    fn a_command_that_takes_a_job_tells_of_other_keys() {
        for (line, tells) in [
            ("LPOP q", true),
            ("brpop q 0", true),
            ("BLMOVE q p LEFT RIGHT 0", true),
            ("XREADGROUP GROUP g c STREAMS s >", true),
            ("SET k v", false),
            ("INCR k", false),
            ("LPUSH q job", false),
            ("NONSENSE", false),
        ] {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            assert_eq!(Written::of_request(&request_of(&words)).tells, tells, "{line}");
        }
    }
}
