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
//! What is read is checked as far as it lies in one value: whoever has a
//! [`Listpack`], an [`Intset`] or a [`StreamNode`] can walk it without a further check. Not
//! checked: that a field, a member or a key comes only once, and that a packed sorted set is
//! sorted. No byte makes it panic, and memory is taken as bytes arrive: at most 88 times as much
//! where they are compressed, within [`Limits`].
//!
//! A [`Writer`] writes files, [`dump::encode`] a payload, in the [`Form`] of the server that is to
//! read it, from values wherever they are held: a [`ValueWriter`] takes packed forms and iterators.
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
//! [`ListpackBuf`] and [`IntsetBuf`] are changed as Redis changes them, byte for byte.

#![forbid(unsafe_code)]

mod checksum;
mod decode;
pub mod dump;
mod encoder;
mod error;
mod form;
mod hash_writer;
mod input;
mod intset;
mod intset_buf;
mod intset_ref;
mod length;
mod limits;
mod listpack;
mod listpack_buf;
mod listpack_builder;
mod listpack_entry;
mod listpack_ref;
mod listpack_vendor;
pub mod lzf;
mod lzf_compress;
pub mod module;
mod plain;
mod reader;
mod stream;
mod stream_decode;
mod stream_encode;
mod stream_entries;
mod string;
mod strings;
#[cfg(test)]
mod tests;
mod types;
mod value;
mod value_writer;
mod writer;
pub mod ziplist;
pub mod zipmap;

pub use checksum::Checksum;
pub use decode::packed_score;
pub use encoder::Encoder;
pub use error::{Context, Corrupt, Fault, RdbError, WriteError};
pub use form::Form;
pub use hash_writer::FieldTtl;
pub use intset::Intset;
pub use intset_buf::IntsetBuf;
pub use intset_ref::IntsetRef;
pub use limits::Limits;
pub use listpack::{Elements, Listpack};
pub use listpack_buf::ListpackBuf;
pub use listpack_builder::ListpackBuilder;
pub use listpack_entry::Element;
pub use listpack_ref::{ListpackRef, Position, Positions};
pub use module::Module;
pub use plain::PlainString;
pub use reader::{ChecksumState, Entry, Header, Item, ModuleAux, Reader};
pub use stream::{Consumer, Group, Idempotence, Pending, Producer, Stream, StreamId, StreamNode};
pub use stream_entries::{Entries as StreamEntries, Entry as StreamEntry};
pub use string::Text;
pub use strings::Strings;
pub use types::Vendor;
pub use value::{Hash, ListNode, Opaque, Set, SortedSet, Value};
pub use value_writer::{NodeRef, ValueWriter};
pub use writer::{KeyFacts, Writer};
