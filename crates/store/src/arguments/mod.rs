//! The words of a request, as commands of several types read them.
//!
//! | file | what it is |
//! |---|---|
//! | `subcommand` | commands whose second word names the subcommand |
//! | `expiry` | when a key or a field is to expire |
//! | `scan` | the arguments of SCAN and its like |
//! | `random` | the arguments of HRANDFIELD and its like |

pub(crate) mod expiry;
pub(crate) mod random;
pub(crate) mod scan;
pub(crate) mod subcommand;
pub(crate) mod timeout;
