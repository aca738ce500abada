//! `deploy/grafana/`: the dashboard and how Grafana comes by it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::documented::Documented;
use crate::{path, promql, promtool, read, yaml};

const DASHBOARD: &str = "deploy/grafana/dashboards/tidegate.json";

/// What a dashboard's rows ask, in this order.
const QUESTIONS: [&str; 9] = [
    "Is it healthy?",
    "Who serves what?",
    "How far behind is each replica?",
    "Is the gate open?",
    "What does it cost?",
    "Is the engine well?",
    "How did the last failover go?",
    "What do fresh reads cost?",
    "Is TLS well?",
];

fn dashboard() -> Value {
    serde_json::from_str(&read(DASHBOARD)).unwrap()
}

fn panels(dashboard: &Value) -> &Vec<Value> {
    dashboard["panels"].as_array().unwrap()
}

/// Every PromQL expression, of panels and annotations.
fn queries(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(map) => {
            let own = map.get("expr").and_then(Value::as_str);
            own.into_iter().chain(map.values().flat_map(queries)).collect()
        }
        Value::Array(items) => items.iter().flat_map(queries).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn promtool_accepts_every_query() {
    let dashboard = dashboard();
    let rules: Vec<_> = queries(&dashboard)
        .iter()
        .map(|query| query.replace("$__rate_interval", "1m").replace("$__range", "1h"))
        .enumerate()
        .map(|(n, expr)| json!({ "record": format!("panel:{n}"), "expr": expr }))
        .collect();
    assert!(rules.len() > 40, "{}", rules.len());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.yml");
    // JSON is YAML, too.
    let text = json!({ "groups": [{ "name": "dashboard", "rules": rules }] }).to_string();
    std::fs::write(&file, text).unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()]);
}

#[test]
fn queries_use_what_is_documented() {
    let documented = Documented::load();
    let dashboard = dashboard();
    for query in queries(&dashboard) {
        let wrong = documented.mistakes(query);
        assert!(wrong.is_empty(), "{query}: {wrong:?}");
    }
}

#[test]
fn what_is_documented_is_shown() {
    let documented = Documented::load();
    let dashboard = dashboard();
    let selectors = queries(&dashboard).into_iter().flat_map(|it| promql::scan(it).selectors);
    let shown: BTreeSet<_> =
        selectors.map(|selector| documented.base(&selector.name).to_owned()).collect();
    let hidden: Vec<_> = documented.metrics.keys().filter(|name| !shown.contains(*name)).collect();
    assert!(hidden.is_empty(), "on no panel: {hidden:?}");
    for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "up", "ALERTS"] {
        assert!(shown.contains(name), "on no panel: {name}");
    }
}

#[test]
fn the_rows_are_the_questions() {
    let dashboard = dashboard();
    let rows = panels(&dashboard).iter().filter(|panel| panel["type"] == "row");
    let titles: Vec<_> = rows.map(|row| row["title"].as_str().unwrap()).collect();
    assert_eq!(titles, QUESTIONS);
    // Each with panels below it.
    let kinds: Vec<_> = panels(&dashboard).iter().map(|panel| panel["type"] == "row").collect();
    assert!(
        kinds[0] && !kinds.windows(2).any(|pair| pair[0] && pair[1]) && !kinds.ends_with(&[true])
    );
}

#[test]
fn every_panel_explains_itself_and_has_its_place() {
    let dashboard = dashboard();
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is taken");
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24 && place("w") > 0 && place("h") > 0, "{title}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(cells.insert((x, y)), "{title} lies on another panel");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["description"].as_str().is_some_and(|it| !it.is_empty()), "{title}");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title} has no unit");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        assert!(!queries(panel).is_empty(), "{title} asks nothing");
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
}

#[test]
fn units_fit_what_is_asked() {
    let dashboard = dashboard();
    for panel in panels(&dashboard).iter().filter(|panel| panel["type"] == "timeseries") {
        let unit = panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap();
        let title = panel["title"].as_str().unwrap();
        for query in queries(panel) {
            let names: Vec<_> =
                promql::scan(query).selectors.into_iter().map(|it| it.name).collect();
            let flows = query.contains("rate(") || query.contains("deriv(");
            let fits = match names[0].as_str() {
                _ if query.contains(" / ") => ["s", "percentunit"].contains(&unit),
                "process_cpu_seconds_total" => unit == "none",
                name if name.contains("_seconds") => unit == "s",
                name if name.contains("_bytes") && flows => unit == "Bps",
                name if name.contains("_bytes") => unit == "bytes",
                _ => ["reqps", "ops", "wps", "none"].contains(&unit),
            };
            assert!(fits, "{title} shows {query} as {unit}");
        }
    }
}

#[test]
fn it_can_be_narrowed_to_proxies_and_servers() {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<_> = variables.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["datasource", "instance", "backend"]);
    for (variable, source) in [(1, "tidegate_build_info"), (2, "tidegate_backend_up")] {
        let query = variables[variable]["query"]["query"].as_str().unwrap();
        assert!(query.contains(source), "{query}");
        assert!(variables[variable]["multi"] == true && variables[variable]["includeAll"] == true);
    }
    for query in queries(&dashboard) {
        let narrowed = query.contains("instance=~\"$instance\"") || query.contains("ALERTS");
        assert!(narrowed, "{query}");
    }
    let by_backend =
        queries(&dashboard).into_iter().filter(|it| it.contains("backend=~\"$backend\""));
    assert!(by_backend.count() > 10);
}

#[test]
fn grafana_finds_the_datasource_and_the_dashboard() {
    let sources = yaml::document(&read("deploy/grafana/provisioning/datasources/prometheus.yml"));
    let source = &sources["datasources"][0];
    assert_eq!(source["type"], "prometheus");
    let config = yaml::document(&read("deploy/prometheus/prometheus.yml"));
    assert_eq!(source["jsonData"]["timeInterval"], config["global"]["scrape_interval"]);

    let providers = yaml::document(&read("deploy/grafana/provisioning/dashboards/tidegate.yml"));
    let inside = providers["providers"][0]["options"]["path"].as_str().unwrap();
    let compose = yaml::document(&read("docker-compose.yml"));
    let grafana = &compose["services"]["grafana"];
    let mounts = grafana["volumes"].as_array().unwrap();
    let mount = mounts.iter().find_map(|it| it.as_str()?.strip_suffix(&format!(":{inside}:ro")));
    assert!(path(mount.unwrap()).join("tidegate.json").exists());
    let home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].as_str();
    assert_eq!(home, Some(format!("{inside}/tidegate.json").as_str()));
    assert_eq!(source["url"], "http://prometheus:9090");
}
