//! Places on Earth.

use crate::twin::seed;
use fastrand::Rng;
use tidegate_wire::resp::RespVersion;

use crate::support::Flavor;
use crate::twin::Twin;

const PLACES: &str = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 \
    38.788135 edge1 17.241510 38.788135 edge2 2.349014 48.864716 Paris -74.006 40.7128 NewYork";

fn both_protocols(lines: &[&str]) {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.lines(lines);
        }
    });
}

#[test]
fn places_and_distances() {
    both_protocols(&[
        PLACES,
        "SET s 1",
        "GEOADD g NX 1 1 Palermo 2 2 new",
        "GEOADD g XX CH 3 3 new 4 4 newer",
        "GEOADD g CH 3 4 new",
        "GEOADD g NX XX 1 1 a",
        "GEOADD g 1 1",
        "GEOADD g 1 1 a 2",
        "GEOADD g 1 1 a 2 2",
        "GEOADD g NX CH CH",
        "GEOADD g 181 1 a",
        "GEOADD g 1 86 a",
        "GEOADD g 1 -86.5 a",
        "GEOADD g 180 85.05112878 corner -180 -85.05112878 other 0 0 zero",
        "GEOADD g x 1 a",
        "GEOADD g 1 x a",
        "GEOADD g nan 1 a",
        "GEOADD g 1 inf a",
        "GEOADD s 1 1 a",
        "GEOADD none XX 1 1 a",
        "ZRANGE g 0 -1 WITHSCORES",
        "GEOPOS g Palermo none corner other zero new",
        "GEOPOS none a b",
        "GEOPOS s a",
        "GEOPOS g",
        "GEOHASH g Palermo none corner other zero new Paris NewYork",
        "GEOHASH none a b",
        "GEOHASH s a",
        "GEOHASH g",
        "GEODIST g Palermo Catania",
        "GEODIST g Palermo Catania km",
        "GEODIST g Palermo Catania FT",
        "GEODIST g Palermo NewYork mi",
        "GEODIST g Palermo Palermo",
        "GEODIST g corner other km",
        "GEODIST g Palermo none",
        "GEODIST none a b",
        "GEODIST none a b miles",
        "GEODIST g Palermo Catania miles",
        "GEODIST g Palermo Catania m m",
        "GEODIST s a b",
        "ZADD odd -1 a 1e300 b inf c -inf d 0.5 e 4503599627370496 f 9007199254740993 g",
        "GEOPOS odd e f",
        "GEOHASH odd e f",
        "ZREM g corner other zero new",
        "GEOADD m 10 10 a 10 20 b 10 50.5 c 10 -33 d",
        "GEODIST m a b",
        "GEOSEARCHSTORE d m FROMMEMBER a BYRADIUS 9000 km STOREDIST",
        "ZRANGE d 0 -1 WITHSCORES",
        "GEOSEARCHSTORE d m FROMMEMBER c BYBOX 9000 19000 km STOREDIST",
        "ZRANGE d 0 -1 WITHSCORES",
    ]);
}

/// The shapes and centres of searches.
const SEARCHES: [&str; 16] = [
    "GEORADIUS g 15 37 200 km",
    "GEORADIUS_RO g 15 37 200 km",
    "GEORADIUSBYMEMBER g Palermo 200 km",
    "GEORADIUSBYMEMBER_RO g Palermo 200 mi",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km",
    "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km",
    "GEOSEARCH g FROMMEMBER Palermo BYBOX 1000000 1000000 ft",
    "GEOSEARCH g BYRADIUS 20000 km FROMMEMBER Paris",
    "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYBOX 400 400 km",
    "GEORADIUS none 15 37 200 km",
    "GEOSEARCH none FROMMEMBER x BYBOX 400 400 km",
    "GEOSEARCHSTORE d none FROMMEMBER x BYBOX 400 400 km",
    "GEORADIUS s 15 37 200 km",
    "GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km",
    "GEORADIUS g 15 37 0 km",
    "GEORADIUSBYMEMBER g Palermo 0 m",
];

/// The other options of searches.
const OPTIONS: [&str; 32] = [
    "",
    " ASC",
    " DESC",
    " WITHDIST",
    " WITHHASH",
    " WITHCOORD",
    " WITHCOORD WITHDIST WITHHASH ASC",
    " COUNT 1",
    " COUNT 2 DESC",
    " COUNT 2 ANY",
    " COUNT 1 ANY ASC",
    " COUNT 100",
    " COUNT 0",
    " COUNT -1",
    " COUNT x",
    " COUNT",
    " ANY",
    " FOO",
    " STORE d",
    " STOREDIST d",
    " STORE d STOREDIST e",
    " STOREDIST",
    " STORE d COUNT 1",
    " STORE d WITHDIST",
    " STOREDIST d WITHHASH ASC",
    " STOREDIST WITHCOORD",
    " FROMLONLAT 1 1",
    " FROMMEMBER Palermo",
    " BYRADIUS 1 m",
    " BYBOX 1 1 m",
    " ASC DESC",
    " STORE s",
];

