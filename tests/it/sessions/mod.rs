//! What belongs to one client's session: its login, database and name stay its own, and end with it.

mod handshake_answers;
mod isolation;
mod leaving;
mod login;
mod login_failures;
mod read_levels;
mod sent_again;
