//! Many requests under way at once: each reply is the right one, in its place.

mod crossed_replies;
mod half_close;
mod pairs;
mod program_order;
mod read_ahead;
