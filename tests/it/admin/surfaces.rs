//! `INFO proxy`, PROXY TOPOLOGY, `/status` and the metrics tell the same of each server, in the
//! same words: of one that is fresh, one that is stale and one that is dead.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::*;

/// What a surface says of one server, by the names of `/status`; null is "not known".
type Words = BTreeMap<&'static str, Value>;

const WORDS: [&str; 8] =
    ["addr", "role", "state", "reason", "reads", "excluded", "offset", "lag_bytes"];

/// `/status` and PROXY TOPOLOGY JSON.
fn of_json(document: &Value) -> BTreeMap<u64, Words> {
    let servers = document["backends"].as_array().unwrap().iter();
    let words = |it: &Value| WORDS.map(|word| (word, it[word].clone())).into();
    servers.map(|it| (it["id"].as_u64().unwrap(), words(it))).collect()
}

/// The lines of `INFO proxy`, which has no line for the master.
fn of_info(wire: &mut Wire) -> BTreeMap<u64, Words> {
    let text = wire.cmd(&["INFO", "proxy"]).str().to_owned();
    let mut servers = BTreeMap::new();
    for line in text.lines() {
        let Some((id, fields)) =
            line.strip_prefix("proxy_replica").and_then(|rest| rest.split_once(':'))
        else {
            continue;
        };
        let fields: BTreeMap<&str, &str> =
            fields.split(',').map(|field| field.split_once('=').unwrap()).collect();
        let value = |word: &'static str| match (word, fields[word]) {
            (_, "") | ("offset" | "lag_bytes", "-1") => Value::Null,
            ("offset" | "lag_bytes", number) => number.parse::<u64>().unwrap().into(),
            ("reads", yes) => (yes == "yes").into(),
            (_, text) => text.into(),
        };
        let words = WORDS.map(|word| (word, value(word))).into();
        servers.insert(id.parse().unwrap(), words);
    }
    servers
}

/// The table, by address; what it has of the words.
fn of_table(wire: &mut Wire) -> BTreeMap<String, [String; 4]> {
    let lines = wire.cmd(&["PROXY", "TOPOLOGY"]).strings();
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let rows = lines[1..lines.len() - 1].iter().map(|line| cells(line));
    rows.map(|row| (row[1].clone(), [&row[0], &row[2], &row[3], &row[4]].map(Clone::clone)))
        .collect()
}

/// What all surfaces agree on; `Err` is where they do not. They are asked one after the other.
fn told_alike(proxy: &Tidegate, wire: &mut Wire) -> Result<BTreeMap<u64, Words>, String> {
    let json = of_json(&topology(wire));
    let others: BTreeMap<u64, Words> =
        json.clone().into_iter().filter(|(_, words)| words["role"] != "master").collect();
    agree("/status", &of_json(&status(proxy)), &json)?;
    agree("INFO proxy", &of_info(wire), &others)?;
    let page = Scrape::of(proxy);
    let table = of_table(wire);
    for (id, words) in &json {
        let text = |word: &str| words[word].as_str().map(str::to_owned);
        let (addr, role) = (text("addr").unwrap(), text("role").unwrap());
        let yes_no = if words["reads"] == true { "yes" } else { "no" };
        let state = text("state").unwrap_or_else(|| "-".to_owned());
        let row = [id.to_string(), role.clone(), state, yes_no.to_owned()];
        agree("PROXY TOPOLOGY", &table[&addr], &row)?;
        let role_label = [("backend", &*addr), ("role", &role)];
        agree("role", &page.value("tidegate_backend_role", &role_label), &Some(1.0))?;
        for state in ["fresh", "stale", "unknown", "foreign"] {
            let one = text("state").map(|own| f64::from(u8::from(own == state)));
            let labels = [("backend", &*addr), ("state", state)];
            agree("state", &page.value("tidegate_backend_state", &labels), &one)?;
        }
        for (word, name) in [
            ("offset", "tidegate_backend_replication_offset_bytes"),
            ("lag_bytes", "tidegate_backend_lag_bytes"),
        ] {
            agree(word, &page.value(name, &[("backend", &*addr)]), &words[word].as_f64())?;
        }
    }
    Ok(json)
}

fn agree<T: std::fmt::Debug + PartialEq>(what: &str, told: &T, wanted: &T) -> Result<(), String> {
    if told == wanted { Ok(()) } else { Err(format!("{what}: {told:?}, not {wanted:?}")) }
}

#[test]
fn four_surfaces_report_the_same_of_every_server() {
    let TamperedTrio { master, replicas, links } = TamperedTrio::spawn(Flavor::Redis70);
    let mut dead = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
    master.wait_synced(&dead);
    let [fresh, stale] = &replicas;
    let addrs = [dead.addr(), fresh.addr(), stale.addr()];
    let proxy = ConfigBuilder::new(master.addr(), &addrs).start();
    let mut wire = proxy.wire();
    let states = |wire: &mut Wire| addrs.map(|addr| server(wire, addr)["state"].clone());
    eventually(PATIENCE, || match states(&mut wire) {
        states if states.iter().all(|state| state == "fresh") => Ok(()),
        states => Err(format!("{states:?}")),
    });
    let ids = |wire: &mut Wire| addrs.map(|addr| server(wire, addr)["id"].as_u64().unwrap());
    let before = ids(&mut wire);
    eventually(PATIENCE, || told_alike(&proxy, &mut wire));

    dead.kill();
    links[1].blackhole();
    master.cmd(&["SET", "k", "v"]).ok();
    master.wait_synced(fresh);
    eventually(PATIENCE, || match states(&mut wire) {
        [dead, fresh, stale] if dead == "unknown" && fresh == "fresh" && stale == "stale" => Ok(()),
        states => Err(format!("{states:?}")),
    });
    let told = eventually(PATIENCE, || told_alike(&proxy, &mut wire));
    assert_eq!(ids(&mut wire), before, "each keeps its number");
    assert_eq!(told.len(), 4);
    let [dead, fresh, stale] = before.map(|id| &told[&id]);
    assert!(dead["excluded"].as_str().unwrap().starts_with("cannot be reached"), "{dead:?}");
    let short = |words: &Words| {
        let text = |word: &str| words[word].as_str().unwrap_or_default().to_owned();
        (text("role"), text("reason"), words["reads"].as_bool().unwrap())
    };
    let of = |role: &str, reason: &str, reads| (role.to_owned(), reason.to_owned(), reads);
    assert_eq!(short(dead), of("unknown", "no-answer", false));
    assert_eq!(short(fresh), of("replica", "", true));
    assert_eq!(short(stale), of("replica", "lag", false));
}
