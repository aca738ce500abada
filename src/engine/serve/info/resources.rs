//! `INFO memory`, `INFO cpu`: of the whole process, the proxy included.

use super::human;
use super::page::Page;
use crate::engine::serve::call::Call;
use crate::engine::state::memory as allocator;
use tidegate_wire::units::ByteSize;

/// Clock ticks per second in `/proc`, on every Linux.
const TICKS: u64 = 100;

pub(super) fn memory(call: &mut Call<'_, '_>, page: &mut Page) {
    let config = call.config();
    let used = allocator::used();
    let peak = used.map(|used| call.client.context.peak_memory(used));
    let resident = metrics_process::collector::collect().resident_memory_bytes;
    page.head("Memory");
    let mut both = |name: &str, bytes: Option<u64>| {
        if let Some(bytes) = bytes {
            page.field(name, bytes);
            page.field(format_args!("{name}_human"), human::bytes(bytes));
        }
    };
    both("used_memory", used);
    both("used_memory_rss", resident);
    both("used_memory_peak", peak);
    let limit = config.replica.maxmemory.map_or(0, ByteSize::bytes);
    both("maxmemory", Some(limit));
    page.field("maxmemory_policy", "noeviction");
    if let (Some(used), Some(resident)) = (used.filter(|used| *used > 0), resident) {
        #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
        let ratio = resident as f64 / used as f64;
        page.field("mem_fragmentation_ratio", format_args!("{ratio:.2}"));
        page.field("mem_fragmentation_bytes", i128::from(resident) - i128::from(used));
    }
    let backlog = call.engine().link_info().source.backlog().len();
    page.field("mem_replication_backlog", backlog);
    page.field("mem_allocator", if used.is_some() { "jemalloc" } else { "system" });
}

pub(super) fn cpu(_: &mut Call<'_, '_>, page: &mut Page) {
    page.head("CPU");
    // Numbers that the system does not report are left out.
    let Some((user, system)) = times() else { return };
    let shown = |ticks: u64| format!("{}.{:02}0000", ticks / TICKS, ticks % TICKS);
    page.field("used_cpu_sys", shown(system));
    page.field("used_cpu_user", shown(user));
}

/// Returns the ticks of the process in user and in system mode.
fn times() -> Option<(u64, u64)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, may hold blanks.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
