//! Writing: from values, wherever they are held, to the bytes of a file or a DUMP payload.
//!
//! | file | what it is |
//! |---|---|
//! | `lzf_compress` | compressed strings |
//! | `encoder` | the parts of every value: lengths, strings, scores, packed forms |
//! | `stream`, `hash_writer` | streams and hashes |
//! | `value_writer` | one value, in the type that the chosen form has for it |
//! | `writer` | a file, item by item |

mod encoder;
mod hash_writer;
pub(crate) mod lzf_compress;
mod stream;
mod value_writer;
mod writer;

pub use encoder::Encoder;
pub use hash_writer::FieldTtl;
pub use value_writer::{NodeRef, ValueWriter};
pub use writer::{KeyFacts, Writer};
