//! The task that receives what one Sentinel publishes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use redis_protocol::resp2::types::BytesFrame;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::fault::SentinelFault;
use super::news::{FromSentinel, News};
use super::setup::Setup;
use crate::config::HostPort;
use crate::monitor::asking::frame::{items, text};
use crate::monitor::asking::link::{Link, LinkError};
use crate::monitor::asking::words::brief;
use crate::monitor::roster::contact::back_off;
use crate::sentinel::{CHANNELS, Event};

/// The longest message, in bytes.
const MESSAGE_MAX: usize = 64 * 1024;
/// How often the Sentinel is asked whether it is still there.
const PING_PERIOD: Duration = Duration::from_secs(1);
/// A subscription that has lasted for so long was a good one: the next pause is the shortest.
const GOOD_AFTER: Duration = Duration::from_secs(5);

/// Receives the events of the Sentinel at `addr`, over one connection after the other.
pub(super) async fn subscribe(
    setup: Arc<Setup>,
    addr: HostPort,
    news: mpsc::Sender<FromSentinel>,
) -> Infallible {
    let mut failures = 0_u32;
    loop {
        let started = Instant::now();
        let fault = match receive(&setup, &addr, &news).await {
            Ok(never) => match never {},
            Err(fault) => fault,
        };
        failures = if started.elapsed() >= GOOD_AFTER { 1 } else { failures.saturating_add(1) };
        tell(&news, &addr, News::Unsubscribed(fault)).await;
        sleep(back_off(failures - 1)).await;
    }
}

async fn tell(sender: &mpsc::Sender<FromSentinel>, addr: &HostPort, news: News) {
    // The monitor owns the receiver, and ends this task before it.
    drop(sender.send(FromSentinel { addr: addr.clone(), news }).await);
}

/// Receives events until the connection fails. One that is cut without notice is found out by a
/// PING that is not answered.
async fn receive(
    setup: &Setup,
    addr: &HostPort,
    news: &mpsc::Sender<FromSentinel>,
) -> Result<Infallible, SentinelFault> {
    let mut link = Link::open(&setup.dial(addr)).await?;
    let (channels, patterns) = CHANNELS;
    let mut subscribe: Vec<&[u8]> = vec![b"SUBSCRIBE"];
    subscribe.extend(channels.iter().map(|it| it.as_bytes()));
    let mut psubscribe: Vec<&[u8]> = vec![b"PSUBSCRIBE"];
    psubscribe.extend(patterns.iter().map(|it| it.as_bytes()));
    link.send(&[&subscribe, &psubscribe]).await?;
    let mut unconfirmed = channels.len() + patterns.len();
    let mut pulse = Pulse::new(Instant::now(), link.patience());
    loop {
        tokio::select! {
            reply = link.receive(MESSAGE_MAX) => {
                pulse.hear(Instant::now());
                match Message::read(&reply?)? {
                    Message::Confirmation => {
                        unconfirmed = unconfirmed.saturating_sub(1);
                        if unconfirmed == 0 {
                            tell(news, addr, News::Subscribed).await;
                        }
                    }
                    Message::Published(channel, payload) => {
                        let event = Event::parse(&channel, &payload, &setup.master_name);
                        if let Some(event) = event {
                            tell(news, addr, News::Event(event)).await;
                        }
                    }
                    Message::Other => {}
                }
            }
            () = sleep_until(pulse.next()) => {
                if pulse.is_lost(Instant::now()) {
                    return Err(LinkError::Timeout(link.patience()).into());
                }
                pulse.ask(Instant::now());
                link.send(&[&[b"PING"]]).await?;
            }
        }
    }
}

/// A message on the connection.
enum Message {
    /// The reply to one channel or pattern.
    Confirmation,
    /// Channel and text of a published message.
    Published(String, String),
    /// The answer to PING.
    Other,
}

impl Message {
    fn read(frame: &BytesFrame) -> Result<Self, SentinelFault> {
        if let BytesFrame::Error(error) = frame {
            return Err(SentinelFault::Refused { command: "SUBSCRIBE", reply: brief(error) });
        }
        let words: Vec<_> = items(frame).iter().map(|it| text(it).unwrap_or_default()).collect();
        let words: Vec<&str> = words.iter().map(|it| &**it).collect();
        Ok(match words[..] {
            ["subscribe" | "psubscribe", ..] => Self::Confirmation,
            ["message", channel, payload] | ["pmessage", _, channel, payload] => {
                Self::Published(channel.to_owned(), payload.to_owned())
            }
            _ => Self::Other,
        })
    }
}

/// When the Sentinel is asked whether it is still there, and whether it is. Times are given by the
/// caller.
struct Pulse {
    /// How long an answer may take.
    patience: Duration,
    /// When anything came last, or a question that was answered was sent.
    last: Instant,
    /// When the question was sent to which no answer has come.
    asked: Option<Instant>,
}

impl Pulse {
    /// The subscription itself is the first question.
    const fn new(now: Instant, patience: Duration) -> Self {
        Self { patience, last: now, asked: Some(now) }
    }

    /// Something has come.
    const fn hear(&mut self, now: Instant) {
        (self.last, self.asked) = (now, None);
    }

    /// A question is sent.
    const fn ask(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    /// When to ask, or to give up.
    fn next(&self) -> Instant {
        self.asked.map_or(self.last + PING_PERIOD, |at| at + self.patience)
    }

    /// Whether the answer is overdue.
    fn is_lost(&self, now: Instant) -> bool {
        self.asked.is_some_and(|at| now >= at + self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_an_answer_ends_the_subscription() {
        let (start, patience) = (Instant::now(), Duration::from_millis(300));
        let at = |ms| start + Duration::from_millis(ms);
        let mut pulse = Pulse::new(start, patience);
        assert!(pulse.next() == at(300) && pulse.is_lost(at(300)) && !pulse.is_lost(at(299)));
        pulse.hear(at(100));
        assert!(pulse.next() == at(1_100) && !pulse.is_lost(at(1_100)));
        pulse.ask(at(1_100));
        assert!(pulse.next() == at(1_400) && pulse.is_lost(at(1_400)));
        // A message is an answer, too.
        pulse.hear(at(1_200));
        assert!(!pulse.is_lost(at(1_400)));
    }

    #[test]
    fn messages_are_told_from_confirmations() {
        let bulk = |text: &str| BytesFrame::BulkString(text.to_owned().into());
        let array = |words: &[&str]| BytesFrame::Array(words.iter().map(|it| bulk(it)).collect());
        let read = |frame: &BytesFrame| Message::read(frame).expect("it is accepted");
        assert!(matches!(read(&array(&["psubscribe", "+f*", "1"])), Message::Confirmation));
        for words in [&["message", "+sdown", "m"][..], &["pmessage", "+*", "+sdown", "m"]] {
            let Message::Published(channel, payload) = read(&array(words)) else { panic!() };
            assert_eq!((&*channel, &*payload), ("+sdown", "m"));
        }
        assert!(matches!(read(&array(&["pong", ""])), Message::Other));
        let refused = BytesFrame::Error("NOPERM no channel".into());
        let why = Message::read(&refused).err().expect("it is refused").to_string();
        assert_eq!(why, "refuses SUBSCRIBE: NOPERM no channel");
    }
}
