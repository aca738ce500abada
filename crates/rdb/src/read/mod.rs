//! Reading: from the bytes of a file or a DUMP payload to items and values.
//!
//! | file | what it is |
//! |---|---|
//! | `input` | the source's bytes, counted and limited |
//! | `length`, `string`, `lzf` | the parts of every value: lengths, strings, compressed strings |
//! | `module_frames` | what modules wrote |
//! | `stream` | streams |
//! | `decode` | a type byte and what follows it become a value |
//! | `reader` | a file, item by item |
//! | `plain` | plain strings, handed out where they lie in the reader's buffer |

mod decode;
mod input;
mod length;
pub(crate) mod lzf;
mod module_frames;
mod plain;
mod reader;
mod stream;
mod string;

pub(crate) use input::Input;
#[cfg(test)]
pub(crate) use length::Length;
pub use plain::PlainString;
pub use reader::Reader;
