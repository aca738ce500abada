//! The path of a replication stream from its bytes to the commands that are applied.

use tidegate_replication::{ArgsPool, StreamReader, Unit};
use tidegate_wire::resp::encode;

/// The kinds of streams.
pub(crate) const STREAMS: [&str; 3] = ["set_64b", "transactions", "set_64kib"];

/// Returns the bytes of a stream of [`STREAMS`]: a thousand commands.
pub(crate) fn stream(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let value = vec![b'v'; if name == "set_64kib" { 64 << 10 } else { 64 }];
    let transactions = name == "transactions";
    for n in 0..1000 {
        if transactions && n % 10 == 0 {
            encode::request(&mut bytes, [b"MULTI"].into_iter());
        }
        let key = format!("key:{n:012}");
        encode::request(&mut bytes, [b"SET", key.as_bytes(), &value].into_iter());
        if transactions && n % 10 == 9 {
            encode::request(&mut bytes, [b"EXEC"].into_iter());
        }
    }
    bytes
}

/// The reader of one link.
#[derive(Debug)]
pub(crate) struct StreamWay {
    reader: StreamReader,
    pool: ArgsPool,
}

impl StreamWay {
    pub(crate) fn new() -> Self {
        Self { reader: StreamReader::new(1 << 30), pool: ArgsPool::default() }
    }

    /// Walks all commands. Returns their number and the length of all arguments.
    pub(crate) fn walk(&mut self, mut bytes: &[u8]) -> (usize, usize) {
        let mut args = self.pool.take();
        let (mut commands, mut total) = (0, 0);
        while let Ok(
            Unit::Command { len } | Unit::Discarded { len } | Unit::Transaction { len, .. },
        ) = self.reader.next_unit(bytes)
        {
            let (unit, rest) = bytes.split_at(len);
            let mut walk = self.reader.commands(unit);
            while walk.next_into(&mut args) {
                commands += 1;
                total += args.iter().map(|arg| arg.len()).sum::<usize>();
            }
            bytes = rest;
        }
        self.pool.give(args);
        (commands, total)
    }
}
