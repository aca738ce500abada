//! `cjson.decode`.

use mlua::{Lua, Table, Value};

use super::json_options::Options;
use super::json_token::{Token, Tokens};
use crate::values::raise::{self, Outcome};

/// How deep values may be nested, whatever the option says.
const DEPTH_MAX: i64 = 1_000;

/// The value of a JSON text.
pub(super) fn decode(lua: &Lua, options: &Options, text: &[u8]) -> Outcome<Value> {
    if let [first, second, ..] = text
        && (*first == 0 || *second == 0)
    {
        return Err(raise::error(lua, "JSON parser does not support UTF-16 or UTF-32"));
    }
    let tokens = Tokens::new(text, options.decode_invalid.get());
    let depth_max = options.decode_depth.get().min(DEPTH_MAX);
    let mut decoder = Decoder { lua, tokens, depth_max };
    let first = decoder.tokens.next();
    let value = decoder.value(first)?;
    match decoder.tokens.next() {
        Token::End => Ok(value),
        other => Err(decoder.wrong("the end", &other)),
    }
}

struct Decoder<'a> {
    lua: &'a Lua,
    tokens: Tokens<'a>,
    depth_max: i64,
}

/// An array or an object that is not complete.
struct Open {
    table: Table,
    /// Of an object: the key of the value that comes next.
    key: Option<mlua::String>,
    /// Of an array: how many values it has.
    count: i64,
}

impl Decoder<'_> {
    fn wrong(&self, expected: &str, found: &Token) -> mlua::Error {
        let at = self.tokens.index + 1;
        let found = found.name();
        raise::error(self.lua, format!("Expected {expected} but found {found} at character {at}"))
    }

    /// The value that begins with `token`. Nothing recurses: a text may be nested deeply.
    fn value(&mut self, mut token: Token) -> Outcome<Value> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let mut value = match token {
                Token::String(bytes) => Value::String(self.lua.create_string(bytes)?),
                Token::Number(number) => Value::Number(number),
                Token::Boolean(is) => Value::Boolean(is),
                Token::Null => Value::NULL,
                Token::ObjectBegin => {
                    let table = self.table(open.len())?;
                    match self.tokens.next() {
                        Token::ObjectEnd => Value::Table(table),
                        first => {
                            let key = Some(self.key(first)?);
                            open.push(Open { table, key, count: 0 });
                            token = self.tokens.next();
                            continue;
                        }
                    }
                }
                Token::ArrayBegin => {
                    let table = self.table(open.len())?;
                    match self.tokens.next() {
                        Token::ArrayEnd => Value::Table(table),
                        first => {
                            open.push(Open { table, key: None, count: 0 });
                            token = first;
                            continue;
                        }
                    }
                }
                other => return Err(self.wrong("value", &other)),
            };
            // The value may be the last one of what is open.
            loop {
                let Some(parent) = open.last_mut() else { return Ok(value) };
                if !self.add(parent, value)? {
                    break;
                }
                value = open.pop().map_or(Value::Nil, |it| Value::Table(it.table));
            }
            token = self.tokens.next();
            if let Some(parent) = open.last_mut()
                && parent.count == 0
            {
                parent.key = Some(self.key(token)?);
                token = self.tokens.next();
            }
        }
    }

    /// Adds a value to an array or an object. True if it is complete with it.
    fn add(&mut self, parent: &mut Open, value: Value) -> Outcome<bool> {
        if let Some(key) = parent.key.take() {
            parent.table.raw_set(key, value)?;
            return match self.tokens.next() {
                Token::ObjectEnd => Ok(true),
                Token::Comma => Ok(false),
                other => Err(self.wrong("comma or object end", &other)),
            };
        }
        parent.count += 1;
        parent.table.raw_set(parent.count, value)?;
        match self.tokens.next() {
            Token::ArrayEnd => Ok(true),
            Token::Comma => Ok(false),
            other => Err(self.wrong("comma or array end", &other)),
        }
    }

    /// A new table inside of so many.
    fn table(&self, depth: usize) -> Outcome<Table> {
        let depth = i64::try_from(depth + 1).unwrap_or(i64::MAX);
        if depth > self.depth_max {
            let at = self.tokens.index + 1;
            let text = format!("Found too many nested data structures ({depth}) at character {at}");
            return Err(raise::error(self.lua, text));
        }
        self.lua.create_table()
    }

    /// The key that `token` is, with the colon behind it.
    fn key(&mut self, token: Token) -> Outcome<mlua::String> {
        let Token::String(key) = token else {
            return Err(self.wrong("object key string", &token));
        };
        let key = self.lua.create_string(key)?;
        match self.tokens.next() {
            Token::Colon => Ok(key),
            other => Err(self.wrong("colon", &other)),
        }
    }
}
