//! The name and version of a server.

use tidegate_store::{Dialect, Vendor};

use super::module::Module;

/// The name and version that a server reports in `HELLO` and `INFO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// `redis` or `valkey`.
    pub name: String,
    /// Such as `7.0.15`.
    pub version: String,
    /// The modules that it has loaded.
    pub modules: Vec<Module>,
}

impl ServerVersion {
    /// Its dialect: vendor and version, as the store knows them.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        let vendor = if self.name == "valkey" { Vendor::Valkey } else { Vendor::Redis };
        Dialect::new(vendor, &self.version)
    }

    /// The version that a server reports in `INFO server`, whose fields `field` finds; empty if it
    /// reports none.
    #[must_use]
    pub fn of_info(field: impl Fn(&str) -> String) -> Self {
        let (name, version) = match field("valkey_version") {
            version if version.is_empty() => ("redis", field("redis_version")),
            version => ("valkey", version),
        };
        Self { name: name.to_owned(), version, modules: Vec::new() }
    }

    /// Whether it has `CLIENT NO-TOUCH` (Redis 7.2, every Valkey).
    #[must_use]
    pub fn has_no_touch(&self) -> bool {
        self.is_at_least_7_2()
    }

    /// Whether it is of Redis 7.2 or later, or a Valkey.
    #[must_use]
    pub fn is_at_least_7_2(&self) -> bool {
        self.is_at_least((7, 2))
    }

    /// Whether confirmations of subscriptions come whatever CLIENT REPLY said (Redis 7.0, every
    /// Valkey).
    #[must_use]
    pub fn confirms_despite_reply_off(&self) -> bool {
        self.is_at_least((7, 0))
    }

    fn is_at_least(&self, least: (u32, u32)) -> bool {
        let mut numbers = self.version.split('.').map(|number| number.parse().unwrap_or(0));
        let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        self.name != "redis" || version >= least
    }
}

impl Default for ServerVersion {
    fn default() -> Self {
        Self { name: "redis".to_owned(), version: "7.0.0".to_owned(), modules: Vec::new() }
    }
}
