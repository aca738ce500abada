//! RDB files and DUMP payloads, of every version: what a server writes when it saves, sends to a
//! replica, or is asked to DUMP.
//!
//! ```
//! use tidegate_rdb::{Item, Limits, Reader};
//!
//! let file = b"REDIS0003\xfe\0\0\x01k\x02hi\xff";
//! let mut reader = Reader::new(&file[..], Limits::default());
//! while let Some(item) = reader.next_item()? {
//!     if let Item::Key(entry) = item {
//!         println!("{:?} is a {}", entry.key, entry.value.kind());
//!     }
//! }
//! # Ok::<(), tidegate_rdb::RdbError>(())
//! ```
//!
//! The reader checks each value: a [`Listpack`], an [`Intset`] or a [`StreamNode`] can be walked
//! without a further check. It does not check whether a field, a member or a key comes twice, nor
//! whether a packed sorted set is sorted. No byte makes it panic. Memory is taken as bytes arrive:
//! at most 88 times as much where they are compressed, within [`Limits`].
//!
//! A [`Writer`] writes files, and [`dump::encode`] a payload, in the [`Form`] of the server that is
//! to read it. The values may be held in any way: a [`ValueWriter`] takes packed forms and
//! iterators.
//!
//! ```
//! use tidegate_rdb::{Form, KeyFacts, ListpackBuf, Writer};
//!
//! let mut fields = ListpackBuf::new();
//! fields.push_back(b"field")?;
//! fields.push_back(b"value")?;
//! let mut writer = Writer::new(Vec::new(), Form::REDIS_70)?;
//! writer.aux_int(b"repl-offset", 1234)?;
//! writer.select_db(0)?;
//! writer.key(b"hash", KeyFacts::default())?.hash_packed(fields.view())?;
//! let file = writer.finish()?;
//! # Ok::<(), tidegate_rdb::WriteError>(())
//! ```
//!
//! [`ListpackBuf`] and [`IntsetBuf`] change packed forms as Redis changes them, byte for byte.

//! The layers. Each uses only those below it, as `tests/architecture/layers.rs` checks:
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | `types` | type bytes, opcodes, vendors |
//! | 0 | `checksum` | CRC-64 |
//! | 0 | `limits` | how much memory a payload may ask for |
//! | 0 | `strings` | many byte strings in two allocations |
//! | 0 | `text` | a string value |
//! | 0 | [`module`] | a value that a module wrote |
//! | 1 | `error` | what is wrong with a payload |
//! | 1 | `form` | the forms of the format that can be written |
//! | 2 | `packed` | listpacks, intsets, and the packed forms of former versions |
//! | 3 | `stream` | streams: nodes, entries, groups |
//! | 4 | `value` | a value, as a payload has it |
//! | 5 | `item` | the parts of a file |
//! | 6 | `read` | from bytes to values |
//! | 6 | `write` | from values to bytes |
//! | 7 | [`dump`] | DUMP payloads |

#![forbid(unsafe_code)]

mod checksum;
pub mod dump;
mod error;
mod form;
mod item;
mod limits;
pub mod module;
mod packed;
mod read;
mod stream;
mod strings;
#[cfg(test)]
mod tests;
mod text;
mod types;
mod value;
mod write;

pub use checksum::Checksum;
pub use error::{Context, Corrupt, Fault, RdbError, WriteError};
pub use form::Form;
pub use item::{ChecksumState, Entry, Header, Item, ModuleAux};
pub use limits::Limits;
pub use module::Module;
pub use packed::{
    Element, Elements, Intset, IntsetBuf, IntsetRef, Listpack, ListpackBuf, ListpackBuilder,
    ListpackRef, Position, Positions, packed_score, ziplist, zipmap,
};
pub use read::{PlainString, Reader};
pub use stream::{
    Consumer, Group, Idempotence, Pending, Producer, Stream, StreamEntries, StreamEntry, StreamId,
    StreamNode,
};
pub use strings::Strings;
pub use text::Text;
pub use types::Vendor;
pub use value::{Hash, ListNode, Opaque, Set, SortedSet, Value};
pub use write::{Encoder, FieldTtl, KeyFacts, NodeRef, ValueWriter, Writer};

/// LZF, the compression of long strings.
pub mod lzf {
    pub use crate::read::lzf::decompress;
    pub use crate::write::lzf_compress::{Compressor, compress};
}
