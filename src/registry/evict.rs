//! `maxmemory-clients`: a bound on the requests and replies of all clients together.

use std::sync::Arc;

use super::{Entry, Registry};

/// Ends the clients with the most requests and replies waiting until all clients of `registries`
/// together have no more than `most` bytes; returns them with what each had. As in Redis
/// (`evictClients`), a client that said `CLIENT NO-EVICT` stays.
pub fn evict_clients(registries: &[&Registry], most: usize) -> Vec<(Arc<Entry>, usize)> {
    let mut clients: Vec<(Arc<Entry>, usize, bool)> = Vec::new();
    for entry in registries.iter().flat_map(|registry| registry.all()) {
        let (bytes, may_go) = {
            let info = entry.info();
            (info.query_bytes + info.output_bytes, !info.no_evict && !info.master && !info.replica)
        };
        if bytes > 0 {
            clients.push((entry, bytes, may_go));
        }
    }
    let mut total: usize = clients.iter().map(|(_, bytes, _)| bytes).sum();
    if total <= most {
        return Vec::new();
    }
    clients.retain(|(_, _, may_go)| *may_go);
    clients.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));
    let mut evicted = Vec::new();
    for (entry, bytes, _) in clients {
        if total <= most {
            break;
        }
        total -= bytes;
        entry.kill();
        evicted.push((entry, bytes));
    }
    evicted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(registry: &Registry, query: usize, output: usize) -> Arc<Entry> {
        let addr = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let entry = registry.admit(addr, addr, 100, 0).expect("room");
        let mut info = entry.info();
        (info.query_bytes, info.output_bytes) = (query, output);
        drop(info);
        entry
    }

    #[test]
    fn the_largest_go_until_the_others_fit() {
        let (one, other) = (Registry::default(), Registry::default());
        let small = client(&one, 10, 10);
        let large = client(&one, 500, 100);
        let kept = client(&one, 0, 5000);
        kept.info().no_evict = true;
        let larger = client(&other, 0, 1000);
        assert!(evict_clients(&[&one, &other], 6620).is_empty());
        let evicted = evict_clients(&[&one, &other], 6000);
        assert_eq!(evicted.iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>(), [1000]);
        assert!(larger.is_killed() && !large.is_killed());
        evict_clients(&[&one, &other], 5100);
        assert!(large.is_killed() && !small.is_killed() && !kept.is_killed());
    }
}
