//! TLS: what its keys accept, the certificates that they name, and which connections use it.

mod certificates;
mod choices;
mod connections;

pub use certificates::Certificates;
pub use choices::CertUser;
