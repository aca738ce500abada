//! Lists.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `end`, `needle` | an end of a list, and an element that is looked for |
//! | `fill` | the limits of the nodes |
//! | `node`, `quicklist` | a long list, and one of its nodes |
//! | `view`, `value` | a list to be read, and one to be changed |
//! | `walk` | the elements of a list in turn |

pub(crate) mod end;
pub(crate) mod fill;
pub(crate) mod needle;
pub(crate) mod node;
pub(crate) mod quicklist;
#[cfg(test)]
mod tests;
pub(crate) mod value;
pub(crate) mod view;
pub(crate) mod walk;

pub(crate) use end::End;
pub(crate) use fill::Fill;
pub(crate) use value::List;
pub(crate) use view::ListRef;
