//! HTTP for operators, Prometheus and orchestrators: the operator's page at `/` with its events,
//! `/status`, `/history`, `/metrics`, `/healthz`, `/readyz`.
//!
//! A client may reach the endpoint without a login, so everything is bounded: connections, headers, time, watchers. A
//! connection serves one request, which is enough for scrapes. The pages change nothing, and never
//! make a worker wait.

mod accept;
mod answer;
mod connections;
mod door;
mod feed;
mod html;
mod life;
mod page;
mod pages;
mod readiness;
mod sampling;
mod status;

pub use accept::serve;
pub use door::Door;
pub use feed::{Feed, Seats, Watch};
pub use page::Page;
pub use pages::Pages;
pub use readiness::{Readiness, STARTING};