/// Searches with a catch.
const ODD_SEARCHES: [&str; 34] = [
    "GEORADIUS g x 37 200 km",
    "GEORADIUS g 15 99 200 km",
    "GEORADIUS g 15 37 x km",
    "GEORADIUS g 15 37 -1 km",
    "GEORADIUS g 15 37 1 lm",
    "GEORADIUS g 15 37 -1 lm",
    "GEORADIUSBYMEMBER g none 1 km",
    "GEORADIUSBYMEMBER g none x km",
    "GEORADIUSBYMEMBER none none x km",
    "GEORADIUSBYMEMBER none none 1 km",
    "GEORADIUS none 15 37 200 km STORE g2",
    "GEORADIUS none x 37 200 km",
    "GEOSEARCH g FROMMEMBER none BYRADIUS 1 km",
    "GEOSEARCH g FROMMEMBER Palermo BYRADIUS x km",
    "GEOSEARCH g FROMMEMBER Palermo BYRADIUS -1 km",
    "GEOSEARCH g FROMMEMBER Palermo BYBOX -1 1 km",
    "GEOSEARCH g FROMMEMBER Palermo BYBOX x 1 km",
    "GEOSEARCH g FROMMEMBER Palermo BYBOX 1 x km",
    "GEOSEARCH g FROMMEMBER Palermo BYBOX 1 1 x",
    "GEOSEARCH g FROMMEMBER Palermo BYBOX 1 1",
    "GEOSEARCH g ASC ASC ASC ASC ASC",
    "geosearch g BYRADIUS 1 m ASC ASC",
    "GEOSEARCH g FROMMEMBER Palermo ASC ASC DESC",
    "GeoSearch none FROMMEMBER Palermo ASC ASC DESC",
    "GEOSEARCH g FROMMEMBER Palermo FROMMEMBER Catania BYRADIUS 1 m",
    "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 m BYRADIUS 200 km",
    "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 m BYBOX 2 2 m",
    "GEOSEARCH g FROMMEMBER Palermo FROMLONLAT 1 1 BYRADIUS 1 m",
    "GEOSEARCHSTORE s g FROMMEMBER Palermo BYRADIUS 1 km",
    "ZRANGE s 0 -1",
    "GEOSEARCHSTORE d g FROMMEMBER Paris BYRADIUS 9000 km STOREDIST",
    "ZRANGE d 0 -1 WITHSCORES",
    "GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 m",
    "ZRANGE d 0 -1",
];

