//! PROXY HOLD, PROXY RELEASE and PROXY FAILOVER: asked for here, carried out by `switchover`.

use std::time::Duration;

use crate::client::introspection::record::Value;
use crate::client::request::Next;
use crate::client::state::client::Client;
use crate::worker::operations::{Done, Operation, Switched};
use tidegate_wire::command::ProxyCommand;
use tidegate_wire::resp::{encode, integer};
use tidegate_wire::units::{HostPort, millis};

/// The longest TIMEOUT, as `writes.failover-hold`.
const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
const SYNTAX: &str = "ERR syntax error";

/// Asks for an operation, waits for it and answers with its outcome. `options` are the arguments
/// after the subcommand.
pub(in crate::client) fn answer(
    client: &mut Client,
    command: ProxyCommand,
    options: &[&[u8]],
    out: &mut Vec<u8>,
) -> Next {
    if client.operation.is_none() {
        match parse(command, options, client.config.writes.failover_hold) {
            Ok(operation) => {
                let operations = &client.worker.shared.operations;
                client.operation = Some(operations.ask(operation, &client.entry));
            }
            Err(error) => encode::error(out, error),
        }
    }
    let Some(asked) = &client.operation else { return Next::Done };
    // The task that carries it out wakes this client when it is done.
    let Some(outcome) = asked.outcome() else { return Next::Wait };
    match outcome {
        Ok(Done::Held | Done::Released) => encode::status(out, "OK"),
        Ok(Done::Switched(Switched { from, to, held, warning })) => {
            let held_ms = i64::try_from(millis(*held)).unwrap_or(i64::MAX);
            let mut fields = vec![
                ("from", from.to_string().into()),
                ("to", to.to_string().into()),
                ("held-ms", Value::Integer(held_ms)),
            ];
            fields.extend(warning.clone().map(|text| ("warning", text.into())));
            Value::Record(fields).encode(client.session.version, out);
        }
        Err(error) => encode::error(out, &format!("ERR {error}")),
    }
    client.operation = None;
    Next::Done
}

/// What the options ask for. Without TIMEOUT it takes `patience` at most.
fn parse(
    command: ProxyCommand,
    options: &[&[u8]],
    patience: Duration,
) -> Result<Operation, &'static str> {
    let (mut to, mut timeout, mut rest) = (None, None, options);
    while let [name, tail @ ..] = rest {
        rest = match tail {
            [value, tail @ ..] if name.eq_ignore_ascii_case(b"timeout") && timeout.is_none() => {
                timeout = Some(time(value)?);
                tail
            }
            [value, tail @ ..] if name.eq_ignore_ascii_case(b"to") && to.is_none() => {
                let (addr, tail) = address(value, tail)?;
                to = Some(addr);
                tail
            }
            _ => return Err(SYNTAX),
        };
    }
    let usual = if patience.is_zero() { TIMEOUT_DEFAULT } else { patience };
    let timeout = timeout.unwrap_or(usual);
    match (command, to) {
        (ProxyCommand::Failover, to) => Ok(Operation::Failover { to, timeout }),
        (ProxyCommand::Hold, None) => Ok(Operation::Hold(timeout)),
        (ProxyCommand::Release, None) => Ok(Operation::Release),
        _ => Err(SYNTAX),
    }
}

/// The time if neither the request nor proxy.toml gives one.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// A time in milliseconds, as FAILOVER takes it.
fn time(value: &[u8]) -> Result<Duration, &'static str> {
    let ms = integer::parse(value).ok_or("ERR timeout is not an integer or out of range")?;
    let time = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    if time.is_zero() || time > TIMEOUT_MAX {
        return Err("ERR timeout must be from 1 to 3600000 milliseconds");
    }
    Ok(time)
}

/// An address: `host:port`, or host and port as FAILOVER takes them.
fn address<'a>(
    value: &[u8],
    rest: &'a [&'a [u8]],
) -> Result<(HostPort, &'a [&'a [u8]]), &'static str> {
    const WRONG: &str = "ERR TO must be followed by host:port";
    let text = std::str::from_utf8(value).map_err(|_| WRONG)?;
    if let Ok(addr) = text.parse() {
        return Ok((addr, rest));
    }
    let [port, rest @ ..] = rest else { return Err(WRONG) };
    let port = std::str::from_utf8(port).map_err(|_| WRONG)?;
    Ok((HostPort::of(text, port).map_err(|_| WRONG)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(command: ProxyCommand, line: &str) -> Result<Operation, &'static str> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        parse(command, &words, Duration::from_secs(7))
    }

    #[test]
    fn a_failover_names_its_replica_in_either_form() {
        let to = HostPort::local(6380);
        let timeout = Duration::from_millis(500);
        for line in [
            "TO 127.0.0.1:6380 TIMEOUT 500",
            "timeout 500 to 127.0.0.1 6380",
            "TO 127.0.0.1 6380 TIMEOUT 500",
        ] {
            let expected = Operation::Failover { to: Some(to.clone()), timeout };
            assert_eq!(parsed(ProxyCommand::Failover, line), Ok(expected), "{line}");
        }
        let timeout = Duration::from_secs(7);
        let expected = Operation::Failover { to: None, timeout };
        assert_eq!(parsed(ProxyCommand::Failover, ""), Ok(expected));
    }

    #[test]
    fn wrong_options_are_refused() {
        for line in [
            "TO",
            "TO a",
            "TO a b",
            "TIMEOUT",
            "TIMEOUT x",
            "TIMEOUT 0",
            "TIMEOUT -1",
            "FORCE",
            "TIMEOUT 3600001",
            "TO a:1 TO b:2",
            "TIMEOUT 1 TIMEOUT 2",
        ] {
            assert!(parsed(ProxyCommand::Failover, line).is_err(), "{line}");
        }
        assert!(parsed(ProxyCommand::Hold, "TO 127.0.0.1:6380").is_err());
        let hold = Operation::Hold(Duration::from_secs(2));
        assert_eq!(parsed(ProxyCommand::Hold, "TIMEOUT 2000"), Ok(hold));
        assert_eq!(parsed(ProxyCommand::Release, ""), Ok(Operation::Release));
    }
}
