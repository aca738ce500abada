//! The tools of the tests do what they say: servers, faulty networks and wire clients, and
//! `scripts/test`.

mod scripts;
mod servers;
mod source_relay;
