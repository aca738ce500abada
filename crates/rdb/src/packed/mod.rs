//! Packed forms: small collections that lie in one run of bytes. They are checked once, walked
//! where they lie, and edited as Redis edits them.
//!
//! | file | what it is |
//! |---|---|
//! | `listpack_entry` | one element of a listpack |
//! | `listpack_elements` | the bytes of a listpack, checked and walked |
//! | `listpack_ref`, `listpack`, `listpack_buf` | a listpack: borrowed, owned, and one that can be changed |
//! | `listpack_builder` | makes a listpack from elements |
//! | `listpack_vendor` | turns a listpack into the one that the other vendor writes |
//! | `intset_ref`, `intset`, `intset_buf` | an intset: borrowed, owned, and one that can be changed |
//! | `splice` | makes room within a run of bytes |
//! | `score` | the scores of packed sorted sets |
//! | `ziplist`, `zipmap` | packed forms of former versions, which become listpacks |

mod intset;
mod intset_buf;
mod intset_ref;
mod listpack;
mod listpack_buf;
mod listpack_builder;
mod listpack_elements;
mod listpack_entry;
mod listpack_ref;
mod listpack_vendor;
mod score;
mod splice;
pub mod ziplist;
pub mod zipmap;

pub use intset::Intset;
pub use intset_buf::IntsetBuf;
pub use intset_ref::IntsetRef;
pub use listpack::Listpack;
pub use listpack_buf::ListpackBuf;
pub use listpack_builder::ListpackBuilder;
pub use listpack_elements::Elements;
pub use listpack_entry::Element;
pub use listpack_ref::{ListpackRef, Position, Positions};
pub use score::packed_score;

pub(crate) use listpack_entry::canonical_integer;
pub(crate) use listpack_vendor::for_vendor;
pub(crate) use score::parse_score;
