//! Clients that replace a number under WATCH.

use super::client::Client;
use crate::consistency::keys::{Key, Kind};

pub(super) fn replace(client: &mut Client) {
    while client.world.goes_on() {
        if client.world.is_heavy() && client.connect() && !attempt(client) {
            // Whatever is watched is watched no more.
            client.link.disconnect();
        }
        client.rest();
    }
}

/// Reads the number under WATCH and replaces it by the next one; false if it could not be read.
fn attempt(client: &mut Client) -> bool {
    let world = std::sync::Arc::clone(&client.world);
    let key = Key::shared(Kind::Swapped, client.random.usize(0..64));
    let mut batch = client.link.batch(&world);
    batch.aim(key);
    batch.ok(&["WATCH", &key.name()]);
    batch.read(&mut client.random, key);
    let Some(version) = client.link.run(batch).read else { return false };
    let mut batch = client.link.batch(&world);
    batch.multi();
    batch.write_version(&mut client.random, key, version.unwrap_or(0) + 1);
    if client.random.bool() {
        batch.read(&mut client.random, key);
    }
    batch.exec();
    if client.random.bool() {
        batch.read(&mut client.random, key);
    }
    client.link.run(batch);
    client.link.is_connected()
}
