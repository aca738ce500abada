//! Strings, and what commands build on them: numbers, bits, cardinalities.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `value` | a string, and whether Redis would call it an integer, short, or neither |
//! | `embedding` | which strings Redis keeps in one piece with their keys |
//! | `float` | the long doubles of INCRBYFLOAT |

pub(crate) mod embedding;
pub(crate) mod float;
pub(crate) mod value;

pub(crate) use value::{Str, StrRef, kind_of};
