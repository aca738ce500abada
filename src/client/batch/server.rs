//! The server of a request, or why there is none.

use std::rc::Rc;

use crate::backend::Connection;
use crate::client::batch::local_reader::LocalReader;
use crate::routing::NoRoute;

/// Why a request can't join the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Obstacle {
    /// No server may be sent the request.
    NoRoute(NoRoute),
    /// The queue of the server's connection is full.
    Congested,
    /// The former master, or a connection with the former login, has not answered yet: what it
    /// refuses goes to the new one first.
    Busy,
}

/// The server of a request.
#[derive(Debug)]
pub(in crate::client) enum Server<'a> {
    /// A server process, over a connection.
    Remote(&'a Rc<Connection>),
    /// The engine of this process.
    Engine(&'a LocalReader),
    /// The engine of this process, on its own thread.
    EngineThread(&'a LocalReader),
}
