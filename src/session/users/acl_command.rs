//! ACL, from the users of the configuration.

use crate::session::Session;
use tidegate_acl::{Acl, AclCommand, AclLog, Asking, answer as answer_from};
use tidegate_wire::resp::encode;

const IN_FILE: &str = "ERR Users are changed in the proxy's configuration; PROXY RELOAD reads it";

/// Whether `name` is the command ACL, or one of its subcommands.
#[must_use]
pub fn is_acl(name: &str) -> bool {
    name == "acl" || name.starts_with("acl|")
}

/// Answers ACL; `args` begin with its name. Requests that would change users are refused. `now_ms` is
/// the time since 1970, and `random` fills bytes with random ones.
pub fn answer(
    session: &Session,
    args: &[&[u8]],
    (acl, log): (&Acl, &mut AclLog),
    (now_ms, random): (u64, impl FnOnce(&mut [u8])),
    out: &mut Vec<u8>,
) {
    let command = match AclCommand::parse(args) {
        Ok(AclCommand::Load | AclCommand::Save) => return encode::error(out, IN_FILE),
        Ok(command) if command.changes_users() => return encode::error(out, IN_FILE),
        Ok(command) => command,
        Err(error) => return encode::error(out, &error),
    };
    let mut bytes = vec![0; command.random_bytes()];
    random(&mut bytes);
    let asking = Asking {
        version: session.version,
        username: session.user().name().as_bytes(),
        now_ms,
        random: &bytes,
    };
    // No request changes the users, so a copy, which shares them, will do.
    answer_from(&command, &mut acl.clone(), log, &asking, out);
}
