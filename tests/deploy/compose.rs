//! `docker-compose.yml` and the configuration it mounts. `docker compose config` (or the older
//! `docker-compose config`, as Debian has it) judges its form, without a container engine; what it
//! must say is looked up in the file itself.

use std::process::Command;

use serde_json::Value;
use tidegate::config::Config;

use crate::{agrees, path, read, yaml};

fn compose() -> Value {
    yaml::document(&read("docker-compose.yml"))
}

fn config() -> Config {
    Config::parse(&read("deploy/compose/proxy.toml"), "proxy.toml").unwrap()
}

fn strings<'a>(service: &'a Value, key: &str) -> Vec<&'a str> {
    let items = service[key].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|it| it.as_str().unwrap()).collect()
}

#[test]
fn compose_accepts_it() {
    let plugin = Command::new("docker").args(["compose", "version"]).output();
    let mut command = if plugin.is_ok_and(|it| it.status.success()) {
        let mut docker = Command::new("docker");
        docker.arg("compose");
        docker
    } else {
        Command::new("docker-compose")
    };
    let said = agrees(command.arg("config"));
    assert!(said.contains("tidegate"), "{said}");
}

#[test]
fn all_that_is_needed_is_there() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    let names: Vec<_> = services.keys().map(String::as_str).collect();
    assert_eq!(names, ["grafana", "master", "prometheus", "replica-1", "replica-2", "tidegate"]);
    for replica in ["replica-1", "replica-2"] {
        let command = strings(&services[replica], "command");
        assert!(command.windows(3).any(|it| it == ["--replicaof", "master", "6379"]), "{replica}");
    }
}

#[test]
fn every_service_is_bounded_pinned_and_watched() {
    for (name, service) in compose()["services"].as_object().unwrap() {
        let image = service["image"].as_str().unwrap();
        let (_, tag) = image.split_once(':').unwrap_or_else(|| panic!("{name}: {image}"));
        let digits = tag.trim_start_matches('v').split(['.', '-']).take(3);
        let exact = digits.filter(|part| part.parse::<u32>().is_ok()).count() == 3;
        assert!(exact, "{name}: {image} is no exact version");
        assert_eq!(service["restart"], "unless-stopped", "{name}");
        for bound in ["mem_limit", "cpus", "pids_limit"] {
            assert!(!service[bound].is_null(), "{name} has no {bound}");
        }
        assert!(service["logging"]["options"]["max-size"].is_string(), "{name}: endless logs");
        assert!(service["healthcheck"]["test"].is_array(), "{name} has no healthcheck");
        assert_eq!(strings(service, "security_opt"), ["no-new-privileges:true"], "{name}");
    }
}

#[test]
fn services_wait_for_those_they_need() {
    let compose = compose();
    let condition = |service: &str, on: &str| {
        compose["services"][service]["depends_on"][on]["condition"].as_str().unwrap().to_owned()
    };
    for on in ["master", "replica-1", "replica-2"] {
        assert_eq!(condition("tidegate", on), "service_healthy");
    }
    assert_eq!(condition("replica-1", "master"), "service_healthy");
    assert_eq!(condition("prometheus", "tidegate"), "service_started");
    assert_eq!(condition("grafana", "prometheus"), "service_healthy");
}

#[test]
fn only_the_front_is_published_and_only_here() {
    let compose = compose();
    let mut published = Vec::new();
    for service in compose["services"].as_object().unwrap().values() {
        published.extend(strings(service, "ports"));
    }
    published.sort_unstable();
    let local =
        ["3000:3000", "6400:6400", "6490:6490", "9090:9090"].map(|it| format!("127.0.0.1:{it}"));
    assert_eq!(published, local);
}

#[test]
fn what_is_mounted_exists() {
    let compose = compose();
    let mut mounted = 0;
    for (name, service) in compose["services"].as_object().unwrap() {
        for volume in strings(service, "volumes") {
            let (source, rest) = volume.split_once(':').unwrap();
            if source.starts_with('.') {
                // Directories: a mounted file stays what it was when it is replaced.
                assert!(path(source).is_dir(), "{name}: {source}");
                assert!(rest.ends_with(":ro"), "{name}: {volume} could be written");
                mounted += 1;
            } else {
                assert!(compose["volumes"].get(source).is_some(), "{name}: {source}");
            }
        }
    }
    assert_eq!(mounted, 4);
    let tidegate = &compose["services"]["tidegate"];
    let context = path(tidegate["build"]["context"].as_str().unwrap());
    assert!(context.join(tidegate["build"]["dockerfile"].as_str().unwrap()).is_file());
    assert!(strings(tidegate, "volumes")[0].starts_with("./deploy/compose:/etc/tidegate:"));
}

#[test]
fn its_configuration_fits_it() {
    let (compose, config) = (compose(), config());
    let master = &config.topology.named_master().unwrap();
    let replicas = config.topology.replicas.as_ref().unwrap();
    for server in replicas.iter().chain([master]) {
        assert!(compose["services"].get(&server.host).is_some(), "{server}");
        assert_eq!(server.port, 6379);
    }
    assert_eq!((master.host.as_str(), replicas.len()), ("master", 2));

    // Reached from outside the container, at the ports that are published and scraped.
    let metrics = config.metrics.listen.as_ref().unwrap();
    assert_eq!(
        (config.proxy.listen[0].to_string().as_str(), metrics.to_string().as_str()),
        ("0.0.0.0:6400", "0.0.0.0:6490")
    );
    let scraped = yaml::document(&read("deploy/prometheus/prometheus.yml"));
    let job = &scraped["scrape_configs"][0];
    assert_eq!(job["job_name"], "tidegate", "alerts and dashboard ask for this job");
    assert_eq!(job["static_configs"][0]["targets"][0], format!("tidegate:{}", metrics.port));

    // No single client may fill the container.
    let limit = compose["services"]["tidegate"]["mem_limit"].as_str().unwrap();
    let limit: u64 = limit.strip_suffix('m').unwrap().parse::<u64>().unwrap() << 20;
    for (line, size) in read("deploy/compose/proxy.toml").lines().filter_map(|line| {
        let size = line.split_once("= \"")?.1.strip_suffix("mb\"")?;
        Some((line, size.parse::<u64>().ok()? << 20))
    }) {
        assert!(size * 2 < limit, "{line}");
    }
}
