//! Places at the same distance come in the order in which the servers' own ways of sorting leave
//! them, and those that are counted are theirs.

use fastrand::Rng;
use tidegate::resp::RespVersion;

use crate::twin::Twin;

/// So few different places that most distances are shared.
const PLACES: u32 = 7;

#[test]
fn places_at_the_same_distance_come_in_the_servers_order() {
    let seed = fastrand::u64(..);
    Twin::each(|mut twin| {
        let mut random = Rng::with_seed(seed);
        for round in 0..60 {
            let members = [3, 6, 7, 8, 30, 45, 90, 300][round % 8];
            let mut add = vec!["GEOADD".to_owned(), "ties".to_owned()];
            for member in 0..members {
                let place = random.u32(..PLACES);
                add.extend([format!("{place}"), format!("{}", place * 2), format!("m{member}")]);
            }
            twin.same(&["DEL", "ties"]);
            twin.same(&add);
            let version = if round % 2 == 0 { RespVersion::V2 } else { RespVersion::V3 };
            twin.speak(version);
            for _ in 0..12 {
                let from = random.u32(..members);
                let count = 1 + random.u32(..members + 2);
                let order = ["ASC", "DESC", "WITHDIST"][random.usize(..3)];
                twin.line(&format!(
                    "GEORADIUSBYMEMBER_RO ties m{from} 4000 km COUNT {count} {order}"
                ));
                twin.line(&format!("GEOSEARCH ties FROMMEMBER m{from} BYRADIUS 900 km {order}"));
            }
        }
        eprintln!("seed {seed}");
    });
}
