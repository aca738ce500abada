//! Places at the same distance come in the order in which the servers' own sorting leaves them, and
//! `COUNT` selects the same ones.

use crate::twin::seed;
use fastrand::Rng;
use tidegate_wire::resp::RespVersion;

use crate::twin::Twin;

/// So few different places that most distances are shared.
const PLACES: u32 = 7;

#[test]
fn places_at_the_same_distance_come_in_the_servers_order() {
    let seed = seed();
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
            twin.set_protocol(version);
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

/// Sorted sets may hold scores that no place has.
#[test]
fn scores_that_are_no_places() {
    Twin::each(|mut twin| {
        twin.line(
            "ZADD any -1 below 0 zero inf most -inf least 0.5 half 1e15 in 4503599627370496 out",
        );
        twin.line(
            "ZADD any 1e19 larger 9223372036854775808 large -1e300 far 18446744073709551616 huge",
        );
        twin.line("ZADD any 3.9 some -3.9 less 3479099956230698 palermo");
        let members =
            "below zero most least half in out larger large far huge some less palermo nobody";
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.line(&format!("GEOPOS any {members}"));
            twin.line(&format!("GEOHASH any {members}"));
            for member in members.split(' ') {
                twin.line(&format!("GEODIST any {member} palermo km"));
                twin.line(&format!("GEOSEARCH any FROMMEMBER {member} BYRADIUS 3000 km WITHDIST"));
                twin.line(&format!("GEORADIUSBYMEMBER_RO any {member} 30000 km WITHHASH COUNT 4"));
                twin.line(&format!("GEORADIUSBYMEMBER_RO any {member} 5000 km DESC WITHCOORD"));
            }
        }
    });
}
