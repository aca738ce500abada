//! A value, as redis.conf and as `proxy.toml` write it.

use super::keys::Form;
use tidegate_wire::resp::integer;
use tidegate_wire::units::ByteSize;

/// Returns the value as `proxy.toml` writes it.
///
/// # Errors
/// The error of Redis for a value of another form.
pub(super) fn to_toml(form: Form, text: &str) -> Result<String, String> {
    let number = |min: i64, max: i64| match integer::parse(text.as_bytes()) {
        Some(number) if (min..=max).contains(&number) => Ok(number),
        Some(_) => Err(format!("argument must be between {min} and {max} inclusive")),
        None => Err("argument couldn't be parsed into an integer".to_owned()),
    };
    match form {
        Form::Flag => match text.to_ascii_lowercase().as_str() {
            "yes" => Ok("true".to_owned()),
            "no" => Ok("false".to_owned()),
            _ => Err("argument must be 'yes' or 'no'".to_owned()),
        },
        Form::Number(min, max) => number(min, max).map(|number| number.to_string()),
        Form::Seconds(min, max) => number(min, max).map(|number| quoted(&format!("{number}s"))),
        Form::Milliseconds(min, max) => {
            number(min, max).map(|number| quoted(&format!("{number}ms")))
        }
        Form::Memory => match text.parse::<ByteSize>() {
            Ok(size) => Ok(size.bytes().to_string()),
            Err(_) => Err("argument must be a memory value".to_owned()),
        },
        Form::Text => Ok(quoted(text)),
    }
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_redis_conf_become_tomls() {
        for (form, text, toml) in [
            (Form::Flag, "YES", "true"),
            (Form::Flag, "no", "false"),
            (Form::Number(-9, 9), "-5", "-5"),
            (Form::Seconds(1, 99), "61", "\"61s\""),
            (Form::Memory, "64mb", "67108864"),
            (Form::Memory, "0", "0"),
            (Form::Text, "a\" = 1\nb", "\"\"\"\na\\\" = 1\nb\"\"\""),
        ] {
            let read = to_toml(form, text).unwrap();
            if form == Form::Text {
                let parsed: toml_edit::DocumentMut = format!("k = {read}").parse().unwrap();
                assert_eq!(parsed["k"].as_str(), Some(text));
            } else {
                assert_eq!(read, toml, "{text}");
            }
        }
        for (form, text) in [
            (Form::Flag, "1"),
            (Form::Number(0, 9), "x"),
            (Form::Seconds(1, 9), "10"),
            (Form::Memory, "-1"),
        ] {
            assert!(to_toml(form, text).is_err(), "{text}");
        }
    }
}
