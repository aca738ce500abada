//! `deploy/prometheus/`: what is scraped, the alerts, and their tests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::documented::Documented;
use crate::{promtool, read, yaml};

const RULES: &str = "deploy/prometheus/rules.yml";
const TESTS: &str = "deploy/prometheus/rules.test.yml";
const CONFIG: &str = "deploy/prometheus/prometheus.yml";

fn alerts() -> Vec<Value> {
    let groups = yaml::document(&read(RULES));
    let groups = groups["groups"].as_array().unwrap().clone();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

#[test]
fn promtool_accepts_rules_and_configuration() {
    let said = promtool(&["check", "rules", RULES]);
    assert!(said.contains(&format!("{} rules found", alerts().len())), "{said}");
    promtool(&["check", "config", CONFIG]);
}

#[test]
fn the_rules_pass_their_tests() {
    promtool(&["test", "rules", TESTS]);
}

#[test]
fn every_alert_is_tested_firing_and_quiet() {
    let tests = yaml::document(&read(TESTS));
    let (mut fired, mut quiet) = (BTreeMap::<String, usize>::new(), BTreeMap::new());
    for check in tests["tests"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|test| test["alert_rule_test"].as_array().unwrap())
    {
        let fires = !check["exp_alerts"].as_array().unwrap().is_empty();
        let name = check["alertname"].as_str().unwrap().to_owned();
        *if fires { &mut fired } else { &mut quiet }.entry(name).or_default() += 1;
    }
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert!(fired.contains_key(name), "{name} is never expected to fire");
        // Before it fires, and while all is well.
        assert!(quiet.get(name) >= Some(&2), "{name} is not expected to be quiet");
    }
}

#[test]
fn every_alert_says_what_how_bad_and_how_much() {
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&severity), "{name}: {severity}");
        for text in ["summary", "description"] {
            let text = alert["annotations"][text].as_str().unwrap();
            // `absent` has neither labels nor a value.
            let told =
                text.contains("$labels") || text.contains("$value") || name == "TidegateAbsent";
            assert!(told, "{name} does not tell which, or how much: {text}");
        }
        // What looks back over minutes needs no more patience; what is a state does.
        let expr = alert["expr"].as_str().unwrap();
        let looks_back = ["increase(", "changes("].iter().any(|it| expr.contains(it));
        assert_eq!(alert["for"].is_string(), !looks_back, "{name}: for");
    }
}

#[test]
fn rules_use_what_is_documented() {
    let documented = Documented::load();
    for alert in alerts() {
        let wrong = documented.mistakes(alert["expr"].as_str().unwrap());
        assert!(wrong.is_empty(), "{}: {wrong:?}", alert["alert"]);
    }
}

#[test]
fn what_the_issue_names_has_an_alert() {
    let alerts: String = alerts().iter().map(|alert| alert["expr"].to_string()).collect();
    for metric in [
        "up{",
        "tidegate_backend_role",
        "tidegate_backend_state",
        "tidegate_write_gate_open",
        "tidegate_writes_in_doubt_total",
        "tidegate_config_last_reload_successful",
        "tidegate_request_duration_seconds_bucket",
        "tidegate_backend_probe_age_seconds",
        "client-output-buffer-limit",
        "max-clients",
    ] {
        assert!(alerts.contains(metric), "no alert asks for {metric}");
    }
}
