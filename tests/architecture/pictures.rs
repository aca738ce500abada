//! The pictures of `docs/pictures`: each is what `scripts/pictures` draws, and a document shows it.

use std::fs;
use std::process::Command;

use crate::documents::{documents, links};
use crate::{files, root};

#[test]
fn every_picture_is_what_its_source_draws() {
    let script = root().join("scripts/pictures");
    let done = Command::new("python3").arg(script).arg("--check").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn every_picture_is_shown_and_can_be_read_in_light_and_dark_mode() {
    let pictures = files(&root().join("docs/pictures"), "svg");
    assert!(pictures.len() >= 4, "{pictures:?}");
    let texts: Vec<_> = documents().iter().map(|it| fs::read_to_string(it).unwrap()).collect();
    for picture in pictures {
        let name = picture.file_name().unwrap().to_str().unwrap();
        let shows = |text: &String| links(text).iter().any(|it| it.ends_with(name));
        assert!(texts.iter().any(shows), "no document shows {name}");
        let text = fs::read_to_string(&picture).unwrap();
        for part in ["<title", "<desc", "prefers-color-scheme: dark"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
    }
}
