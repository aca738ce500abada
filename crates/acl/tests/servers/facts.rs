//! The facts compared with the reply to `COMMAND` of every server.

use std::collections::BTreeSet;

use tidegate_acl::{Access, Catalog, Command, KeyAccess};
use tidegate_test_support::{Flavor, RedisServer, Reply};

/// What newer servers say otherwise than Redis 7.0: the command, and the category it gained.
const GAINED: [(&str, &str); 1] = [("wait", "blocking")];

/// One command as a server reports it.
struct Reported {
    name: String,
    categories: BTreeSet<String>,
    /// The flags of each group of keys.
    keys: Vec<Vec<String>>,
}

fn items(reply: &Reply) -> &[Reply] {
    match reply {
        Reply::Array(items) => items,
        other => panic!("{other:?}"),
    }
}

fn texts(reply: &Reply) -> Vec<String> {
    items(reply).iter().map(|item| item.str().to_owned()).collect()
}

/// Returns the flags of a group of keys, which are a field among others.
fn flags(spec: &Reply) -> Vec<String> {
    let field = items(spec).chunks(2).find(|field| field[0].str() == "flags");
    texts(&field.unwrap()[1])
}

fn read(entry: &Reply, all: &mut Vec<Reported>) {
    let entry = items(entry);
    let categories = texts(&entry[6]);
    let categories = categories.iter().map(|it| it.trim_start_matches('@').to_owned());
    let specs = entry.get(8).map(items).unwrap_or_default();
    all.push(Reported {
        name: entry[0].str().to_ascii_lowercase(),
        categories: categories.collect(),
        keys: specs.iter().map(flags).collect(),
    });
    for sub in entry.get(9).map(items).unwrap_or_default() {
        read(sub, all);
    }
}

fn reported(flavor: Flavor) -> Vec<Reported> {
    let mut all = Vec::new();
    for entry in items(&RedisServer::spawn(flavor).cmd(&["COMMAND"])) {
        read(entry, &mut all);
    }
    // FalkorDB's package loads its modules.
    all.retain(|it| !it.name.contains('.'));
    all
}

fn own_categories(catalog: &Catalog, command: &Command) -> BTreeSet<String> {
    let names = catalog.categories().enumerate();
    let own = names.filter(|(number, _)| command.categories.has(*number));
    own.map(|(_, name)| name.to_owned()).collect()
}

/// The access that key flags stand for.
fn access(flags: &[String]) -> Access {
    let has = |flag: &str| flags.iter().any(|own| own == flag);
    let writes = has("insert") || has("update") || has("delete");
    let write = if writes { Access::WRITE } else { Access::TOUCH };
    if has("access") { write.and(Access::READ) } else { write }
}

fn expected(keys: &[Vec<String>]) -> KeyAccess {
    let is_key = |flags: &Vec<String>| !flags.iter().any(|flag| flag == "not_key");
    let keys: Vec<_> = keys.iter().filter(|flags| is_key(flags)).collect();
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return KeyAccess::NONE };
    let varies = first.iter().any(|flag| flag == "variable_flags");
    KeyAccess { first: access(first), rest: access(last), varies, is_checked: true }
}

#[test]
fn categories_are_those_of_the_servers() {
    let catalog = Catalog::new();
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        let all = reported(flavor);
        assert!(all.len() > 300, "{flavor:?}: {}", all.len());
        for it in all {
            let own = catalog.named(it.name.as_bytes()).expect(&it.name);
            let mut theirs = it.categories;
            for (name, category) in GAINED {
                if own.name == name && flavor != Flavor::Redis70 {
                    assert!(theirs.remove(category), "{flavor:?}: {name}");
                }
            }
            assert_eq!(own_categories(&catalog, own), theirs, "{flavor:?}: {}", it.name);
        }
    }
}

#[test]
fn the_access_to_keys_is_that_of_the_servers() {
    let catalog = Catalog::new();
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        for it in reported(flavor) {
            let own = catalog.named(it.name.as_bytes()).expect(&it.name);
            assert_eq!(own.access, expected(&it.keys), "{flavor:?}: {}", it.name);
        }
    }
}

#[test]
fn commands_of_redis_6_2_are_known() {
    let (catalog, newer) = (Catalog::new(), reported(Flavor::Redis70));
    for it in reported(Flavor::Redis62) {
        let own = catalog.named(it.name.as_bytes()).expect(&it.name);
        if !newer.iter().any(|newer| newer.name == it.name) {
            assert_eq!(own_categories(&catalog, own), it.categories, "{}", it.name);
        }
    }
}

#[test]
fn categories_have_the_names_and_the_order_of_redis_7_0() {
    let names = texts(&RedisServer::spawn(Flavor::Redis70).cmd(&["ACL", "CAT"]));
    assert!(Catalog::new().categories().eq(names.iter().map(String::as_str)), "{names:?}");
}
