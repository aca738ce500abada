//! Checks whether a request may run, in the order of Redis's `processCommand`, and then runs it or
//! queues it.

use std::collections::VecDeque;

use super::call::{Call, Handler};
use super::client::{Client, Ending};
use super::commands::transaction;
use super::handlers::{self, HANDLERS};
use super::held::Held;
use super::leading::scripts::Ended;
use super::stale;
use super::transaction::{Request, Transaction};
use crate::config::Config;
use crate::session::{ReplyMode, is_login};
use tidegate_store::{CommandError, Dialect, unknown_subcommand};
use tidegate_wire::command::{self, Command, Effect, Keys, old_arity, versions};
use tidegate_wire::resp::encode;

const NOAUTH: CommandError = CommandError::new("NOAUTH Authentication required.");
const MASTERDOWN: CommandError = CommandError::new(
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
);

const NO_SSUBSCRIBE: CommandError =
    CommandError::new("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");

/// A command that a request names, and what runs it.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// The row of the command, or of its subcommand.
    command: &'static Command,
    /// The number of the command (or container of commands).
    number: usize,
    runner: Runner,
}

impl Found {
    /// Whether the command changes nothing about the client.
    fn is_plain(&self) -> bool {
        match self.runner {
            Runner::Store | Runner::Write => !matches!(self.command.effect, Effect::Blocking(_)),
            Runner::Port(_) => self.command.effect == Effect::Ping,
        }
    }
}

/// The part of the engine that runs a command.
#[derive(Clone, Copy, Debug)]
enum Runner {
    /// The store alone.
    Store,
    /// The port itself, which may ask the store.
    Port(Handler),
    /// The store, for a local write of the replica.
    Write,
}

impl Client {
    /// Handles a request; false if it has to wait for the end of a pause.
    pub(super) fn request(&mut self, config: &Config, held: &mut Held<'_>, args: &[&[u8]]) -> bool {
        let is_done = self.handle(config, held, args);
        // `CLIENT CACHING` concerns one command, or one transaction (`resetClient`).
        if self.tracking.is_caching && is_done && !self.transaction.is_open() {
            let name = args.first().copied().unwrap_or_default();
            self.tracking.is_caching = name.eq_ignore_ascii_case(b"client");
        }
        is_done
    }

    fn handle(&mut self, config: &Config, held: &mut Held<'_>, args: &[&[u8]]) -> bool {
        if args.first().is_some_and(|name| is_http(name)) {
            // A web page can make a browser send this. The lines that follow must not run.
            tracing::warn!(client = %self.entry.addr, "the replica closed a client that speaks HTTP");
            self.end(Ending::Now);
            return true;
        }
        if self.context.scripts.has_ended() {
            // A transaction goes on first.
            return false;
        }
        if self.context.scripts.is_busy() && self.answer_busy(args) {
            return true;
        }
        let found = match self.find(args) {
            Ok(found) => found,
            Err(error) => {
                self.refuse(args, &error);
                return true;
            }
        };
        let Found { command, .. } = found;
        if !found.is_plain() || self.transaction.is_open() {
            self.presence.change();
        }
        let context = std::rc::Rc::clone(&self.context);
        self.follow_users(config);
        let refused = self
            .objection(config, command, args)
            .or_else(|| self.masters_objection(config, held, command, args));
        if let Some(error) = refused {
            self.refuse(args, &error);
            return true;
        }
        let is_login = is_login(command.effect, args.iter().copied());
        let logins = &context.engine.clients.logins;
        if is_login && logins.must_wait(self.entry.addr.host(), context.now_ms()) {
            return false;
        }
        if context.holds(command.replicates) {
            return false;
        }
        let dialect = context.engine.dialect();
        if self.transaction.is_open()
            && let Some(error) = transaction::objection(command, dialect)
        {
            self.refuse(args, &error);
            return true;
        }
        if self.transaction.is_open() && !transaction::runs_at_once(command) {
            self.transaction.queue(command, args);
            self.reply(command, |client| encode::status(&mut client.out, "QUEUED"));
            return true;
        }
        let may_wait = matches!(command.effect, Effect::Blocking(_))
            && !self.transaction.is_open()
            && !context.engine.leads();
        if may_wait && self.begin_waiting(held, command, args) {
            self.note(found, args);
            return true;
        }
        self.reply(command, |client| client.run(held, found, args));
        true
    }

    /// Answers a request while a script runs for long; false if the request is carried out.
    fn answer_busy(&mut self, args: &[&[u8]]) -> bool {
        let context = std::rc::Rc::clone(&self.context);
        let is_open = self.transaction.is_open();
        let mut reply = Vec::new();
        let now = (context.now_ms(), self.session.version);
        if !self.session.is_logged_in() || !context.scripts.answer(args, now, &mut reply) {
            return false;
        }
        if is_open {
            self.transaction.refuse();
        }
        self.take_mail();
        if self.session.reply.wants_reply() {
            self.out.extend_from_slice(&reply);
        }
        true
    }

