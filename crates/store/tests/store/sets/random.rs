//! Random commands on sets.

use super::*;

fn member(random: &mut fastrand::Rng) -> String {
    match random.u8(..20) {
        0 => "x".repeat(random.usize(60..70)),
        1 => random.i64(..).to_string(),
        2 => random.i32(..).to_string(),
        3..6 => format!("m{}", random.u8(..80)),
        _ => random.i16(-150..150).to_string(),
    }
}

#[test]
fn any_edits_leave_the_same_sets() {
    Twin::each(|mut twin| {
        let seed = seed();
        eprintln!("{:?} seed {seed}", twin.flavor());
        let mut random = fastrand::Rng::with_seed(seed);
        let keys = ["k1", "k2", "k3", "k4"];
        // Sets that came out of a table are in no order.
        let mut unordered = std::collections::BTreeSet::new();
        for round in 0..4000 {
            let mut key = || random.choice(keys).unwrap().to_owned();
            let (one, two, three) = (key(), key(), key());
            let mut words = match random.u8(..24) {
                0..10 => vec!["SADD".into(), one],
                10..18 => vec!["SREM".into(), one],
                18 => vec!["SMOVE".into(), one, two, member(&mut random)],
                19 => vec!["SINTERSTORE".into(), one, two, three],
                20 => vec!["SUNIONSTORE".into(), one, two, three],
                21 => vec!["SDIFFSTORE".into(), one, two, three],
                22 => vec!["SISMEMBER".into(), one, member(&mut random)],
                _ => vec!["SPOP".into(), one, "100000".into()],
            };
            if words.len() == 2 {
                let count = if random.u8(..10) == 0 { 130 } else { 8 };
                words.extend((0..random.usize(1..count)).map(|_| member(&mut random)));
            }
            if words[0] != "SPOP" {
                twin.same(&words);
            } else if random.u8(..4) == 0 {
                twin.compare(&words, Order::Any);
            }
            if words[0].ends_with("STORE") {
                let is_any = words[2..].iter().any(|key| unordered.contains(key));
                unordered.remove(&words[1]);
                if is_any {
                    unordered.insert(words[1].clone());
                }
            }
            for key in keys {
                if order(&mut twin, key) == Order::Any {
                    unordered.insert(key.to_owned());
                } else if twin.theirs(&["EXISTS", key]) == b":0\r\n" {
                    unordered.remove(key);
                }
                let is_any = unordered.contains(key);
                let order = if is_any { Order::Any } else { Order::Exact };
                twin.compare_inside(key, order);
                if round % 50 == 0 {
                    twin.same_when_loaded(key);
                    twin.compare(&["SMEMBERS", key], order);
                }
            }
        }
    });
}
