//! Whatever the arguments are, key positions lie within the request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_wire::command::{Learned, lookup, resolve};
use tidegate_wire::resp::Args;

fuzz_target!(|input: (u8, &[u8])| {
    let (any, bytes) = input;
    // One request in four is read as it stands; the others are words separated by blanks.
    let args = match any % 4 {
        0 => Args::new(bytes).to_vec(),
        _ => bytes.split(|byte| *byte == b' ').collect(),
    };
    let Some((name, rest)) = args.split_first() else { return };
    let learned = Learned::default();
    let Some(command) = resolve(&learned, name, rest.first().copied()) else {
        assert!(lookup(name).is_none());
        return;
    };
    let _ = command.fits(args.len());
    let positions = command.keys.positions(args.len(), |at| args[at]);
    let promised = positions.len();
    let positions: Vec<usize> = positions.collect();
    assert_eq!(positions.len(), promised);
    assert!(positions.iter().all(|at| (1..args.len()).contains(at)), "{positions:?}");
});
