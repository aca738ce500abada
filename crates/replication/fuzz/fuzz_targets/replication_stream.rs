//! However a stream is cut up, it is read as the same units. Its commands are those that the
//! client's scanner finds, and every byte counts once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_replication::{ArgsPool, Offsets, StreamError, StreamReader, Unit};
use tidegate_wire::resp::{Args, Limits, RequestScanner, RequestStep};

/// The longest unit, in bytes.
const LIMIT: usize = 1 << 10;

/// Commands, each by its arguments.
type Commands = Vec<Vec<Vec<u8>>>;

/// A unit, its commands, and the offset behind it.
#[derive(Debug, PartialEq)]
struct Applied {
    unit: Unit,
    commands: Commands,
    offset: u64,
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Applied>, Option<StreamError>) {
    let mut reader = StreamReader::new(LIMIT);
    let (mut pool, mut offsets) = (ArgsPool::default(), Offsets::default());
    let (mut buffer, mut units, mut needed) = (Vec::new(), Vec::new(), 1);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        offsets.received(piece.len() as u64);
        while buffer.len() >= needed {
            let (unit, len) = match reader.next_unit(&buffer) {
                Ok(Unit::NeedMore { at_least }) => {
                    assert!(at_least > buffer.len());
                    needed = at_least;
                    break;
                }
                Ok(unit @ (Unit::Command { len } | Unit::Discarded { len })) => (unit, len),
                Ok(unit @ Unit::Transaction { len, .. }) => (unit, len),
                Err(error) => return (units, Some(error)),
            };
            let mut args = pool.take();
            let mut commands = Vec::new();
            let mut walk = reader.commands(&buffer[..len]);
            while walk.next_into(&mut args) {
                commands.push(args.iter().map(|arg| arg.to_vec()).collect());
            }
            pool.give(args);
            buffer.drain(..len);
            needed = 1;
            offsets.advance(len as u64);
            units.push(Applied { unit, commands, offset: offsets.applied().get() });
        }
    }
    (units, None)
}

/// Returns all requests that the client's scanner finds.
fn scanned(mut bytes: &[u8]) -> Commands {
    let mut commands = Vec::new();
    let limits = Limits { authenticated: true, bulk_max: i64::MAX };
    while !bytes.is_empty() {
        let step = RequestScanner::default().scan(bytes, &limits);
        let Ok(RequestStep::Complete(request)) = step else { panic!("{step:?}") };
        if request.argc > 0 {
            commands.push(Args::new(&bytes[..request.len]).map(<[u8]>::to_vec).collect());
        }
        bytes = &bytes[request.len..];
    }
    commands
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = read(std::iter::once(bytes));
    let pieces = read(bytes.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces);
    let mut from = 0;
    for Applied { unit, commands, offset } in whole.0 {
        let to = usize::try_from(offset).unwrap();
        let scanned = scanned(&bytes[from..to]);
        from = to;
        match unit {
            Unit::Command { .. } => assert_eq!(commands, scanned),
            Unit::Discarded { .. } => assert!(commands.is_empty()),
            Unit::Transaction { commands: count, .. } => {
                // The commands between `MULTI` and `EXEC`.
                assert_eq!(commands, scanned[1..scanned.len() - 1]);
                assert_eq!(commands.len(), count);
            }
            Unit::NeedMore { .. } => panic!("no unit"),
        }
    }
});