#[test]
fn searches() {
    let mut lines = vec![PLACES.to_owned(), "SET s 1".to_owned()];
    for head in SEARCHES {
        for tail in OPTIONS {
            lines.push(format!("{head}{tail}"));
            if head.contains("STORE") || tail.contains("STORE") {
                lines.push("ZRANGE d 0 -1 WITHSCORES".to_owned());
                lines.push("SET s 1".to_owned());
            }
        }
    }
    lines.extend(ODD_SEARCHES.map(str::to_owned));
    both_protocols(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Returns a random point, sometimes in an awkward place.
fn point(random: &mut Rng) -> (f64, f64) {
    let near = |random: &mut Rng, value: f64, by: f64| value + (random.f64() * 2.0 - 1.0) * by;
    let (x, y) = match random.u8(..8) {
        0 => (near(random, 179.9, 0.1), near(random, 0.0, 80.0)),
        1 => (near(random, -179.9, 0.1), near(random, 0.0, 80.0)),
        2 => (near(random, 0.0, 180.0), near(random, 84.0, 1.0)),
        3 => (near(random, 0.0, 180.0), near(random, -84.0, 1.0)),
        4 => (near(random, 0.0, 0.01), near(random, 0.0, 0.01)),
        5 => (near(random, 15.0, 3.0), near(random, 38.0, 3.0)),
        _ => (near(random, 0.0, 180.0), near(random, 0.0, 85.0)),
    };
    (x.clamp(-180.0, 180.0), y.clamp(-85.05, 85.05))
}

fn length(random: &mut Rng) -> String {
    let unit = ["m", "km", "ft", "mi"][random.usize(..4)];
    format!("{:.3} {unit}", 10_f64.powf(random.f64() * 6.5) * random.f64())
}

fn lengths(random: &mut Rng) -> String {
    let other = 10_f64.powf(random.f64() * 6.5) * random.f64();
    format!("{other:.2} {}", length(random))
}

#[test]
fn random_searches() {
    Twin::each(|mut twin| {
        let seed = seed();
        eprintln!("{:?}: seed {seed}", twin.flavor());
        let mut random = Rng::with_seed(seed);
        let mut words = vec!["GEOADD".to_owned(), "g".to_owned()];
        for n in 0..3000 {
            let (x, y) = point(&mut random);
            words.extend([x.to_string(), y.to_string(), format!("m{n}")]);
        }
        twin.same(&words);
        for n in 0..1500 {
            let (one, other) = (random.u16(..3000), random.u16(..3000));
            if n % 3 == 0 {
                twin.line(&format!("GEODIST g m{one} m{other} {}", ["m", "km", "ft", "mi"][n % 4]));
                twin.line(&format!("GEOHASH g m{one}"));
                twin.line(&format!("GEOPOS g m{one} m{other}"));
            }
            let (x, y) = point(&mut random);
            let from = match random.u8(..2) {
                0 => format!("FROMMEMBER m{one}"),
                _ => format!("FROMLONLAT {x} {y}"),
            };
            let by = match random.u8(..2) {
                0 => format!("BYRADIUS {}", length(&mut random)),
                _ => format!("BYBOX {}", lengths(&mut random)),
            };
            let count = random.u8(1..40);
            let tail = match random.u8(..6) {
                0 => " WITHDIST WITHCOORD WITHHASH".to_owned(),
                1 => format!(" COUNT {count} ANY WITHDIST"),
                2 => format!(" COUNT {count} WITHDIST"),
                3 => " DESC WITHDIST".to_owned(),
                _ => String::new(),
            };
            twin.line(&format!("GEOSEARCH g {from} {by}{tail}"));
            if n % 20 == 0 {
                let dist = ["", " STOREDIST"][random.usize(..2)];
                twin.line(&format!("GEOSEARCHSTORE d g {from} {by}{dist}"));
                twin.same_inside("d");
            }
        }
    });
}

#[test]
fn polygons() {
    Twin::each_of(&[Flavor::Valkey91], |mut twin| {
        let seed = seed();
        eprintln!("{:?}: seed {seed}", twin.flavor());
        let mut random = Rng::with_seed(seed);
        twin.line(PLACES);
        twin.lines(&[
            "GEOSEARCH g BYPOLYGON 4 12 37 16 37 16 39 12 39 WITHDIST",
            "GEOSEARCH g FROMLONLAT 15 37 BYPOLYGON 4 12 37 16 37 16 39 12 39",
            "GEOSEARCH g BYPOLYGON 4 12 37 16 37 16 39 12 39 FROMMEMBER Palermo",
            "GEOSEARCH g BYPOLYGON 2 12 37 16 37 ASC",
            "GEOSEARCH g BYPOLYGON 3 12 37 16 37 ASC",
            "GEOSEARCH g BYPOLYGON a 12 37 16 37",
            "GEOSEARCH g BYPOLYGON -1 12 37 16 37",
            "GEOSEARCH g BYPOLYGON 3 12 x 16 37 1 1",
            "GEOSEARCH g BYPOLYGON 3 12 99 16 37 1 1",
            "GEOSEARCH g BYRADIUS 1 m BYPOLYGON 3 12 37 16 37 14 41",
            "GEOSEARCH g BYPOLYGON 3 12 37 16 37 14 41 BYBOX 1 1 m",
            "GEOSEARCH g BYPOLYGON 3 1 1 2 2 3 3 BYPOLYGON 3 12 37 16 37 14 41",
            "GEOSEARCH none BYPOLYGON 3 12 37 16 37 14 41",
            "GEOSEARCH none BYPOLYGON x 12 37 16 37 14 41",
            "GEOSEARCH g BYPOLYGON 99999999999 12 37 16 37 14 3",
            "GEOSEARCHSTORE d g BYPOLYGON 3 12 37 16 37 14 41 STOREDIST",
            "ZRANGE d 0 -1 WITHSCORES",
        ]);
        let mut words = vec!["GEOADD".to_owned(), "p".to_owned()];
        for n in 0..3000 {
            let (x, y) = point(&mut random);
            words.extend([x.to_string(), y.to_string(), format!("m{n}")]);
        }
        twin.same(&words);
        for _ in 0..2000 {
            let count = random.usize(3..8);
            let (x, y) = point(&mut random);
            let size = 10_f64.powf(random.f64() * 4.0 - 2.0);
            let vertices: String = (0..count)
                .map(|_| {
                    let x = (x + random.f64() * size).clamp(-180.0, 180.0);
                    let y = (y + random.f64() * size).clamp(-85.0, 85.0);
                    format!(" {x} {y}")
                })
                .collect();
            let tail = ["", " WITHDIST", " ASC", " COUNT 3 ANY"][random.usize(..4)];
            twin.line(&format!("GEOSEARCH p BYPOLYGON {count}{vertices}{tail}"));
        }
    });
}
