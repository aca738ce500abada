//! The CPU time, memory and files of the process, under the names that all Prometheus clients use.

use metrics_process::collector::collect;

use super::exposition::{Exposition, Value};

/// Writes the families; values that the system does not report are left out.
pub(super) fn render(page: &mut Exposition) {
    let used = collect();
    let cpu = used.cpu_seconds_total.map(Value::from);
    let help = "User and system CPU time of the process.";
    one(page.counter("process_cpu_seconds_total", help), cpu);
    let mut gauge = |name, help, value: Option<u64>| {
        one(page.gauge(name, help), value.map(Value::from));
    };
    gauge("process_open_fds", "File descriptors that the process has open.", used.open_fds);
    gauge("process_max_fds", "File descriptors that the process may open.", used.max_fds);
    gauge(
        "process_resident_memory_bytes",
        "Resident memory of the process.",
        used.resident_memory_bytes,
    );
    gauge(
        "process_virtual_memory_bytes",
        "Virtual memory of the process.",
        used.virtual_memory_bytes,
    );
    gauge(
        "process_virtual_memory_max_bytes",
        "Virtual memory that the process may use; 0 means no limit.",
        used.virtual_memory_max_bytes,
    );
    gauge(
        "process_start_time_seconds",
        "Start time of the process, in seconds since 1970.",
        used.start_time_seconds,
    );
    gauge("process_threads", "Threads of the process.", used.threads);
}

fn one(mut family: super::exposition::Family<'_>, value: Option<Value>) {
    if let Some(value) = value {
        family.sample(&[], value);
    }
}
