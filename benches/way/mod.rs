//! The way of requests through the pure part of the proxy, and the bytes to send along it. Shared
//! by the micro-benchmark and the test that no request allocates.

use std::sync::Arc;

use tidegate::config::{Balance, HostPort, ReadFrom};
use tidegate::consistency::{LagLimit, Level};
use tidegate::routing::{Balancer, OnStale, Query, ReadPolicy, Target, admit_write, route};
use tidegate::topology::{
    Backend, BackendId, FallbackRank, Finding, Health, Role, Shard, Topology,
};
use tidegate_wire::command::{Access, resolve};
use tidegate_wire::resp::{Limits, RequestScanner, RequestStep, encode};

/// One master, two replicas, and a client's scanner.
#[derive(Debug)]
pub(crate) struct Way {
    topology: Topology,
    balancer: Balancer,
    scanner: RequestScanner,
    limits: Limits,
}

impl Way {
    /// All three may serve reads.
    pub(crate) fn new() -> Self {
        let backend = |(id, role)| Backend {
            id: BackendId(id),
            addr: HostPort::local(6379),
            endpoint: None,
            role,
            weight: 1,
            scan_tag: id,
            data_epoch: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: fresh(),
        };
        let roles = [(0, Role::Master), (1, Role::Replica), (2, Role::Replica)];
        Self {
            topology: Topology::of(Shard {
                backends: roles.into_iter().map(backend).collect(),
                ..Shard::default()
            }),
            balancer: Balancer::new(Balance::LeastInFlight),
            scanner: RequestScanner::default(),
            limits: Limits::default(),
        }
    }

    /// Scans, classifies and routes every request of `buf`; a number that depends on each route.
    pub(crate) fn requests(&mut self, mut buf: &[u8]) -> u64 {
        let mut routes = 0;
        while let Ok(RequestStep::Complete(request)) = self.scanner.scan(buf, &self.limits) {
            let second = (request.argc > 1).then(|| request.second.of(buf));
            let command = resolve(&self.topology.learned, request.name.of(buf), second);
            let is_read = command.is_some_and(|command| command.access == Access::Read);
            let query = Query {
                target: if is_read { Target::Read } else { Target::Master },
                policy: ReadPolicy {
                    level: Level::Bounded,
                    from: ReadFrom::Replica,
                    max_lag: LagLimit::Published,
                    on_stale: OnStale::Master,
                    serve_stale: true,
                    silence_ms: 1_000,
                },
                except: None,
                now_ms: 1_000,
            };
            let admitted = if is_read {
                Ok(())
            } else {
                admit_write(self.topology.sole_shard(), query.now_ms)
            };
            let route = admitted.and_then(|()| {
                route(self.topology.sole_shard(), query, &mut self.balancer, |id| id.0.into())
            });
            routes = routes * 4 + route.map_or(3, |route| u64::from(route.backend.id.0));
            buf = &buf[request.len..];
        }
        routes
    }
}

/// The numbers of a server that may serve.
fn fresh() -> Arc<Health> {
    let health = Health::default();
    health.progress.set(Finding {
        offset: Some(1),
        lag_bytes: Some(0),
        proven_ms: Some(900),
        fresh_until_ms: 1_900,
        stale_reason: None,
        fallback_rank: FallbackRank::Current,
        fallback_until_ms: 1_900,
        heard_ms: Some(900),
        took_us: 0,
    });
    Arc::new(health)
}

/// What clients send, by name.
pub(crate) const REQUESTS: [&str; 5] = ["get", "set_64b", "pipeline_16", "mget_100", "set_64kib"];

/// The requests called `name`.
pub(crate) fn requests(name: &str) -> Vec<u8> {
    let key = |n: usize| format!("key:{n:012}").into_bytes();
    let get = |n| encode::request_of(&[b"GET", &key(n)]);
    let set = |n, len| encode::request_of(&[b"SET", &key(n), &vec![b'x'; len]]);
    match name {
        "get" => get(1),
        "set_64b" => set(1, 64),
        "pipeline_16" => {
            (0..16).flat_map(|n| if n % 10 == 0 { set(n, 64) } else { get(n) }).collect()
        }
        "mget_100" => {
            let words = std::iter::once(b"MGET".to_vec()).chain((0..100).map(key));
            let mut out = Vec::new();
            encode::request(&mut out, words.collect::<Vec<_>>().iter());
            out
        }
        "set_64kib" => set(1, 64 * 1024),
        other => panic!("no requests are called {other}"),
    }
}
