//! A request, as far as its plan depends on it.

use std::fmt;

use tidegate_wire::command::Resolved;

/// A request, as far as its plan depends on it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The command; `None` if neither the table nor the master's COMMAND has it.
    pub command: Option<&'a Resolved<'a>>,
    /// The number of arguments, with the command's name.
    pub argc: usize,
    /// An argument by its index; 0 is the command's name.
    pub arg: &'a dyn Fn(usize) -> &'a [u8],
    /// Whether the client has a dedicated connection open.
    pub has_connection: bool,
    /// Whether an operator's command would end the proxy's own login.
    pub locks_out: bool,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<_> = (0..self.argc).map(|at| (self.arg)(at).escape_ascii()).collect();
        let Self { command, has_connection, locks_out, .. } = self;
        f.debug_struct("Request")
            .field("command", command)
            .field("args", &args)
            .field("has_connection", has_connection)
            .field("locks_out", locks_out)
            .finish()
    }
}
