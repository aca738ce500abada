//! Sets.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `rules` | the limits by which a set changes its form |
//! | `members` | a set in a hash table |
//! | `view`, `value` | a set to be read, and one to be changed |
//! | `number` | members that are integers |
//! | `combine` | intersections, unions and differences |

pub(crate) mod combine;
pub(crate) mod members;
pub(crate) mod number;
pub(crate) mod rules;
pub(crate) mod value;
pub(crate) mod view;

pub(crate) use rules::Rules;
pub(crate) use value::Set;
pub(crate) use view::SetRef;
