//! What the process itself uses, under the names that all of Prometheus's clients share.

use metrics_process::collector::collect;

use super::exposition::{Exposition, Value};

/// Writes the families. What the system does not tell is left out.
pub(super) fn render(page: &mut Exposition) {
    let used = collect();
    let cpu = used.cpu_seconds_total.map(Value::from);
    let help = "CPU time used, user and system.";
    one(page.counter("process_cpu_seconds_total", help), cpu);
    let mut gauge = |name, help, value: Option<u64>| {
        one(page.gauge(name, help), value.map(Value::from));
    };
    gauge("process_open_fds", "Open file descriptors.", used.open_fds);
    gauge("process_max_fds", "File descriptors there may be.", used.max_fds);
    gauge("process_resident_memory_bytes", "Memory resident.", used.resident_memory_bytes);
    gauge("process_virtual_memory_bytes", "Memory mapped.", used.virtual_memory_bytes);
    gauge(
        "process_virtual_memory_max_bytes",
        "Memory there may be mapped; 0 is no limit.",
        used.virtual_memory_max_bytes,
    );
    gauge(
        "process_start_time_seconds",
        "When the process started, since 1970.",
        used.start_time_seconds,
    );
    gauge("process_threads", "Threads.", used.threads);
}

fn one(mut family: super::exposition::Family<'_>, value: Option<Value>) {
    if let Some(value) = value {
        family.sample(&[], value);
    }
}
