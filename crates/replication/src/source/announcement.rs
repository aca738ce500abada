//! What a replica reports of itself with `REPLCONF` before it asks for the data. Never decides what
//! it gets.

use crate::handshake::OWN_CAPABILITY;
use tidegate_wire::resp::integer;

/// The most bytes of an address (`NET_HOST_STR_LEN`).
const IP_MAX: usize = 255;

const NOT_A_NUMBER: &str = "ERR value is not an integer or out of range";

/// The parts of the data that a replica does not want.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whether the keys are left out.
    pub without_data: bool,
    /// Whether the functions are left out.
    pub without_functions: bool,
}

impl Filter {
    /// Whether anything is left out.
    #[must_use]
    pub const fn leaves_out(self) -> bool {
        self.without_data || self.without_functions
    }
}

/// What a replica has reported of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// `listening-port`, as the replica sent it.
    pub port: i64,
    /// `ip-address`.
    pub ip: Option<String>,
    /// `capa eof`: it takes a payload whose end is marked.
    pub takes_marks: bool,
    /// `capa psync2`: it takes a `+CONTINUE` with a replid.
    pub takes_replids: bool,
    /// `capa tidegate`: it is an engine, which reads every form of a snapshot.
    pub is_engine: bool,
    /// `version` (Valkey from 8.0 on).
    pub version: Option<String>,
    /// `rdb-only`: it wants the payload and no stream.
    pub is_payload_only: bool,
    /// `rdb-filter-only`.
    pub filter: Filter,
}

/// The answer to a `REPLCONF`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `+OK`.
    Ok,
    /// No reply.
    Silence,
    /// An error, with its code.
    Error(String),
}

impl Announcement {
    /// Takes the words of a `REPLCONF`, its name included (`replconfCommand`). Options before a
    /// wrong one count.
    pub fn take(&mut self, words: &[&[u8]]) -> Answer {
        if words.len().is_multiple_of(2) {
            return Answer::Error("ERR syntax error".to_owned());
        }
        for pair in words.get(1..).unwrap_or_default().chunks_exact(2) {
            let [option, value] = pair else { continue };
            let is = |word: &str| option.eq_ignore_ascii_case(word.as_bytes());
            // A client that is no replica may say so; it means nothing.
            if is("ack") || is("getack") {
                return Answer::Silence;
            }
            if let Err(error) = self.option(&option.to_ascii_lowercase(), value) {
                return Answer::Error(error);
            }
        }
        Answer::Ok
    }

    fn option(&mut self, option: &[u8], value: &[u8]) -> Result<(), String> {
        match option {
            b"listening-port" => self.port = integer::parse(value).ok_or(NOT_A_NUMBER)?,
            b"ip-address" => {
                if value.len() > IP_MAX {
                    let len = value.len();
                    return Err(format!(
                        "ERR REPLCONF ip-address provided by replica instance is too long: {len} \
                         bytes"
                    ));
                }
                let ip = String::from_utf8_lossy(value).into_owned();
                self.ip = Some(ip).filter(|ip| !ip.is_empty());
            }
            b"capa" => {
                self.takes_marks |= value.eq_ignore_ascii_case(b"eof");
                self.is_engine |= value.eq_ignore_ascii_case(OWN_CAPABILITY);
                self.takes_replids |= value.eq_ignore_ascii_case(b"psync2");
            }
            b"version" => self.version = Some(String::from_utf8_lossy(value).into_owned()),
            b"rdb-only" => match integer::parse(value) {
                Some(0) => self.is_payload_only = false,
                Some(1) => self.is_payload_only = true,
                Some(_) => {
                    return Err("ERR value is out of range, value must between 0 and 1".to_owned());
                }
                None => return Err(NOT_A_NUMBER.to_owned()),
            },
            b"rdb-filter-only" => self.filter = filter(value)?,
            _ => {
                let option = String::from_utf8_lossy(option);
                return Err(format!("ERR Unrecognized REPLCONF option: {option}"));
            }
        }
        Ok(())
    }
}

/// Reads the words of `rdb-filter-only`: what alone the payload is to have.
fn filter(value: &[u8]) -> Result<Filter, String> {
    let mut filter = Filter { without_data: true, without_functions: true };
    for word in value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        if !word.eq_ignore_ascii_case(b"functions") {
            let word = String::from_utf8_lossy(word);
            return Err(format!("ERR Unsupported rdb-filter-only option: {word}"));
        }
        filter.without_functions = false;
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(announcement: &mut Announcement, line: &str) -> Answer {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        announcement.take(&words)
    }

    #[test]
    fn a_replica_reports_itself() {
        let mut it = Announcement::default();
        let lines = "listening-port 6380|ip-address r1|capa eof capa psync2 capa dual-channel";
        for line in lines.split('|') {
            assert_eq!(take(&mut it, &format!("replconf {line}")), Answer::Ok);
        }
        assert_eq!((it.port, it.ip.as_deref()), (6380, Some("r1")));
        assert!(it.takes_marks && it.takes_replids && !it.is_payload_only);
        assert_eq!(take(&mut it, "REPLCONF version 9.1.2 rdb-only 1"), Answer::Ok);
        assert_eq!((it.version.as_deref(), it.is_payload_only), (Some("9.1.2"), true));
        assert_eq!(take(&mut it, "REPLCONF rdb-filter-only functions"), Answer::Ok);
        assert_eq!(it.filter, Filter { without_data: true, without_functions: false });
        assert_eq!(it.take(&[b"REPLCONF", b"RDB-FILTER-ONLY", b""]), Answer::Ok);
        assert_eq!(it.filter, Filter { without_data: true, without_functions: true });
    }

    /// Redis 7.0 and 8.2 answer so.
    #[test]
    fn mistakes_get_the_errors_of_servers() {
        let mut it = Announcement::default();
        let long = format!("REPLCONF ip-address {}", "x".repeat(300));
        for (line, error) in [
            ("REPLCONF capa", "ERR syntax error"),
            ("REPLCONF listening-port x", NOT_A_NUMBER),
            (&long, "ERR REPLCONF ip-address provided by replica instance is too long: 300 bytes"),
            ("REPLCONF rdb-only 2", "ERR value is out of range, value must between 0 and 1"),
            ("REPLCONF rdb-only x", NOT_A_NUMBER),
            ("REPLCONF rdb-filter-only foo", "ERR Unsupported rdb-filter-only option: foo"),
            ("REPLCONF listening-port 7 nosuch 1", "ERR Unrecognized REPLCONF option: nosuch"),
        ] {
            assert_eq!(take(&mut it, line), Answer::Error(error.to_owned()), "{line}");
        }
        assert_eq!(it.port, 7, "what stands before the mistake counts");
        for silent in ["REPLCONF ack x", "REPLCONF GETACK *"] {
            assert_eq!(take(&mut it, silent), Answer::Silence);
        }
        assert_eq!(take(&mut it, "REPLCONF"), Answer::Ok);
    }
}
