//! `deploy/kubernetes/`, parsed: whether its parts name each other rightly, and its configurations
//! are such. Where kubectl is installed, kustomize builds both folders.

use std::process::Command;

use serde_json::Value;
use tidegate::config::Config;

use crate::{agrees, files, read, yaml};

const BASE: &str = "deploy/kubernetes/base";
const SECRETS: &str = "deploy/kubernetes/secrets";

/// The documents of all files that the kustomization of a folder lists as resources.
fn resources(folder: &str) -> Vec<Value> {
    let listed = yaml::document(&read(&format!("{folder}/kustomization.yaml")));
    let names = listed["resources"].as_array().unwrap().iter().map(|it| it.as_str().unwrap());
    let own = names.filter(|name| !name.starts_with(".."));
    own.flat_map(|name| yaml::documents(&read(&format!("{folder}/{name}")))).collect()
}

fn resource(kind: &str) -> Value {
    let mut all = resources(BASE);
    all.retain(|it| it["kind"] == kind);
    assert_eq!(all.len(), 1, "{kind}");
    all.remove(0)
}

/// The Secret of this name.
fn secret(name: &str) -> Value {
    let all = resources(SECRETS);
    all.into_iter().find(|it| it["kind"] == "Secret" && it["metadata"]["name"] == name).unwrap()
}

#[test]
fn kustomize_builds_both() {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        // What matters most is looked up below.
        return;
    }
    let built = agrees(Command::new("kubectl").args(["kustomize", BASE]));
    assert!(built.contains("kind: ConfigMap") && built.contains("kind: NetworkPolicy"), "{built}");
    let built = agrees(Command::new("kubectl").args(["kustomize", SECRETS]));
    let pod = yaml::documents(&built);
    let pod = pod.iter().find(|it| it["kind"] == "Deployment").unwrap();
    let volumes = pod["spec"]["template"]["spec"]["volumes"].to_string();
    for name in ["config", "secrets", "tls", "data"] {
        assert!(volumes.contains(&format!("\"name\":\"{name}\"")), "{name}: {volumes}");
    }
    assert!(built.contains("masterauth-file = "), "the ConfigMap is the patch's: {built}");
}

#[test]
fn every_file_is_used_or_says_how() {
    for folder in [BASE, SECRETS] {
        let kustomization = read(&format!("{folder}/kustomization.yaml"));
        for file in files(folder) {
            let name = file.rsplit('/').next().unwrap();
            let is_extra = ["kustomization.yaml", "servicemonitor.yaml"].contains(&name);
            assert!(is_extra || kustomization.contains(name), "{file} is in no kustomization");
        }
    }
    let monitor = yaml::document(&read(&format!("{BASE}/servicemonitor.yaml")));
    let service = resource("Service");
    assert_eq!(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"]);
    let ports = service["spec"]["ports"].as_array().unwrap();
    assert!(ports.iter().any(|it| it["name"] == monitor["spec"]["endpoints"][0]["port"]));
}

/// The files that the configuration names are where the patch mounts the Secrets, under the names of
/// their keys.
#[test]
fn the_secrets_fit_the_configuration_and_the_mounts() {
    let map = yaml::document(&read(&format!("{SECRETS}/configmap.yaml")));
    assert_eq!(map["metadata"]["name"], resource("ConfigMap")["metadata"]["name"]);
    let text = map["data"]["proxy.toml"].as_str().unwrap();
    let base = config();
    // A file that is not there yet is a mistake, which names it.
    let patch = yaml::document(&read(&format!("{SECRETS}/deployment.yaml")));
    let spec = &patch["spec"]["template"]["spec"];
    let mounts = spec["containers"][0]["volumeMounts"].as_array().unwrap();
    let volumes = spec["volumes"].as_array().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut local = text.to_owned();
    let mut named = 0;
    for mount in mounts {
        let volume = volumes.iter().find(|it| it["name"] == mount["name"]).unwrap();
        let secret = secret(volume["secret"]["secretName"].as_str().unwrap());
        let dir = mount["mountPath"].as_str().unwrap();
        for file in text.split('"').filter_map(|word| word.strip_prefix(dir)?.strip_prefix('/')) {
            assert!(secret["stringData"][file].is_string(), "{dir}/{file}");
            std::fs::write(directory.path().join(file), "secret").unwrap();
            named += 1;
        }
        local = local.replace(dir, directory.path().to_str().unwrap());
    }
    assert_eq!(named, 5, "{text}");
    // The certificates of this test are none, which is no matter of the manifest.
    let plain = local.lines().filter(|line| !line.starts_with("tls"));
    let plain = plain.collect::<Vec<_>>().join("\n");
    let with = Config::parse(&plain, "proxy.toml").unwrap();
    assert!(!with.proxy.requirepass.is_empty() && !with.topology.masterauth.is_empty());
    assert_eq!(with.metrics.listen, base.metrics.listen, "the probes ask there");
    let tls = format!("tls-listen = [\"{}\"]", base.proxy.listen[0]);
    assert!(text.contains(&tls) && with.proxy.listen[0].is_loopback(), "{text}");
}

/// What the policy permits is what the pod has, and what the configuration connects to.
#[test]
fn the_network_policy_fits() {
    let policy = resource("NetworkPolicy");
    assert_eq!(&policy["spec"]["podSelector"]["matchLabels"], &pod()["metadata"]["labels"]);
    let ports = pod()["spec"]["containers"][0]["ports"].clone();
    let named = |name: &Value| ports.as_array().unwrap().iter().any(|it| &it["name"] == name);
    for rule in policy["spec"]["ingress"].as_array().unwrap() {
        assert!(named(&rule["ports"][0]["port"]), "{rule}");
        assert!(rule["from"].is_array(), "{rule}");
    }
    let egress = policy["spec"]["egress"].to_string();
    let config = config();
    let servers = config.topology.named_servers();
    assert!(!servers.is_empty());
    for server in servers {
        assert!(egress.contains(&format!("\"port\":{}", server.port)), "{server}");
    }
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
        ("NetworkPolicy", "networking.k8s.io/v1"),
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
    let probes = [
        ("startupProbe", "/healthz"),
        ("readinessProbe", "/readyz"),
        ("livenessProbe", "/healthz"),
    ];
    for (probe, path) in probes {
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
    let stop = &container["lifecycle"]["preStop"]["exec"]["command"];
    assert_eq!(stop[0], "sleep");
    let sleep: u64 = stop[1].as_str().unwrap().parse().unwrap();
    assert!(pod["spec"]["terminationGracePeriodSeconds"].as_u64() > Some(sleep + 10));
}
