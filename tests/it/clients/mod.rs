//! Client libraries as people use them: their own suites pass through the proxy as they pass on a
//! plain server.

mod frameworks;
mod redis_rs;
mod suites;
mod through_proxy;
