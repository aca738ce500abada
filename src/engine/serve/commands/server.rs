//! Commands about the server itself: DEBUG SLEEP, TIME, and what monitoring tools and
//! exporters ask for.

use crate::engine::serve::call::Call;
use crate::engine::state::since_1970;
use crate::session::acl_command;
use crate::telemetry::unix_ms;
use crate::tls;
use tidegate_wire::resp::{encode, integer};

/// Runs the subcommands of DEBUG that do not concern the data.
pub(in crate::engine::serve) fn debug(call: &mut Call<'_, '_>) {
    if call.is(1, "sleep") && call.args.len() == 3 {
        let seconds = std::str::from_utf8(call.arg(2)).ok().and_then(|it| it.parse::<f64>().ok());
        return match seconds.filter(|it| (0.0..=86_400.0).contains(it)) {
            Some(seconds) => {
                let nap = std::time::Duration::from_secs_f64(seconds);
                call.client.context.sleep(tidegate_wire::units::millis(nap));
                call.ok();
            }
            None => call.error("ERR value is not a valid float"),
        };
    }
    if !call.read_store() {
        call.error("ERR this DEBUG subcommand is not supported by this replica");
    }
}

/// Runs TIME.
pub(in crate::engine::serve) fn time(call: &mut Call<'_, '_>) {
    let now = since_1970();
    call.strings(&[now.as_secs().to_string(), now.subsec_micros().to_string()]);
}

/// Answers LATENCY: the engine measures no latency.
pub(in crate::engine::serve) fn latency(call: &mut Call<'_, '_>) {
    match call.command.name {
        "latency|latest" | "latency|history" => encode::array(call.out(), 0),
        "latency|histogram" => {
            let version = call.version();
            encode::map(call.out(), version, 0);
        }
        "latency|reset" => call.integer(0),
        "latency|doctor" => call.verbatim("Latencies are not monitored here.\n"),
        "latency|help" => call.strings(&["LATENCY LATEST", "LATENCY HISTORY event"]),
        _ => call.error("ERR No samples available for event"),
    }
}

/// Answers SLOWLOG: it is always empty.
pub(in crate::engine::serve) fn slowlog(call: &mut Call<'_, '_>) {
    match call.command.name {
        "slowlog|len" => call.integer(0),
        "slowlog|reset" => call.ok(),
        "slowlog|get" => {
            let count = call.args.get(2).map(|count| integer::parse(count));
            match count {
                Some(None | Some(..-1)) => {
                    call.error("ERR count should be greater than or equal to -1");
                }
                _ => encode::array(call.out(), 0),
            }
        }
        _ => call.strings(&["SLOWLOG GET [count]", "SLOWLOG LEN", "SLOWLOG RESET"]),
    }
}

/// Answers MODULE: there are no modules.
pub(in crate::engine::serve) fn module(call: &mut Call<'_, '_>) {
    match call.command.name {
        "module|list" => encode::array(call.out(), 0),
        "module|help" => call.strings(&["MODULE LIST"]),
        _ => call.error("ERR modules cannot be loaded here"),
    }
}

/// Answers ACL from the users of the configuration.
pub(in crate::engine::serve) fn acl(call: &mut Call<'_, '_>) {
    let (config, engine) = (call.config(), call.engine());
    let mut log = engine.clients.refusals.log();
    let users = (&config.accounts.engine, &mut *log);
    let client = &mut *call.client;
    let how = (unix_ms(), tls::random);
    acl_command::answer(&client.session, call.args, users, how, &mut client.out);
}

/// Runs the subcommands of MEMORY that do not concern the data.
pub(in crate::engine::serve) fn memory(call: &mut Call<'_, '_>) {
    match call.command.name {
        "memory|doctor" => call.verbatim("Nothing to say about memory here; see INFO memory.\n"),
        "memory|purge" => call.ok(),
        "memory|usage" => {
            call.read_store();
        }
        "memory|help" => call.strings(&["MEMORY USAGE key [SAMPLES count]"]),
        _ => call.error("ERR this replica tells its memory in INFO memory"),
    }
}

/// Refuses commands that only a node of a cluster answers.
pub(in crate::engine::serve) fn no_cluster(call: &mut Call<'_, '_>) {
    call.error("ERR This instance has cluster support disabled");
}
