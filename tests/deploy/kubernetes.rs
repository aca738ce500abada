//! `deploy/kubernetes/tidegate.yaml`, parsed: whether its parts name each other rightly, and its
//! configuration is one.

use serde_json::Value;
use tidegate::config::Config;

use crate::{read, yaml};

fn resource(kind: &str) -> Value {
    let mut all = yaml::documents(&read("deploy/kubernetes/tidegate.yaml"));
    all.retain(|it| it["kind"] == kind);
    assert_eq!(all.len(), 1, "{kind}");
    all.remove(0)
}

fn pod() -> Value {
    resource("Deployment")["spec"]["template"].clone()
}

fn config() -> Config {
    let map = resource("ConfigMap");
    Config::parse(map["data"]["proxy.toml"].as_str().unwrap(), "proxy.toml").unwrap()
}

#[test]
fn the_resources_are_those_of_their_apis() {
    for (kind, api) in [
        ("ConfigMap", "v1"),
        ("Deployment", "apps/v1"),
        ("PodDisruptionBudget", "policy/v1"),
        ("Service", "v1"),
    ] {
        assert_eq!(resource(kind)["apiVersion"], api, "{kind}");
        assert_eq!(resource(kind)["metadata"]["name"], "tidegate", "{kind}");
    }
}

#[test]
fn everything_selects_the_pods() {
    let labels = &pod()["metadata"]["labels"];
    assert!(labels.is_object());
    assert_eq!(&resource("Deployment")["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&resource("PodDisruptionBudget")["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&resource("Service")["spec"]["selector"], labels);
    let spread = &pod()["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"];
    assert_eq!(spread, labels);
}

#[test]
fn two_run_and_one_always_does() {
    assert_eq!(resource("Deployment")["spec"]["replicas"], 2);
    assert_eq!(resource("Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    assert_eq!(resource("PodDisruptionBudget")["spec"]["minAvailable"], 1);
}

#[test]
fn ports_and_probes_are_those_of_the_configuration() {
    let (config, pod) = (config(), pod());
    let container = &pod["spec"]["containers"][0];
    let port = |name: &str| {
        let ports = container["ports"].as_array().unwrap();
        ports.iter().find(|it| it["name"] == name).unwrap()["containerPort"].clone()
    };
    let metrics = config.metrics.listen.as_ref().unwrap();
    assert_eq!((port("redis"), port("http")), (6400.into(), metrics.port.into()));
    assert_eq!(config.proxy.listen[0].to_string(), "0.0.0.0:6400");
    assert_eq!(metrics.host, "0.0.0.0");
    for (probe, path) in [("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")] {
        assert_eq!(container[probe]["httpGet"]["path"], path);
        assert_eq!(container[probe]["httpGet"]["port"], "http");
    }
    let notes = &pod["metadata"]["annotations"];
    assert_eq!(notes["prometheus.io/scrape"], "true");
    assert_eq!(notes["prometheus.io/port"], metrics.port.to_string());
    assert_eq!(notes["prometheus.io/path"], "/metrics");
    let services = resource("Service");
    for service in services["spec"]["ports"].as_array().unwrap() {
        assert_eq!(service["port"], port(service["targetPort"].as_str().unwrap()));
    }
}

#[test]
fn a_change_of_the_map_reaches_the_program() {
    let pod = pod();
    let container = &pod["spec"]["containers"][0];
    let mount = &container["volumeMounts"][0];
    // A directory, whose links are swapped; with subPath nothing would change.
    assert!(mount["subPath"].is_null() && mount["subPathExpr"].is_null());
    let volume = &pod["spec"]["volumes"][0];
    assert_eq!(volume["name"], mount["name"]);
    assert_eq!(volume["configMap"]["name"], resource("ConfigMap")["metadata"]["name"]);
    let file = format!("{}/proxy.toml", mount["mountPath"].as_str().unwrap());
    assert_eq!(container["args"], serde_json::json!(["--config", file]));
    assert!(config().proxy.watch_config, "and it is looked at");
}

/// The root is read-only, and the engine's `dir` is the working directory.
#[test]
fn the_engine_may_write_to_a_volume() {
    let pod = pod();
    let container = &pod["spec"]["containers"][0];
    let named = |list: &Value| {
        list.as_array().unwrap().iter().find(|it| it["name"] == "data").unwrap().clone()
    };
    let mount = named(&container["volumeMounts"]);
    assert_eq!(mount["mountPath"], container["workingDir"]);
    assert!(mount["readOnly"].is_null());
    assert!(named(&pod["spec"]["volumes"])["emptyDir"]["sizeLimit"].is_string());
    assert_eq!(config().replica.dir, ".");
}

#[test]
fn it_may_do_nothing_but_its_work_and_is_bounded() {
    let pod = pod();
    let container = &pod["spec"]["containers"][0];
    let of_pod = &pod["spec"]["securityContext"];
    assert!(of_pod["runAsNonRoot"] == true && of_pod["runAsUser"] == 10001);
    assert_eq!(of_pod["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(pod["spec"]["automountServiceAccountToken"], false);
    let own = &container["securityContext"];
    assert!(own["allowPrivilegeEscalation"] == false && own["readOnlyRootFilesystem"] == true);
    assert_eq!(own["capabilities"]["drop"][0], "ALL");
    for part in ["requests", "limits"] {
        for what in ["cpu", "memory"] {
            assert!(container["resources"][part][what].is_string(), "{part}.{what}");
        }
    }
    // The preStop's sleep, and up to 10 s of draining.
    assert_eq!(container["lifecycle"]["preStop"]["exec"]["command"][0], "sleep");
    assert!(pod["spec"]["terminationGracePeriodSeconds"].as_u64() > Some(15));
}
