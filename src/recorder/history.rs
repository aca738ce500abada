//! The series, as `/history` shows them.

use serde::Serialize;

use super::series::{ClassPoint, ClassSeries, ServerPoint, ServerSeries, known};
use crate::telemetry::Class;

/// The last ten minutes. Each list has one value per second, the last one that of `end_unix_ms`;
/// what is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct History {
    step_ms: u64,
    end_unix_ms: u64,
    classes: Vec<ClassHistory>,
    servers: Vec<ServerHistory>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ClassHistory {
    class: &'static str,
    per_s: Vec<Option<u32>>,
    p50_us: Vec<Option<u32>>,
    p99_us: Vec<Option<u32>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ServerHistory {
    id: u32,
    addr: String,
    lag_ms: Vec<Option<u32>>,
    reads_per_s: Vec<Option<u32>>,
    state: Vec<Option<&'static str>>,
}

impl History {
    pub(super) fn of(end_unix_ms: u64, classes: &[ClassSeries], servers: &[ServerSeries]) -> Self {
        let class = |(class, series): (Class, &ClassSeries)| {
            let values =
                |of: fn(ClassPoint) -> u32| series.iter().map(|it| known(of(it))).collect();
            ClassHistory {
                class: class.as_str(),
                per_s: values(|it| it.requests),
                p50_us: values(|it| it.p50_us),
                p99_us: values(|it| it.p99_us),
            }
        };
        let server = |series: &ServerSeries| {
            let points = &series.points;
            let values =
                |of: fn(ServerPoint) -> u32| points.iter().map(|it| known(of(it))).collect();
            ServerHistory {
                id: series.id,
                addr: series.addr.clone(),
                lag_ms: values(|it| it.lag_ms),
                reads_per_s: values(|it| it.reads),
                state: points.iter().map(|it| it.state.map(|state| state.as_str())).collect(),
            }
        };
        Self {
            step_ms: 1_000,
            end_unix_ms,
            classes: Class::ALL.into_iter().zip(classes).map(class).collect(),
            servers: servers.iter().map(server).collect(),
        }
    }
}
