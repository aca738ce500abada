//! The replies to `XGROUP HELP` and `XINFO HELP`.

use crate::arguments::subcommand::help;
use crate::call::Reply;

/// `XINFO HELP`
pub(in crate::commands::streams) fn xinfo(reply: &mut Reply<'_>) {
    let lines = [
        "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "CONSUMERS <key> <groupname>",
        "    Show consumers of <groupname>.",
        "GROUPS <key>",
        "    Show the stream consumer groups.",
        "STREAM <key> [FULL [COUNT <count>]",
        "    Show information about the stream.",
    ];
    help(&[&lines], reply);
}

/// `XGROUP HELP`
pub(in crate::commands::streams) fn xgroup(reply: &mut Reply<'_>) {
    let create = [
        "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "CREATE <key> <groupname> <id|$> [option]",
        "    Create a new consumer group. Options are:",
        "    * MKSTREAM",
        "      Create the empty stream if it does not exist.",
    ];
    let entries_read = [
        "    * ENTRIESREAD entries_read",
        "      Set the group's entries_read counter (internal use).",
    ];
    let consumers = [
        "CREATECONSUMER <key> <groupname> <consumer>",
        "    Create a new consumer in the specified group.",
        "DELCONSUMER <key> <groupname> <consumer>",
        "    Remove the specified consumer.",
    ];
    let rest = [
        "DESTROY <key> <groupname>",
        "    Remove the specified group.",
        "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
        "    Set the current group ID and entries_read counter.",
    ];
    // 6.2 has one line where there should be two.
    let old_rest = [
        "DESTROY <key> <groupname>    Remove the specified group.",
        "SETID <key> <groupname> <id|$>",
        "    Set the current group ID.",
    ];
    if reply.dialect().has_stream_counters() {
        help(&[&create, &entries_read, &consumers, &rest], reply);
    } else {
        help(&[&create, &consumers, &old_rest], reply);
    }
}