    /// Runs the queued commands of EXEC, under a lock that is kept. A script that runs for long puts the
    /// rest off until it has ended; the lock stays with it.
    pub(super) fn run_queue(&mut self, held: &mut Held<'_>, mut queue: VecDeque<Request>) {
        while let Some(request) = queue.pop_front() {
            let args: Vec<&[u8]> = request.iter().map(Vec::as_slice).collect();
            self.run_queued(held, &args);
            self.bound_output();
            if self.is_blocked() {
                self.rest_of_exec = Some(queue);
                return;
            }
        }
        let context = std::rc::Rc::clone(&self.context);
        if context.engine.leads() {
            context.end_unit(held);
        }
        held.let_go();
    }

    /// Goes on with EXEC behind a script that has ended.
    pub(super) fn resume_exec(&mut self, command: &Command, ended: Ended) {
        let context = std::rc::Rc::clone(&self.context);
        let queue = self.rest_of_exec.take().unwrap_or_default();
        let mut held = Held::resume(&context, context.engine.relock(ended.guard));
        held.keep(true);
        self.reply(command, |client| {
            client.out.extend_from_slice(&ended.reply);
            client.run_queue(&mut held, queue);
        });
    }

    /// Runs a queued command.
    fn run_queued(&mut self, held: &mut Held<'_>, args: &[&[u8]]) {
        match self.find(args) {
            Ok(found) if found.command.name == "ssubscribe" => NO_SSUBSCRIBE.write(&mut self.out),
            Ok(found) => self.run(held, found, args),
            Err(error) => error.write(&mut self.out),
        }
    }

    /// Lets `write` write a reply, unless CLIENT REPLY is off. Messages and confirmations of
    /// subscriptions are written all the same.
    pub(super) fn reply(&mut self, command: &Command, write: impl FnOnce(&mut Self)) {
        self.take_mail();
        let start = self.out.len();
        let before = self.session.reply;
        let wanted = self.session.reply.wants_reply();
        self.pushes = (!wanted).then(Vec::new);
        write(self);
        let pushes = self.pushes.take();
        let is_error = self.out.get(start) == Some(&b'-');
        self.context.stats.errors.add(u64::from(is_error));
        // A request that turns replies on is answered.
        let may_turn_on = match command.effect {
            Effect::Reset => before == ReplyMode::Off,
            _ => command.name == "client|reply" && before != ReplyMode::On,
        };
        let turns_on = may_turn_on && self.session.reply == ReplyMode::On;
        if !wanted && !turns_on {
            self.out.truncate(start);
        }
        self.out.extend(pushes.into_iter().flatten());
    }

    fn run(&mut self, held: &mut Held<'_>, found: Found, args: &[&[u8]]) {
        self.note(found, args);
        let Found { command, runner, .. } = found;
        let context = std::rc::Rc::clone(&self.context);
        if self.tracking.remembers() {
            context.engine.note_read(self.entry.id, command, args);
        }
        let is_write = matches!(runner, Runner::Write);
        if matches!(runner, Runner::Port(_)) || !context.engine.leads() && is_write {
            held.release();
        }
        let mut call = Call { client: self, held, command, args, handlers: HANDLERS };
        let is_answered = match runner {
            Runner::Port(handler) => {
                handler(&mut call);
                true
            }
            Runner::Store => call.read_store(),
            Runner::Write => call.write_store(),
        };
        let is_short = matches!(command.keys, Keys::Range { first: 1, last: 1, .. });
        if !is_short && command.effect != Effect::Ping {
            context.clock.expire();
        }
        if !is_answered {
            CommandError::unknown(args, context.engine.dialect()).write(&mut self.out);
        }
    }

    /// Sends the command to the monitors.
    fn note(&mut self, Found { command, number, .. }: Found, args: &[&[u8]]) {
        self.presence.note(command.name);
        self.context.stats.call(command.name, number);
        let hub = &self.context.engine.hub;
        if hub.is_monitored() && handlers::is_shown(command) {
            hub.monitor(self.db(), &self.entry.addr.to_string(), args);
        }
    }

