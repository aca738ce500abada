//! Tokens: a session passes what it knows on to another session, maybe of another proxy, or to its
//! own next connection.

use super::client::Client;
use crate::consistency::batch::Batch;
use crate::consistency::judge::level::Level;
use crate::consistency::judge::mark::Mark;
use crate::consistency::judging::Run;
use crate::consistency::keys::Key;
use crate::consistency::world::Letter;
use tidegate_test_support::Reply;

/// How many of the registers are read right behind WAITFOR.
const READ: usize = 4;

fn takes_part(client: &Client) -> bool {
    client.world.offers.token && client.level() >= Level::Session
}

/// Waits for another session's token at times, and reads what that session knew.
pub(super) fn take_over(client: &mut Client, batch: &mut Batch<'_>) {
    if !takes_part(client) || !client.once_in(12) {
        return;
    }
    if let Some(letter) = client.world.letter() {
        wait_for(client, batch, letter);
    }
}

fn wait_for(client: &mut Client, batch: &mut Batch<'_>, letter: Letter) {
    let newest: Vec<Key> = letter.known.iter().rev().take(READ).map(|(key, _)| *key).collect();
    batch.wait_for(&letter.token, letter.known);
    for key in newest {
        batch.aim(key);
        batch.read(&mut client.random, key);
    }
}

/// Asks for the session's token at times, behind everything else of the pipeline.
pub(super) fn ask(client: &mut Client, batch: &mut Batch<'_>) -> bool {
    let asks = takes_part(client) && client.once_in(10);
    if asks {
        batch.keep(&["PROXY", "TOKEN"]);
    }
    asks
}

/// Gives the token to another session, or to this client's next connection.
pub(super) fn pass_on(client: &mut Client, run: &Run) {
    let token = match run.kept.last() {
        Some(Reply::Bulk(token)) => String::from_utf8_lossy(token).into_owned(),
        Some(Reply::Simple(token)) => token.clone(),
        Some(Reply::Error(text)) => {
            return client.link.judge.tally.error(&format!("TOKEN {text:.60}"));
        }
        _ => return,
    };
    let known: Vec<(Key, Mark)> =
        client.link.judge.known().into_iter().filter(|(_, mark)| mark.version > 0).collect();
    let letter = Letter { token, known };
    if !client.once_in(4) {
        return client.world.send_letter(letter);
    }
    client.link.disconnect();
    client.link.judge.proxy = client.random.usize(0..client.world.proxies.len());
    if !client.connect() {
        return;
    }
    let world = std::sync::Arc::clone(&client.world);
    let mut batch = client.link.batch(&world);
    wait_for(client, &mut batch, letter);
    client.link.run(batch);
}
