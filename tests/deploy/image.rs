//! `deploy/Dockerfile` and what it puts into the image.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use serde_json::Value;

use crate::{agrees, path, read, yaml};

/// The instructions, continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let text = read("deploy/Dockerfile").replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let split = |line: &str| {
        let (name, rest) = line.split_once(' ').unwrap();
        (name.to_owned(), rest.trim().to_owned())
    };
    lines.map(split).collect()
}

fn all(name: &str) -> Vec<String> {
    instructions().into_iter().filter(|it| it.0 == name).map(|it| it.1).collect()
}

#[test]
fn both_stages_are_pinned_to_one_release_of_debian() {
    let bases = all("FROM");
    assert_eq!(bases.len(), 2);
    let release = |base: &str| ["bookworm", "trixie"].iter().position(|it| base.contains(it));
    assert!(release(&bases[0]).is_some() && release(&bases[0]) == release(&bases[1]), "{bases:?}");
    for base in &bases {
        let tag = base.split_once(':').unwrap().1;
        // A version or a day, not what moves.
        assert!(tag.starts_with("1.") || tag.contains("-20"), "{base}");
    }
}

#[test]
fn it_runs_as_a_numbered_user_and_is_watched() {
    assert_eq!(all("USER"), ["10001:10001"]);
    let manifest = yaml::documents(&read("deploy/kubernetes/base/deployment.yaml"));
    let deployment = manifest.iter().find(|it| it["kind"] == "Deployment").unwrap();
    let security = &deployment["spec"]["template"]["spec"]["securityContext"];
    assert_eq!(security["runAsUser"], 10001, "the same one");
    assert!(all("HEALTHCHECK")[0].ends_with(r#"CMD ["healthcheck"]"#));
    assert_eq!(all("ENTRYPOINT"), [r#"["tidegate"]"#]);
}

/// A published port of a container reaches only what listens on more than its loopback.
#[test]
fn its_configuration_can_be_reached_and_its_engine_can_write() {
    let copied = all("COPY");
    let source = copied.iter().find_map(|it| it.strip_suffix(" /etc/tidegate/proxy.toml")).unwrap();
    let config = tidegate::config::Config::parse(&read(source), source).unwrap();
    assert_eq!(config.proxy.listen[0].to_string(), "0.0.0.0:6400");
    let metrics = config.metrics.listen.unwrap();
    assert_eq!(metrics.host, "0.0.0.0");
    assert_eq!(all("EXPOSE"), [format!("6400 {}", metrics.port)]);
    assert_eq!(all("WORKDIR")[1], config.replica.dir);
    let made = format!("install -d -o 10001 -g 10001 -m 700 {}", config.replica.dir);
    assert!(all("RUN").contains(&made));
}

#[test]
fn what_is_copied_exists_and_is_not_ignored() {
    let kept = read(".dockerignore");
    let kept: Vec<_> = kept.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut copied = 0;
    for copy in all("COPY").iter().filter(|it| !it.starts_with("--from")) {
        let words: Vec<_> = copy.split_whitespace().collect();
        for source in &words[..words.len() - 1] {
            assert!(path(source).exists(), "{source}");
            assert!(kept.contains(source), "{source} is in .dockerignore");
            copied += 1;
        }
    }
    assert_eq!(copied, kept.len(), "{kept:?}: something is sent and not used");
}

/// What the first stage copies, without the rest of the repository.
#[test]
fn the_workspace_is_whole_without_what_is_not_copied() {
    let build = tempfile::tempdir().unwrap();
    let copied = all("COPY");
    let sources = copied.iter().take_while(|it| !it.starts_with("--from"));
    for source in sources.flat_map(|it| it.rsplit_once(' ').unwrap().0.split(' ')) {
        std::os::unix::fs::symlink(path(source), build.path().join(source)).unwrap();
    }
    let mut cargo = Command::new(env!("CARGO"));
    // Fails where a member is missing or the lock file would have to change.
    cargo.args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none"]);
    let output = cargo.current_dir(build.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let first = concat!("tidegate v", env!("CARGO_PKG_VERSION"));
    assert!(told.starts_with(first) && told.contains("\ntidegate-wire v"), "{told}");
}

#[test]
fn the_version_is_the_programs() {
    let tag = concat!("tidegate:", env!("CARGO_PKG_VERSION"));
    assert_eq!(yaml::document(&read("docker-compose.yml"))["services"]["tidegate"]["image"], tag);
    let manifest = yaml::documents(&read("deploy/kubernetes/base/deployment.yaml"));
    let image = |it: &Value| it["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    assert!(manifest.iter().any(|it| image(it) == tag));
}

/// Runs the check against a server that gives this answer: what was asked, and whether it is well.
fn healthcheck(path_asked: &str, answer: &'static str) -> (String, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            asked.extend(byte);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    let script = path("deploy/healthcheck");
    let status = Command::new(script).args([path_asked, &port.to_string()]).status().unwrap();
    (server.join().unwrap(), status.success())
}

#[test]
fn the_healthcheck_tells_well_from_ill() {
    let (asked, well) = healthcheck("/healthz", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert!(well && asked.starts_with("GET /healthz HTTP/1.1\r\nHost: "), "{asked}");
    assert!(healthcheck("/readyz", "HTTP/1.0 200 OK\r\n\r\nready").1);
    assert!(!healthcheck("/readyz", "HTTP/1.1 503 Service Unavailable\r\n\r\n").1);
    assert!(!healthcheck("/readyz", "HTTP/1.1 404 Not Found\r\n\r\n200").1);
    assert!(!healthcheck("/readyz", "").1, "closed without an answer");

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = Command::new(path("deploy/healthcheck")).args(["/", &free.to_string()]).output();
    assert!(!refused.unwrap().status.success(), "nobody listens");
    agrees(Command::new("bash").args(["-n", "deploy/healthcheck"]));
}
