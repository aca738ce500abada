//! Whether a user may make a request.

use super::{Denied, Reason, access, sort};
use crate::arguments::Arguments;
use crate::catalog::{Catalog, Channels, Command};
use crate::facts::{Access, KeyAccess};
use crate::rules::{Selector, User};

impl User {
    /// Checks a request: the command, its keys and its channels, which one selector has to permit
    /// together. Does not allocate.
    ///
    /// A command that the catalog lacks may be called only by users without restrictions of keys
    /// and channels, since it may have any.
    ///
    /// # Errors
    /// [`Denied`] says what the user may not do.
    #[inline]
    pub fn check<'a>(
        &self,
        catalog: &'a Catalog,
        args: &impl Arguments<'a>,
    ) -> Result<(), Denied<'a>> {
        if self.is_unrestricted() {
            return Ok(());
        }
        let name = args.at(0);
        let Some(command) = catalog.find(name, Some(args.at(1))) else {
            let permits =
                |it: &Selector| it.commands.permits_unknown() && it.all_keys && it.all_channels;
            let is_permitted = self.all_selectors().any(permits);
            return is_permitted
                .then_some(())
                .ok_or(Denied { reason: Reason::Command, object: name });
        };
        self.check_command(command, args)?;
        if matches!(&*command.name, "sort" | "sort_ro") {
            self.check_sort(command, args)?;
        }
        Ok(())
    }

    /// Whether some selector permits a channel, or a pattern of channels. After a change of the user,
    /// subscribers to others are closed, as Redis does.
    #[must_use]
    pub fn may_subscribe(&self, channel: &[u8], is_pattern: bool) -> bool {
        self.all_selectors().any(|it| {
            it.all_channels || it.channels.iter().any(|own| own.permits(channel, is_pattern))
        })
    }

    /// As [`User::check`], for a known command, and without the patterns of SORT, which the server
    /// checks when it runs the command.
    pub(crate) fn check_command<'a>(
        &self,
        command: &'a Command,
        args: &impl Arguments<'a>,
    ) -> Result<(), Denied<'a>> {
        // The most important reason, and of several the last argument.
        let mut refused = (Reason::Command, 0);
        for selector in self.all_selectors() {
            match selector.check(command, args) {
                Ok(()) => return Ok(()),
                Err(other) => refused = refused.max(other),
            }
        }
        let (reason, at) = refused;
        let object = if reason == Reason::Command { command.name.as_bytes() } else { args.at(at) };
        Err(Denied { reason, object })
    }

    /// Checks that a SORT which reads keys that it does not name may read all.
    fn check_sort<'a>(
        &self,
        command: &Command,
        args: &impl Arguments<'a>,
    ) -> Result<(), Denied<'a>> {
        let Some((reason, at)) = sort::reads_others(args) else { return Ok(()) };
        let reads_all = |it: &Selector| {
            it.permits_command(command, args)
                && (it.all_keys || it.keys.iter().any(|own| own.permits_all(Access::READ)))
        };
        let is_permitted = self.all_selectors().any(reads_all);
        is_permitted.then_some(()).ok_or_else(|| Denied { reason, object: args.at(at) })
    }

    fn all_selectors(&self) -> impl Iterator<Item = &Selector> {
        std::iter::once(self.root()).chain(self.selectors())
    }
}

impl Selector {
    /// Checks a request. Returns the reason of a refusal and the place of the argument.
    fn check<'a>(
        &self,
        command: &Command,
        args: &impl Arguments<'a>,
    ) -> Result<(), (Reason, usize)> {
        if !self.permits_command(command, args) {
            return Err((Reason::Command, 0));
        }
        if !self.all_keys && command.access.is_checked {
            self.check_keys(command, args).map_err(|at| (Reason::Key, at))?;
        }
        if !self.all_keys && command.has_hidden_keys {
            return Err((Reason::Command, 0));
        }
        if !self.all_channels && command.channels != Channels::None {
            self.check_channels(command, args).map_err(|at| (Reason::Channel, at))?;
        }
        Ok(())
    }

    fn permits_command<'a>(&self, command: &Command, args: &impl Arguments<'a>) -> bool {
        if command.is_open || self.commands.permits(command) {
            return true;
        }
        let own = self.commands.first_args(command);
        args.count() > 1 && own.iter().any(|own| own.eq_ignore_ascii_case(args.at(1)))
    }

    /// Returns the place of the first key that is not permitted.
    fn check_keys<'a>(&self, command: &Command, args: &impl Arguments<'a>) -> Result<(), usize> {
        let KeyAccess { first, rest, varies, .. } = command.access;
        let mut needs = if varies { access::of(command, args).first } else { first };
        for at in command.keys.positions(args.count(), |at| args.at(at)) {
            let key = args.at(at);
            if !self.keys.iter().any(|own| own.permits(key, needs)) {
                return Err(at);
            }
            needs = rest;
        }
        Ok(())
    }

    /// Returns the place of the first channel that is not permitted.
    fn check_channels<'a>(
        &self,
        command: &Command,
        args: &impl Arguments<'a>,
    ) -> Result<(), usize> {
        let end = if command.channels == Channels::First { 2 } else { args.count() };
        let is_pattern = command.channels == Channels::Patterns;
        let permits = |at: &usize| {
            let channel = args.at(*at);
            self.channels.iter().any(|own| own.permits(channel, is_pattern))
        };
        (1..end.min(args.count())).find(|at| !permits(at)).map_or(Ok(()), Err)
    }
}
