//! Integration tests: real servers, the built binary and real clients, one crate for quick links.
//!
//! Everything here is synchronous: threads and blocking sockets, no runtime. `support` starts
//! servers and proxies on free ports and ends them with their values; see its module heads.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "plain threads may sleep; no worker runs here")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]
#![allow(clippy::print_stderr, reason = "what a failing test prints is its report")]
#![allow(dead_code, reason = "support is shared: not every helper has a caller at all times")]
#![allow(unused_imports, reason = "as dead_code, for the short names in support")]
#![allow(unreachable_pub, reason = "the crate is one binary; `pub` marks each module's face")]
#![allow(unnameable_types, reason = "see unreachable_pub")]

mod admin;
mod balance;
mod blocking;
mod blocking_close;
mod bounds_clients;
mod bounds_memory;
mod check;
mod client_commands;
mod client_errors;
mod clients_through_proxy;
mod command_table;
mod command_versions;
mod crossed_replies;
mod deposed_master;
mod differential;
mod engine_bounds;
mod engine_config;
mod engine_copies;
mod engine_cuts;
mod engine_dir;
mod engine_halts;
mod engine_handshake;
mod engine_link;
mod engine_local;
mod engine_opaque;
mod engine_pulse;
mod engine_restart;
mod engine_resync;
mod engine_rights;
mod engine_stream;
mod engine_unserved;
mod every_command;
mod eviction;
mod failover;
mod failover_command;
mod flow_control;
mod freshness;
mod freshness_edges;
mod garbage;
mod half_close;
mod handshake_answers;
mod held_writes;
mod idle_clients;
mod inline_quotes;
mod isolation;
mod latency;
mod leaving;
mod leaving_replicas;
mod lifecycle;
mod local_reads;
mod login;
mod login_failures;
mod metrics;
mod metrics_contract;
mod metrics_state;
mod monitor;
mod monitor_answers;
mod monitor_failover;
mod monitor_tracking;
mod on_stale;
mod operators;
mod order;
mod out_of_band;
mod own_connections;
mod pause_write;
mod pipelined_pairs;
mod probe_cost;
mod program_order;
mod prometheus;
mod protocol_limits;
mod proxy_command;
mod pubsub;
mod rdb_edits;
mod rdb_files;
mod read_ahead;
mod readiness;
mod real_clients;
mod redis_rs;
mod reload;
mod reload_cut;
mod reload_sessions;
mod reload_under_load;
mod reload_watch;
mod replica_faults;
mod replica_port;
mod replica_port_blocking;
mod replica_port_clients;
mod replica_port_config;
mod replica_port_sentinel;
mod replica_port_sessions;
mod replica_port_subcommands;
mod replication_wire;
mod reply_modes;
mod resp_real;
mod scan;
mod scan_identity;
mod scripts;
mod signals_at_start;
mod slow_master;
mod slow_reads;
mod support;
mod support_selftest;
mod surfaces;
mod tasks;
mod timeouts;
mod tracking_redirect;
mod transactions;
mod wait;
mod wait_aof;
mod wait_replicas;
mod wait_sessions;
mod write_gate;
