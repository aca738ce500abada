//! `deploy/README.md`: it names every file, and no other.

use crate::{files, path, read};

#[test]
fn every_file_is_named_and_every_link_leads_somewhere() {
    let text = read("deploy/README.md");
    let links: Vec<_> = text.split("](").skip(1).map(|it| it.split(')').next().unwrap()).collect();
    for link in &links {
        assert!(path("deploy").join(link).exists(), "{link}");
    }
    for file in files("deploy") {
        let inside = file.strip_prefix("deploy/").unwrap();
        let named = links.iter().any(|link| inside.starts_with(link));
        assert!(named || inside == "README.md", "{file} is not in deploy/README.md");
    }
}

#[test]
fn every_alert_that_is_explained_exists() {
    let rules = read("deploy/prometheus/rules.yml");
    let text = read("deploy/README.md");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    for alert in words.filter(|it| it.starts_with("Tidegate") && it.len() > "Tidegate".len()) {
        assert!(rules.contains(&format!("- alert: {alert}\n")), "{alert}");
    }
}
