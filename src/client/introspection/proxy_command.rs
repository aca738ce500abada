//! PROXY: the proxy's own command.

use crate::client::introspection::{consistency, explain, operations, token, topology_table};
use serde::Serialize;

use crate::client::batch::batch::Batch;
use crate::client::introspection::overview::Overview;
use crate::client::introspection::record::Value;
use crate::client::request::{Next, Request};
use crate::client::state::client::Client;
use tidegate_wire::command::ProxyCommand;
use tidegate_wire::resp::{Args, encode};

/// As Redis answers HELP of its containers.
const HELP: &[&str] = &[
    "PROXY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CONSISTENCY [<level> [<max-lag>]]",
    "    Show or set what reads of this session see: bounded, session, global or strong. DEFAULT",
    "    goes back to the configuration. <max-lag> is a time, as 5s, or off.",
    "EXPLAIN <command> [<arg> ...]",
    "    Explain this request: its class, keys and route, and why. It is not run.",
    "FAILOVER [TO host:port] [TIMEOUT milliseconds]",
    "    Make a replica the master, while requests that need the master wait.",
    "HOLD [TIMEOUT milliseconds]",
    "    Let requests that need the master wait until RELEASE, or until the time is up. The answer",
    "    comes when no request is under way at the master.",
    "NEXT <level>",
    "    Set the consistency level of the next command only.",
    "RELEASE",
    "    End HOLD. A FAILOVER that is under way is given up.",
    "RELOAD",
    "    Read the configuration file again. A file with a mistake changes nothing.",
    "TOKEN",
    "    The data that this session has written and read, as a token for WAITFOR.",
    "TOPOLOGY [JSON]",
    "    The servers as the proxy sees them and the write gate: a table, or a JSON object with the",
    "    names of /status.",
    "WAITFOR <token> <milliseconds>",
    "    From now on this session's reads include the data of the token, which another connection or",
    "    another proxy gave. Waits so long for this proxy to know their history.",
    "HELP",
    "    Print this help.",
];

/// The bytes of an unknown subcommand's name that the error repeats, at most.
const NAME_SHOWN: usize = 128;

/// PROXY, with as many arguments as the subcommand wants.
pub(in crate::client) fn answer(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: ProxyCommand,
) -> Next {
    batch.flush(&client.inbox);
    let args = Args::new(request.frame).to_vec();
    let mut reply = Vec::new();
    match command {
        ProxyCommand::Reload => match reload(client, &mut reply) {
            Next::Wait => return Next::Wait,
            Next::Done => {}
        },
        ProxyCommand::Failover | ProxyCommand::Hold | ProxyCommand::Release => {
            let options = args.get(2..).unwrap_or_default();
            if operations::answer(client, command, options, &mut reply) == Next::Wait {
                return Next::Wait;
            }
        }
        ProxyCommand::Token => match token::token(client, &mut reply) {
            Next::Wait => return Next::Wait,
            Next::Done => {}
        },
        ProxyCommand::WaitFor => {
            if token::wait_for(client, args.get(2..).unwrap_or_default(), &mut reply) == Next::Wait
            {
                return Next::Wait;
            }
            batch.minimums = None;
        }
        ProxyCommand::Consistency => {
            consistency::answer(client, batch, args.get(2..).unwrap_or_default(), &mut reply);
        }
        ProxyCommand::Next => {
            consistency::next(client, args.get(2).copied().unwrap_or_default(), &mut reply);
        }
        ProxyCommand::Help => {
            lines(&mut reply, HELP.iter().copied());
        }
        ProxyCommand::Topology => {
            topology(client, args.get(2..).unwrap_or_default(), &mut reply);
        }
        ProxyCommand::Explain => {
            let explained =
                explain::explain(client, &batch.topology, args.get(2..).unwrap_or_default());
            Value::Record(explained).encode(client.session.version, &mut reply);
        }
        ProxyCommand::Other => {
            let name = args.get(1).copied().unwrap_or_default();
            let name = String::from_utf8_lossy(&name[..name.len().min(NAME_SHOWN)]);
            let error = format!("ERR unknown subcommand '{name}'. Try PROXY HELP.");
            encode::error(&mut reply, &error);
        }
    }
    client.reply(request.shown, |out| out.extend_from_slice(&reply));
    Next::Done
}

/// Asks for a reload, waits for it and answers with its outcome.
fn reload(client: &mut Client, out: &mut Vec<u8>) -> Next {
    let reloads = &client.worker.shared.reloads;
    let asked = client.reload.get_or_insert_with(|| reloads.ask(&client.entry));
    // The main thread wakes this client when it is done.
    let Some(outcome) = asked.outcome() else { return Next::Wait };
    match &**outcome {
        Ok(changes) if changes.is_empty() => encode::status(out, "OK"),
        Ok(changes) => {
            encode::array(out, changes.len());
            changes.iter().for_each(|it| encode::bulk(out, it.to_string().as_bytes()));
        }
        Err(mistakes) => {
            let mistakes = mistakes.to_string().replace('\n', "; ");
            encode::error(out, &format!("ERR nothing was reloaded: {mistakes}"));
        }
    }
    client.reload = None;
    Next::Done
}

/// PROXY TOPOLOGY, of which `options` are the further arguments.
fn topology(client: &Client, options: &[&[u8]], out: &mut Vec<u8>) {
    let shared = &client.worker.shared;
    let overview = Overview::of(shared);
    match options {
        [] => lines(out, topology_table::lines(&overview).iter().map(String::as_str)),
        [option] if option.eq_ignore_ascii_case(b"json") => {
            let reloads = &shared.reloads;
            let document = Document {
                config: ConfigOverview {
                    generation: reloads.generation(),
                    last_reload_successful: reloads.last_succeeded(),
                },
                overview,
            };
            match serde_json::to_string(&document) {
                Ok(text) => encode::verbatim(out, client.session.version, &text),
                Err(error) => encode::error(out, &format!("ERR {error}")),
            }
        }
        _ => encode::error(out, "ERR syntax error"),
    }
}

/// PROXY TOPOLOGY JSON.
#[derive(Debug, Serialize)]
struct Document {
    #[serde(flatten)]
    overview: Overview,
    config: ConfigOverview,
}

#[derive(Debug, Serialize)]
struct ConfigOverview {
    generation: u64,
    last_reload_successful: bool,
}

/// An array of simple strings, as Redis answers HELP: `redis-cli` shows each on a line of its own,
/// as it is, whatever the RESP version.
fn lines<'a>(out: &mut Vec<u8>, lines: impl ExactSizeIterator<Item = &'a str>) {
    encode::array(out, lines.len());
    lines.for_each(|line| encode::status(out, line));
}
