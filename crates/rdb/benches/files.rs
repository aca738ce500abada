//! The cost of writing and reading an RDB file: `cargo bench -p tidegate-rdb`.

use divan::{AllocProfiler, Bencher, black_box};
use tidegate_rdb::{
    Element, Entry, Form, Hash, Item, Limits, ListpackBuilder, Reader, Text, Value, Writer,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// The number of keys of a file.
const KEYS: usize = 10_000;

/// The kinds of values of a file.
const VALUES: [&str; 3] = ["strings_64b", "numbers", "packed_hashes"];

fn value(kind: &str, n: usize) -> Value {
    match kind {
        "strings_64b" => Value::String(Text::Bytes(vec![b'x'; 64])),
        "numbers" => Value::String(Text::Int(i64::try_from(n).unwrap_or(0))),
        _ => {
            let mut fields = ListpackBuilder::new();
            for field in 0..8 {
                fields.push(Element::Bytes(format!("field:{field}").as_bytes()));
                fields.push(Element::Int(i64::try_from(n).unwrap_or(0)));
            }
            Value::Hash(Hash::Packed(fields.finish().expect("it is short")))
        }
    }
}

fn entries(kind: &str) -> Vec<Entry> {
    let entry = |n| Entry {
        key: format!("key:{n:012}").into_bytes(),
        expires_ms: None,
        idle: None,
        freq: None,
        meta: None,
        value: value(kind, n),
    };
    (0..KEYS).map(entry).collect()
}

fn file(entries: &[Entry]) -> Vec<u8> {
    let write = || {
        let mut writer = Writer::new(Vec::new(), Form::REDIS_74)?;
        writer.select_db(0)?;
        entries.iter().try_for_each(|entry| writer.entry(entry))?;
        writer.finish()
    };
    write().unwrap_or_default()
}

/// Returns the number of keys of `file`.
fn keys(file: &[u8]) -> usize {
    let mut reader = Reader::new(file, Limits::default());
    let mut keys = 0;
    while let Ok(Some(item)) = reader.next_item() {
        keys += usize::from(matches!(item, Item::Key(_)));
    }
    keys
}

#[divan::bench(args = VALUES, sample_size = 1)]
fn write(bencher: Bencher<'_, '_>, kind: &str) {
    let entries = entries(kind);
    bencher.bench_local(|| file(black_box(&entries)));
}

#[divan::bench(args = VALUES, sample_size = 1)]
fn read(bencher: Bencher<'_, '_>, kind: &str) {
    let file = file(&entries(kind));
    assert_eq!(keys(&file), KEYS, "{kind}");
    bencher.bench_local(|| keys(black_box(&file)));
}
