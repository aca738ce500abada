//! Keeps the topology true: asks every known server what it is, and publishes what follows.
//!
//! Runs on a control thread. Each known server has one connection of its own here; all are asked
//! at once, and a slow one delays nobody: what it said last holds until its time is up. Never
//! asks on behalf of a client, and never changes a server.
//!
//! | file | what it is |
//! |---|---|
//! | `rounds` | the [`Monitor`]: when who is asked |
//! | `beat` | when everybody is asked how far they have come |
//! | `roster` | the known servers and their connections |
//! | `known` | which servers ought to be known |
//! | `probe` | one server asked once |
//! | `testimony` | what else a server adds to the evidence of which one is master |
//! | `inside` | the engine of this process, which is looked at instead |
//! | `position` | where a server is in the replication stream |
//! | `freshness` | who is near enough, and the write gate |
//! | `learn` | a master's `COMMAND` |
//! | `link` | a control connection |
//! | `frame` | replies, decoded within limits |
//! | `answer`, `info` | what the replies say |
//! | `publish` | what is made of the answers: the judgement, the fence |
//! | `picture` | the topology that follows, and whether it is news |
//! | `news` | what is logged |

mod answer;
mod beat;
mod frame;
mod freshness;
mod info;
mod inside;
mod known;
mod learn;
mod life;
mod link;
mod named_master;
mod news;
mod picture;
mod position;
mod probe;
mod publish;
mod report;
mod roster;
mod rounds;
mod testimony;

pub use life::Life;
pub use rounds::Monitor;
