//! PROXY: the proxy's own command, for operators.

use super::batch::Batch;
use super::client::Client;
use super::describe::{View, describe};
use super::dispatch::{Next, Request};
use super::record::{Record, Value};
use crate::command::ProxyCommand;
use crate::resp::{Args, encode};
use crate::topology::Topology;

/// As Redis answers HELP of its containers.
const HELP: &[&str] = &[
    "PROXY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "EXPLAIN <command> [<arg> ...]",
    "    What would become of this request now: its class, keys, route and why. It is not run.",
    "RELOAD",
    "    Read the configuration file again. A file with a mistake changes nothing.",
    "TOPOLOGY",
    "    The proxy, then each server as the proxy sees it.",
    "HELP",
    "    Print this help.",
];

/// How much of a name that nobody knows is repeated.
const NAME_SHOWN: usize = 128;

impl Client {
    /// PROXY, with as many arguments as the subcommand wants.
    pub(super) fn proxy_command(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: ProxyCommand,
    ) -> Next {
        batch.flush(&self.inbox);
        let args = Args::new(request.frame).to_vec();
        let mut reply = Vec::new();
        match command {
            ProxyCommand::Reload => match self.reload(&mut reply) {
                Next::Wait => return Next::Wait,
                Next::Done => {}
            },
            ProxyCommand::Help => {
                encode::array(&mut reply, HELP.len());
                HELP.iter().for_each(|line| encode::status(&mut reply, line));
            }
            ProxyCommand::Topology => {
                let records = self.topology_records(&batch.topology);
                Value::List(records).encode(self.session.version, &mut reply);
            }
            ProxyCommand::Explain => {
                let explained = self.explain(&batch.topology, args.get(2..).unwrap_or_default());
                Value::Record(explained).encode(self.session.version, &mut reply);
            }
            ProxyCommand::Other => {
                let name = args.get(1).copied().unwrap_or_default();
                let name = String::from_utf8_lossy(&name[..name.len().min(NAME_SHOWN)]);
                let error = format!("ERR unknown subcommand '{name}'. Try PROXY HELP.");
                encode::error(&mut reply, &error);
            }
        }
        self.worker.counts.local_requests.increment();
        self.inbox.replies().local(request.shown, |out| out.extend_from_slice(&reply));
        Next::Done
    }

    /// Asks for a reload, waits for it and tells what became of it.
    fn reload(&mut self, out: &mut Vec<u8>) -> Next {
        let reloads = &self.worker.shared.reloads;
        let asked = self.reload.get_or_insert_with(|| reloads.ask(&self.entry));
        // Whoever has done it wakes this client.
        let Some(outcome) = asked.outcome() else { return Next::Wait };
        match outcome {
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
        self.reload = None;
        Next::Done
    }

    /// The proxy, then every server.
    fn topology_records(&self, topology: &Topology) -> Vec<Value> {
        let own = std::iter::once(self.own_record(topology));
        own.chain(self.servers(topology)).map(Value::Record).collect()
    }

    fn own_record(&self, topology: &Topology) -> Record {
        let shared = &self.worker.shared;
        let master = topology.master().map(|master| master.addr.to_string());
        vec![
            ("role", "proxy".into()),
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("topology-generation", topology.generation.into()),
            ("config-generation", shared.reloads.generation().into()),
            ("last-reload-successful", shared.reloads.last_succeeded().into()),
            ("master", master.unwrap_or_default().into()),
            ("clients", (shared.registry.len() as u64).into()),
            ("writes-pass", topology.gate.is_open(self.worker.now_ms()).into()),
            ("good-replicas", u64::from(topology.gate.good()).into()),
            ("min-replicas-to-write", u64::from(topology.gate.wanted()).into()),
        ]
    }

    /// Every server, as this session's reads see it.
    pub(super) fn servers<'t>(
        &self,
        topology: &'t Topology,
    ) -> impl Iterator<Item = Record> + use<'t, '_> {
        let from = self.session.reads.unwrap_or(self.config.reads.from);
        let view = View { from, now_ms: self.worker.now_ms() };
        topology.backends.iter().map(move |backend| {
            describe(backend, view, self.worker.pool.borrow().in_flight(backend.id))
        })
    }
}
