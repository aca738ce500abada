//! Resolves host names, off the workers' threads.

use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

/// Returns the addresses of a host; may block.
type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// Resolves host names. Clones share one look-up.
#[derive(Clone)]
pub struct Resolver(Arc<Lookup>);

impl Resolver {
    /// A resolver with a look-up of its own, which may block.
    #[must_use]
    pub fn new(lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// The addresses of `host`: at least one, each once. An address is its own answer.
    ///
    /// # Errors
    /// The name does not resolve now.
    pub async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let (lookup, name) = (Arc::clone(&self.0), host.to_owned());
        // The system's look-up blocks, for as long as a name server is silent.
        let looked_up = tokio::task::spawn_blocking(move || lookup(&name)).await;
        let mut found = looked_up.map_err(io::Error::other)??;
        let mut seen = Vec::new();
        found.retain(|it| {
            !seen.contains(it) && {
                seen.push(*it);
                true
            }
        });
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(found)
    }
}

impl Default for Resolver {
    /// The system's resolver (`getaddrinfo`).
    fn default() -> Self {
        Self::new(|host| Ok((host, 0).to_socket_addrs()?.map(|it| it.ip()).collect()))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_needs_no_look_up() {
        let resolver = Resolver::new(|_| Err(io::Error::other("asked")));
        assert_eq!(resolver.resolve("::1").await.unwrap(), ["::1".parse::<IpAddr>().unwrap()]);
        assert!(resolver.resolve("name").await.is_err());
    }

    #[tokio::test]
    async fn each_address_comes_once_and_none_is_an_error() {
        let answer = |host: &str| match host {
            "two" => vec![[127, 0, 0, 1], [127, 0, 0, 2], [127, 0, 0, 1]],
            _ => Vec::new(),
        };
        let resolver =
            Resolver::new(move |host| Ok(answer(host).into_iter().map(IpAddr::from).collect()));
        assert_eq!(resolver.resolve("two").await.unwrap().len(), 2);
        assert_eq!(resolver.resolve("none").await.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(Resolver::default().resolve("localhost").await.unwrap()[0].is_loopback());
    }
}
