//! Scripts that are killed, or that take too much: they end, and the next ones run.

use std::cell::Cell;

use tidegate_scripts::{Call, CommandInfo, Host, Limits, LogLevel, Pulse, Scripting, Version};
use tidegate_wire::resp::RespVersion;

/// A server without data, which lets a script go on for so many pulses.
#[derive(Debug, Default)]
struct Patience {
    pulses: Cell<u32>,
    has_written: Cell<bool>,
    is_endless: bool,
}

impl Host for Patience {
    fn describe(&mut self, words: &[&[u8]]) -> Option<CommandInfo> {
        let may_write = words[0].eq_ignore_ascii_case(b"SET");
        Some(CommandInfo { fits: true, may_write, is_denied: false })
    }

    fn call(&mut self, call: Call<'_>, reply: &mut Vec<u8>) {
        let count = call.words.len();
        reply.extend_from_slice(format!(":{count}\r\n").as_bytes());
    }

    fn is_permitted(&mut self, _words: &[&[u8]]) -> bool {
        true
    }

    fn log(&mut self, _level: LogLevel, _text: &[u8]) {}

    fn pulse(&mut self, has_written: bool) -> Pulse {
        self.pulses.set(self.pulses.get() + 1);
        self.has_written.set(has_written);
        if self.is_endless || self.pulses.get() < 5 || has_written && self.pulses.get() < 20 {
            Pulse::Continue
        } else {
            Pulse::Kill
        }
    }
}

fn scripting() -> Scripting {
    let limits = Limits { memory: 8 * 1024 * 1024, ..Limits::default() };
    Scripting::new(&limits, &Version::default()).unwrap()
}

fn run(scripting: &mut Scripting, host: &mut Patience, words: &[&str]) -> String {
    let words: Vec<&[u8]> = words.iter().map(|it| it.as_bytes()).collect();
    let mut out = Vec::new();
    assert!(scripting.execute(&words, RespVersion::V2, host, &mut out));
    String::from_utf8_lossy(&out).into_owned()
}

fn eval(scripting: &mut Scripting, script: &str) -> String {
    run(scripting, &mut Patience::default(), &["EVAL", script, "0"])
}

#[test]
fn a_script_that_is_killed_cannot_go_on() {
    let mut scripting = scripting();
    for script in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do xpcall(function() while true do end end, function(e) return e end) end",
        "local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "local function f() while true do end end\nf()",
        "while true do redis.pcall('get', 'x') end",
        "while true do pcall(redis.call, 'get', 'x') end",
    ] {
        let reply = eval(&mut scripting, script);
        let expected = "-ERR Script killed by user with SCRIPT KILL... script: ";
        assert!(reply.starts_with(expected), "{script}: {reply}");
        assert_eq!(eval(&mut scripting, "return 1"), ":1\r\n");
    }
    let library = "#!lua name=l\nredis.register_function('f', function() while true do end end)";
    let mut host = Patience::default();
    run(&mut scripting, &mut host, &["FUNCTION", "LOAD", library]);
    let reply = run(&mut scripting, &mut host, &["FCALL", "f", "0"]);
    assert_eq!(
        reply,
        "-ERR Script killed by user with SCRIPT KILL... script: f, on @user_function:2.\r\n"
    );
    let endless = "#!lua name=m\nwhile true do end";
    let reply = run(&mut scripting, &mut host, &["FUNCTION", "LOAD", endless]);
    assert!(reply.starts_with("-ERR Error registering functions: "), "{reply}");
}

#[test]
fn the_host_knows_whether_a_script_has_written() {
    let mut scripting = scripting();
    let mut host = Patience::default();
    run(&mut scripting, &mut host, &["EVAL", "redis.call('GET', 'a') while true do end", "0"]);
    assert!(!host.has_written.get() && !scripting.scripts.has_written());
    let mut host = Patience::default();
    run(&mut scripting, &mut host, &["EVAL", "redis.call('SET', 'a', 1) while true do end", "0"]);
    assert!(host.has_written.get() && scripting.scripts.has_written());
    assert_eq!(host.pulses.get(), 20);
}

