//! Passwords that stand in files of their own.

use std::fs;

use crate::config::mistakes::Report;
use crate::config::model::Config;
use tidegate_wire::units::Secret;

/// The longest password, in bytes.
const MAX: usize = 4096;

/// Reads the files that keys such as `masterauth-file` name, and notes what is wrong with them.
pub(in crate::config) fn load(config: &mut Config, report: &mut Report<'_>) {
    let (proxy, topology) = (&mut config.proxy, &mut config.topology);
    one("proxy.requirepass", &proxy.requirepass_file, &mut proxy.requirepass, report);
    one("topology.masterauth", &topology.masterauth_file, &mut topology.masterauth, report);
    let file = &topology.sentinel_password_file;
    one("topology.sentinel-password", file, &mut topology.sentinel_password, report);
    for (at, user) in config.users.iter_mut().enumerate() {
        let key = format!("user[{at}].password");
        // Another password is in the way of the file's.
        let mut password = user.passwords.first().cloned().unwrap_or_default();
        one(&key, &user.password_file, &mut password, report);
        if !password.is_empty() && user.passwords.is_empty() {
            user.passwords.push(password);
        }
    }
}

/// Reads the file of one password, which `key` may give itself instead.
fn one(key: &str, file: &str, password: &mut Secret, report: &mut Report<'_>) {
    if file.is_empty() {
        return;
    }
    let mut wrong =
        |rule: String| report.conflict(&format!("{key}-file"), format!("{file:?}"), rule);
    if !password.is_empty() {
        return wrong(format!("is given beside {key}; one of them is enough"));
    }
    match fs::read_to_string(file) {
        Err(error) => wrong(format!("cannot be read: {error}")),
        Ok(text) => {
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() || text.len() > MAX || text.contains(char::is_control) {
                wrong("has no password on its only line".to_owned());
            } else {
                *password = Secret::new(text);
            }
        }
    }
}
