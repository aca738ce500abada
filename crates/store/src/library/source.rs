//! Finds the functions that a library registers, without running it.
//!
//! Finds `redis.register_function` (and `server.register_function`) if its arguments are literals:
//! a name in quotes, or a table whose `function_name`, `description` and `flags` are literals. It
//! does not find computed names, and registrations in a loop or through another name of the
//! function. It finds a registration that is never reached. Long strings in brackets, and escapes
//! other than single characters, are no literals here.

/// A function of a library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: Vec<u8>,
    pub(crate) description: Option<Vec<u8>>,
    pub(crate) flags: Vec<Vec<u8>>,
}

/// A token of Lua.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Name(Vec<u8>),
    Text(Vec<u8>),
    Sign(u8),
}

/// Returns the functions that `source` registers.
pub(super) fn functions(source: &[u8]) -> Vec<Function> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    let mut rest = &tokens[..];
    while let Some((_, next)) = rest.split_first() {
        if let [Token::Name(server), Token::Sign(b'.'), Token::Name(call), after @ ..] = rest
            && (server == b"redis" || server == b"server")
            && call == b"register_function"
        {
            found.extend(registered(after));
        }
        rest = next;
    }
    found
}

/// Returns the function that the arguments behind `register_function` describe.
fn registered(mut tokens: &[Token]) -> Option<Function> {
    if let [Token::Sign(b'('), rest @ ..] = tokens {
        tokens = rest;
    }
    match tokens {
        [Token::Text(name), ..] => Some(Function { name: name.clone(), ..Function::default() }),
        [Token::Sign(b'{'), fields @ ..] => table(fields),
        _ => None,
    }
}

/// Returns the function that the table which has just been opened describes.
fn table(tokens: &[Token]) -> Option<Function> {
    let (mut function, mut depth) = (Function::default(), 0_usize);
    let mut named = false;
    let mut rest = tokens;
    while let Some((token, next)) = rest.split_first() {
        match (token, next) {
            (Token::Sign(b'}'), _) if depth == 0 => break,
            (Token::Sign(b'}'), _) => depth -= 1,
            (Token::Sign(b'{'), _) => depth += 1,
            (Token::Name(field), [Token::Sign(b'='), Token::Text(text), ..]) if depth == 0 => {
                if field == b"function_name" {
                    function.name.clone_from(text);
                    named = true;
                } else if field == b"description" {
                    function.description = Some(text.clone());
                }
            }
            (Token::Name(field), [Token::Sign(b'='), Token::Sign(b'{'), flags @ ..])
                if depth == 0 && field == b"flags" =>
            {
                function.flags = texts(flags);
            }
            _ => {}
        }
        rest = next;
    }
    named.then_some(function)
}

/// Returns the literals of a list that has just been opened.
fn texts(tokens: &[Token]) -> Vec<Vec<u8>> {
    let inside = tokens.iter().take_while(|token| **token != Token::Sign(b'}'));
    inside
        .filter_map(|token| match token {
            Token::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

/// Returns all tokens except comments and long strings.
fn tokens(mut rest: &[u8]) -> Vec<Token> {
    // The first line is not Lua.
    if rest.starts_with(b"#!") {
        rest = after(rest, b"\n");
    }
    let mut tokens = Vec::new();
    while let [first, next @ ..] = rest {
        rest = match first {
            b'-' if next.first() == Some(&b'-') => comment(&next[1..]),
            b'[' => match long_bracket(rest) {
                Some(behind) => behind,
                None => {
                    tokens.push(Token::Sign(b'['));
                    next
                }
            },
            b'\'' | b'"' => {
                let (text, behind) = quoted(next, *first);
                tokens.push(Token::Text(text));
                behind
            }
            byte if is_name(*byte) => {
                let len = rest.iter().take_while(|byte| is_name(**byte)).count();
                tokens.push(Token::Name(rest[..len].to_vec()));
                &rest[len..]
            }
            byte if byte.is_ascii_whitespace() => next,
            byte => {
                tokens.push(Token::Sign(*byte));
                next
            }
        };
    }
    tokens
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns what follows a comment, whose dashes were read.
fn comment(rest: &[u8]) -> &[u8] {
    long_bracket(rest).unwrap_or_else(|| after(rest, b"\n"))
}

/// Returns what follows a long bracket, such as `[==[ ... ]==]`, if one starts here.
fn long_bracket(rest: &[u8]) -> Option<&[u8]> {
    let level = rest.get(1..)?.iter().take_while(|byte| **byte == b'=').count();
    if rest.first() != Some(&b'[') || rest.get(1 + level) != Some(&b'[') {
        return None;
    }
    let end = [&b"]"[..], &b"=".repeat(level), b"]"].concat();
    Some(after(&rest[level + 2..], &end))
}

/// Returns what follows `end`; nothing without it.
fn after<'a>(text: &'a [u8], end: &[u8]) -> &'a [u8] {
    memchr::memmem::find(text, end).map_or(&[], |at| &text[at + end.len()..])
}

/// Reads a string whose quote was read. Returns it and what follows it.
fn quoted(mut rest: &[u8], quote: u8) -> (Vec<u8>, &[u8]) {
    let mut text = Vec::new();
    loop {
        rest = match rest {
            [] => return (text, rest),
            [b'\\', escaped, next @ ..] => {
                text.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    other => *other,
                });
                next
            }
            [byte, next @ ..] if *byte == quote => return (text, next),
            [byte, next @ ..] => {
                text.push(*byte);
                next
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        let text = |it: Function| String::from_utf8(it.name).unwrap();
        functions(source.as_bytes()).into_iter().map(text).collect()
    }

    #[test]
    fn names_in_plain_words() {
        let source = "#!lua name=x\n-- redis.register_function('no', f)\n--[[ redis.register_function('no') ]]\n\
            local s = [==[ redis.register_function('no') ]==]\n\
            local t = 'redis.register_function(\"no\")'\n\
            redis.register_function('a', function(keys, args) return {keys[1], '}'} end)\n\
            server . register_function ( \"b\\\"\", f)\n\
            redis.register_function{callback=function() return {function_name='no'} end, \
            function_name='c', flags={'no-writes', 'allow-stale'}, description='d'}\n\
            redis.register_function{callback=f}\nredis.register_function(name, f)";
        assert_eq!(names(source), ["a", "b\"", "c"]);
        let c = functions(source.as_bytes()).pop().unwrap();
        assert_eq!(c.description.as_deref(), Some(&b"d"[..]));
        assert_eq!(c.flags, [b"no-writes".to_vec(), b"allow-stale".to_vec()]);
    }

    #[test]
    fn an_open_literal_ends_with_the_source() {
        for source in
            ["redis.register_function('a", "redis.register_function{", "[==[", "--[[", "'\\"]
        {
            names(source);
        }
        assert_eq!(names("redis.register_function{function_name='a'"), ["a"]);
    }
}