#[test]
fn what_a_script_takes_is_bounded() {
    let mut scripting = scripting();
    let mut host = Patience { is_endless: true, ..Patience::default() };
    for script in [
        "return string.rep('x', 1e9)",
        "local t = {} for i = 1, 1e9 do t[i] = 'value' .. i end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t = {t} end",
    ] {
        let reply = run(&mut scripting, &mut host, &["EVAL", script, "0"]);
        assert!(reply.starts_with("-ERR ") && reply.contains("not enough memory"), "{reply}");
        let used = scripting.scripts.used_memory();
        assert_eq!(eval(&mut scripting, "return 1"), ":1\r\n", "{script}: {used}");
    }
    assert!(scripting.scripts.used_memory() < 9 * 1024 * 1024);
    for script in [
        "local function f() return 1 + f() end return f()",
        "local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x",
        "local function f() local ok, e = pcall(f) error(e) end f()",
        "local t = {} t[1] = t return t",
        "local t = {} t.a = t return cmsgpack.pack(t)",
        "return string.rep('a', 1000):find(string.rep('a?', 10) .. string.rep('a', 10))",
        "return cjson.decode(string.rep('[', 100000))",
        "return cmsgpack.unpack(string.rep('\\145', 100000))",
        "return string.format('%99999d', 1)",
        "local function f() return load(f) end return load(f)",
        "local function f() return ('x'):gsub('x', f) end return f()",
        "local function f() return coroutine.wrap(f)() end return f()",
        "local function f() return xpcall(f, f) end return f()",
        "local function f() error(f) end return xpcall(f, f)",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function() return load(function() \
            return t.x end) end return t.x",
        "return ('x'):rep(1000):gsub('.', ('y'):rep(1000))",
    ] {
        assert!(!eval(&mut scripting, script).is_empty());
        assert_eq!(eval(&mut scripting, "return 1"), ":1\r\n", "{script}");
    }
}

/// As many values as Lua passes to a function: Lua's binding has a bound of its own.
#[test]
fn too_many_values_are_an_error() {
    let mut scripting = scripting();
    let many = |count: usize, call: &str| {
        format!("local t = {{}} for i = 1, {count} do t[i] = 'v' .. i end return {call}")
    };
    assert_eq!(eval(&mut scripting, &many(7_000, "redis.call('X', unpack(t))")), ":7001\r\n");
    let script = many(7_900, "redis.call('X', unpack(t))");
    let script = script.replace("unpack(t)", &format!("{}unpack(t)", "'y',".repeat(200)));
    for _ in 0..3 {
        let reply = eval(&mut scripting, &script);
        assert!(reply.starts_with("-ERR ") || reply == ":8101\r\n", "{reply}");
        assert_eq!(eval(&mut scripting, "return 1"), ":1\r\n");
    }
}

/// What one script leaves behind no other script finds.
#[test]
fn no_script_changes_what_others_find() {
    let mut scripting = scripting();
    for script in [
        "x = 1",
        "rawset(_G, 'x', 1)",
        "table.insert(redis, 1)",
        "table.insert(_G, 1)",
        "getmetatable('').__index = nil",
        "string.upper = nil",
        "setmetatable(_G, nil)",
        "for k, v in pairs(getmetatable(_G)) do getmetatable(_G)[k] = nil end",
        "collectgarbage('stop')",
        "local t = getmetatable('').__index t.upper = nil",
        "coroutine.wrap(function() x = 1 end)()",
        "loadstring('x = 1')()",
    ] {
        eval(&mut scripting, script);
        let found = "return {('x'):upper(), tostring(rawget(_G, 'x')), tostring(redis[1]), \
                     tostring(_G[1] == nil)}";
        let reply = eval(&mut scripting, found);
        let expected = "-ERR user_script:1: Script attempted to access nonexistent global \
                        variable '1' ";
        assert!(reply.starts_with(expected), "{script}: {reply}");
        let found = "return {('x'):upper(), tostring(rawget(_G, 'x')), tostring(redis[1])}";
        let expected = "*3\r\n$1\r\nX\r\n$3\r\nnil\r\n$3\r\nnil\r\n";
        assert_eq!(eval(&mut scripting, found), expected, "{script}");
    }
}