    fn find(&self, args: &[&[u8]]) -> Result<Found, CommandError> {
        let name = args.first().copied().unwrap_or_default();
        let dialect = self.context.engine.dialect();
        let unknown = || CommandError::unknown(args, dialect);
        let number = command::number(name).ok_or_else(unknown)?;
        let row = command::row(number).ok_or_else(unknown)?;
        let known = self.context.engine.known_by_number(number).ok_or_else(unknown)?;
        let runner = runner((number, row), known.is_read).ok_or_else(unknown)?;
        let sub = args.get(1).filter(|_| !row.subcommands.is_empty());
        // Servers without subcommands find a wrong subcommand when they run it.
        let found_late = matches!(runner, Runner::Store) && !dialect.has_subcommands();
        let there = |command: &&Command| dialect.has(versions(command.name));
        let command = match sub {
            Some(sub) => match row.subcommand(sub).filter(there) {
                Some(command) => command,
                None if found_late => row,
                None => return Err(unknown_subcommand(sub, row.name, dialect)),
            },
            None => row,
        };
        let old = old_arity(command.name).filter(|(_, versions)| dialect.is_among(versions));
        let fits = command::fits(old.map_or(command.arity, |(arity, _)| arity), args.len());
        // Servers accept any number here.
        if fits || command.name == "quit" || (sub.is_some() && found_late) {
            Ok(Found { command, number, runner })
        } else {
            Err(match sub.filter(|_| !dialect.has_subcommands()) {
                Some(sub) => unknown_subcommand(sub, row.name, dialect),
                None => CommandError::wrong_arity(command.name),
            })
        }
    }

    /// Returns why a known command may not run now.
    fn objection(
        &self,
        config: &Config,
        command: &Command,
        args: &[&[u8]],
    ) -> Option<CommandError> {
        let before_auth =
            matches!(command.effect, Effect::Auth | Effect::Hello | Effect::Quit | Effect::Reset);
        if !self.session.is_logged_in() && !before_auth {
            return Some(NOAUTH);
        }
        if let Some(user) = &self.session.rights
            && let Err(denied) = user.check(config.accounts.engine.catalog(), &args)
        {
            let (refusals, client) =
                (&self.context.engine.clients.refusals, (&self.session, &*self.entry));
            let (is_queued, now_ms) = (self.transaction.is_open(), self.context.now_ms());
            return Some(CommandError::of(refusals.denied(&denied, client, is_queued, now_ms)));
        }
        let leads = self.context.engine.leads();
        if command.may_write && !leads && config.replica.replica_read_only {
            return Some(CommandError::READ_ONLY);
        }
        if self.session.subscriptions.any()
            && self.session.version == tidegate_wire::resp::RespVersion::V2
            && !is_for_subscribers(command)
        {
            return Some(only_for_subscribers(command, self.context.engine.dialect()));
        }
        let is_stale = !leads
            && !config.replica.replica_serve_stale_data
            && !stale::is_answered(command)
            && !self.context.engine.link_info().status.is_up();
        is_stale.then_some(MASTERDOWN)
    }

    /// Answers with an error, which makes an open transaction fail (`rejectCommand`).
    fn refuse(&mut self, args: &[&[u8]], error: &CommandError) {
        self.transaction.refuse();
        self.take_mail();
        self.context.stats.errors.add(1);
        let is_wanted = self.session.reply.wants_reply();
        let is_exec = args.first().is_some_and(|name| name.eq_ignore_ascii_case(b"exec"));
        if is_exec {
            self.presence.change();
            self.transaction = Transaction::default();
        }
        if is_wanted && is_exec {
            let why = error.reason();
            let error = format!("EXECABORT Transaction discarded because of: {why}");
            CommandError::of(error).write(&mut self.out);
        } else if is_wanted {
            error.write(&mut self.out);
        }
    }
}

/// Returns what runs a command (or container of commands); `is_read` if the store answers it.
fn runner((number, row): (usize, &Command), is_read: bool) -> Option<Runner> {
    // Some containers do not concern only the data.
    let may_be_ports = !is_read || !row.subcommands.is_empty() || row.name == "debug";
    if may_be_ports && let Some(handler) = handlers::by_number(number) {
        return Some(Runner::Port(handler));
    }
    match (is_read, row.may_write) {
        (true, _) => Some(Runner::Store),
        (_, true) => Some(Runner::Write),
        _ => None,
    }
}

/// Returns the error for a command that subscribers may not run. Before Redis 7.0 there were no
/// shard channels, and a subcommand had no name of its own.
fn only_for_subscribers(command: &Command, dialect: Dialect) -> CommandError {
    let (name, kinds) = match dialect.has_subcommands() {
        true => (command.name, "P|S"),
        false => (command.name.split('|').next().unwrap_or_default(), "P"),
    };
    CommandError::of(format!(
        "ERR Can't execute '{name}': only ({kinds})SUBSCRIBE / ({kinds})UNSUBSCRIBE / PING / QUIT \
         / RESET are allowed in this context"
    ))
}

/// Whether a request is a line of HTTP (`securityWarningCommand`).
fn is_http(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

fn is_for_subscribers(command: &Command) -> bool {
    matches!(
        command.effect,
        Effect::Subscribe(_) | Effect::Unsubscribe(_) | Effect::Ping | Effect::Quit | Effect::Reset
    )
}
