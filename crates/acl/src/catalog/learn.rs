//! Learns the commands of modules from a server's reply to `COMMAND`.

use redis_protocol::resp2::types::BytesFrame;
use tidegate_wire::command::{Keys, Learned, lookup};

use super::Catalog;
use super::commands::NAME_MAX;
use crate::category::Categories;
use crate::facts::{Access, KeyAccess};

impl Catalog {
    /// Returns this catalog with the commands that it lacks, as the reply to `COMMAND` of a server
    /// describes them.
    #[must_use]
    pub fn with_reply(mut self, reply: &BytesFrame) -> Self {
        learn(&mut self, reply);
        self
    }
}

/// Adds the commands of `reply` that `catalog` lacks. An entry that makes no sense is left out.
fn learn(catalog: &mut Catalog, reply: &BytesFrame) {
    let rows = Learned::from_command_reply(reply);
    for entry in items(reply) {
        let Some(name) = name(entry).filter(|name| !name.contains('|')) else { continue };
        if catalog.top(name.as_bytes()).is_some() || !add(catalog, &rows, &name, entry) {
            continue;
        }
        for sub in items(entry).get(9).map_or(&[][..], items) {
            let own = self::name(sub);
            let own = own.filter(|sub| {
                let behind = sub.strip_prefix(&*name).and_then(|rest| rest.strip_prefix('|'));
                behind.is_some_and(|rest| !rest.is_empty() && !rest.contains('|'))
            });
            if let Some(own) = own {
                add(catalog, &rows, &own, sub);
            }
        }
    }
}

fn add(catalog: &mut Catalog, rows: &Learned, name: &str, entry: &BytesFrame) -> bool {
    let Some((keys, arity)) = place(rows, name) else { return false };
    let mut categories = Categories::default();
    for category in items(entry).get(6).map_or(&[][..], items) {
        let category = text(category).and_then(|text| text.strip_prefix('@'));
        let number = category.and_then(|category| catalog.category_or_new(category));
        categories = number.map_or(categories, |number| categories.with(number));
    }
    let flags = items(entry).get(2).map_or(&[][..], items);
    let has = |flag: &str| flags.iter().any(|own| text(own) == Some(flag));
    let access = match keys {
        Keys::None => KeyAccess::NONE,
        _ if has("readonly") => KeyAccess::every(Access::READ),
        _ => KeyAccess::every(Access::BOTH),
    };
    let added = catalog.add(name.to_owned().into(), categories, access, keys, arity);
    added.map(|command| command.has_hidden_keys = has("movablekeys")).is_some()
}

/// Returns where the keys of a command are, and its arity.
fn place(rows: &Learned, name: &str) -> Option<(Keys, i16)> {
    let (top, sub) = name.split_once('|').map_or((name, None), |(top, sub)| (top, Some(sub)));
    if let Some(row) = lookup(top.as_bytes()).filter(|_| sub.is_none()) {
        return Some((row.keys, row.arity));
    }
    let row = rows.find(top.as_bytes(), sub.map(str::as_bytes))?;
    (row.name == name).then_some((row.keys, row.arity))
}

fn name(entry: &BytesFrame) -> Option<String> {
    let name = text(items(entry).first()?)?.to_ascii_lowercase();
    (!name.is_empty() && name.len() <= NAME_MAX).then_some(name)
}

fn items(frame: &BytesFrame) -> &[BytesFrame] {
    if let BytesFrame::Array(items) = frame { items } else { &[] }
}

fn text(frame: &BytesFrame) -> Option<&str> {
    match frame {
        BytesFrame::SimpleString(text) | BytesFrame::BulkString(text) => {
            std::str::from_utf8(text).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> BytesFrame {
        BytesFrame::BulkString(text.to_owned().into())
    }

    fn list(words: &[&str]) -> BytesFrame {
        BytesFrame::Array(words.iter().map(|word| bulk(word)).collect())
    }

    fn entry(name: &str, flags: &[&str], first: i64, categories: &[&str]) -> Vec<BytesFrame> {
        let number = BytesFrame::Integer;
        let numbers = [number(first), number(first), number(1)];
        let mut entry = vec![bulk(name), number(-2), list(flags)];
        entry.extend(numbers);
        entry.extend([list(categories), list(&[]), list(&[])]);
        entry
    }

    #[test]
    fn commands_and_categories_of_modules_are_learnt() {
        let mut json = entry("JSON.GET", &["readonly"], 1, &["@read", "@json"]);
        let sub = entry("json.get|x", &["write"], 1, &["@json"]);
        json.push(BytesFrame::Array(vec![BytesFrame::Array(sub)]));
        let get = entry("get", &["write"], 1, &["@write"]);
        let hidden = entry("x.y", &["movablekeys"], 0, &["@slow"]);
        let reply = [json, get, hidden, vec![bulk("bad")]].map(BytesFrame::Array).to_vec();
        let catalog = Catalog::new().with_reply(&BytesFrame::Array(reply));

        let json = catalog.category(b"JSON").expect("learnt");
        let read = catalog.find(b"json.get", None).expect("learnt");
        assert!(read.categories.has(json) && read.categories.has(1));
        assert_eq!(read.access.first, Access::READ);
        let sub = catalog.find(b"json.get", Some(b"X")).expect("learnt");
        assert_eq!((&*sub.name, sub.access.first), ("json.get|x", Access::BOTH));
        assert!(catalog.find(b"X.Y", None).is_some_and(|command| command.has_hidden_keys));
        assert!(catalog.find(b"bad", None).is_none());
        let get = catalog.find(b"get", None).expect("built in");
        assert_eq!(get.access.first, Access::READ);
    }
}
