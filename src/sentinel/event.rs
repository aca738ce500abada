//! A message that a Sentinel publishes about one master.

use tidegate_wire::units::HostPort;

/// A message that a Sentinel publishes about one master (`sentinelEvent`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `+switch-master`: the Sentinel has another address for the master.
    SwitchMaster {
        /// The former address.
        old: HostPort,
        /// The new address.
        new: HostPort,
    },
    /// A failover goes on.
    Failover(FailoverStage),
    /// `+odown`: a quorum of Sentinels counts the master as down.
    MasterDown,
    /// `-odown`: it does so no longer.
    MasterUp,
    /// A server of this master appeared, went down, came back, restarted or changed its role
    /// (`+slave`, `+sdown`, `-sdown`, `+reboot`, `+role-change`, `+convert-to-slave`, ...).
    ServerChanged,
    /// `+sentinel` or `+sentinel-address-switch`: the list of Sentinels has changed.
    SentinelChanged,
}

/// The channels on which a Sentinel publishes these messages, and patterns of further ones.
pub const CHANNELS: (&[&str], &[&str]) = (
    &[
        "+switch-master",
        "+try-failover",
        "+elected-leader",
        "+selected-slave",
        "+promoted-slave",
        "+odown",
        "-odown",
        "+sdown",
        "-sdown",
        "+slave",
        "+reboot",
        "+role-change",
        "-role-change",
        "+convert-to-slave",
        "+fix-slave-config",
        "+slave-reconf-done",
        "+config-update-from",
        "+sentinel",
        "+sentinel-address-switch",
        "+sentinel-invalid-addr",
    ],
    &["+failover-*", "-failover-*"],
);

/// How far a failover is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailoverStage {
    /// A Sentinel tries to become the leader of a failover; the master is not touched yet.
    Tried,
    /// A replica is chosen or about to be chosen; it is still a replica.
    Chosen,
    /// The chosen replica is about to become a master.
    Promoting,
    /// The chosen replica is a master; the other replicas are about to follow it, or do.
    Promoted,
    /// The failover was given up; the master is the former one.
    Aborted,
}

impl Event {
    /// The event of a message on `channel`; `None` if it is about another master, or of no
    /// importance.
    #[must_use]
    pub fn parse(channel: &str, message: &str, master_name: &str) -> Option<Self> {
        let words: Vec<&str> = message.split(' ').collect();
        if channel == "+switch-master" {
            return switch_master(&words, master_name);
        }
        if !is_about(&words, master_name) {
            return None;
        }
        let stage = |stage| Some(Self::Failover(stage));
        match channel {
            "+try-failover" | "+elected-leader" => stage(FailoverStage::Tried),
            "+failover-state-select-slave" | "+selected-slave" => stage(FailoverStage::Chosen),
            "+failover-state-send-slaveof-noone" | "+failover-state-wait-promotion" => {
                stage(FailoverStage::Promoting)
            }
            "+promoted-slave"
            | "+failover-state-reconf-slaves"
            | "+failover-end"
            | "+failover-end-for-timeout" => stage(FailoverStage::Promoted),
            _ if channel.starts_with("-failover-abort") => stage(FailoverStage::Aborted),
            "+odown" => Some(Self::MasterDown),
            "-odown" => Some(Self::MasterUp),
            "+sentinel" | "+sentinel-address-switch" | "+sentinel-invalid-addr" => {
                Some(Self::SentinelChanged)
            }
            "+slave"
            | "+sdown"
            | "-sdown"
            | "+reboot"
            | "+role-change"
            | "-role-change"
            | "+convert-to-slave"
            | "+fix-slave-config"
            | "+slave-reconf-done"
            | "+config-update-from" => Some(Self::ServerChanged),
            _ => None,
        }
    }
}

/// `NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`.
fn switch_master(words: &[&str], master_name: &str) -> Option<Event> {
    let [name, old_host, old_port, new_host, new_port] = words else { return None };
    let addr = |host: &str, port: &str| HostPort::of(host, port).ok().filter(|it| it.port != 0);
    let (old, new) = (addr(old_host, old_port)?, addr(new_host, new_port)?);
    (*name == master_name).then_some(Event::SwitchMaster { old, new })
}

/// Whether a message is about the master of this name: `master NAME HOST PORT ...`, or
/// `KIND NAME HOST PORT @ MASTER-NAME HOST PORT ...`.
fn is_about(words: &[&str], master_name: &str) -> bool {
    match words {
        ["master", name, ..] => *name == master_name,
        [_, _, _, _, "@", name, ..] => *name == master_name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(channel: &str, message: &str) -> Option<Event> {
        Event::parse(channel, message, "mymaster")
    }

    /// The messages of `SENTINEL FAILOVER` at the leader, Redis 7.0.
    #[test]
    fn a_failover_goes_through_its_stages() {
        let replica = "slave 127.0.0.1:7802 127.0.0.1 7802 @ mymaster 127.0.0.1 7801";
        let master = "master mymaster 127.0.0.1 7801";
        let stages = [
            ("+new-epoch", "1", None),
            ("+try-failover", master, Some(FailoverStage::Tried)),
            ("+vote-for-leader", "0620fe0af906 1", None),
            ("+elected-leader", master, Some(FailoverStage::Tried)),
            ("+failover-state-select-slave", master, Some(FailoverStage::Chosen)),
            ("+selected-slave", replica, Some(FailoverStage::Chosen)),
            ("+failover-state-send-slaveof-noone", replica, Some(FailoverStage::Promoting)),
            ("+failover-state-wait-promotion", replica, Some(FailoverStage::Promoting)),
            ("+promoted-slave", replica, Some(FailoverStage::Promoted)),
            ("+failover-state-reconf-slaves", master, Some(FailoverStage::Promoted)),
            ("+failover-end", master, Some(FailoverStage::Promoted)),
        ];
        for (channel, message, stage) in stages {
            assert_eq!(event(channel, message), stage.map(Event::Failover), "{channel}");
        }
        assert!(stages.iter().filter_map(|it| it.2).is_sorted());
        let aborted = event("-failover-abort-no-good-slave", master);
        assert_eq!(aborted, Some(Event::Failover(FailoverStage::Aborted)));
        let (old, new) = (HostPort::local(7801), HostPort::local(7802));
        let switch = "mymaster 127.0.0.1 7801 127.0.0.1 7802";
        assert_eq!(event("+switch-master", switch), Some(Event::SwitchMaster { old, new }));
    }

    #[test]
    fn changes_of_servers_and_of_sentinels_are_told_apart() {
        let of_replica = "slave 127.0.0.1:7801 127.0.0.1 7801 @ mymaster 127.0.0.1 7802";
        for channel in ["+slave", "+sdown", "-sdown", "+convert-to-slave"] {
            assert_eq!(event(channel, of_replica), Some(Event::ServerChanged), "{channel}");
        }
        let role = format!("{of_replica} new reported role is master");
        assert_eq!(event("-role-change", &role), Some(Event::ServerChanged));
        let of_master = "master mymaster 127.0.0.1 7801";
        assert_eq!(event("+sdown", of_master), Some(Event::ServerChanged));
        assert_eq!(event("+odown", &format!("{of_master} #quorum 2/2")), Some(Event::MasterDown));
        assert_eq!(event("-odown", of_master), Some(Event::MasterUp));
        let of_sentinel = "sentinel 39c4 127.0.0.1 7812 @ mymaster 127.0.0.1 7801";
        assert_eq!(event("+sentinel", of_sentinel), Some(Event::SentinelChanged));
    }

    #[test]
    fn every_channel_has_an_event() {
        let replica = "slave 127.0.0.1:7801 127.0.0.1 7801 @ mymaster 127.0.0.1 7802";
        for channel in CHANNELS.0.iter().filter(|it| **it != "+switch-master") {
            assert!(event(channel, replica).is_some(), "{channel}");
        }
    }

    #[test]
    fn messages_about_other_masters_and_broken_ones_are_ignored() {
        for (channel, message) in [
            ("+switch-master", "other 127.0.0.1 7801 127.0.0.1 7802"),
            ("+switch-master", "mymaster 127.0.0.1 7801 127.0.0.1"),
            ("+switch-master", "mymaster 127.0.0.1 7801 127.0.0.1 0"),
            ("+switch-master", "mymaster 127.0.0.1 7801 127.0.0.1 70000"),
            ("+odown", "master other 127.0.0.1 7801 #quorum 2/2"),
            ("+slave", "slave mymaster 127.0.0.1 7801 @ other 127.0.0.1 7802"),
            ("+slave", "slave"),
            ("+tilt", "#tilt mode entered"),
            ("__sentinel__:hello", "127.0.0.1,7811,0620,1,mymaster,127.0.0.1,7801,0"),
            ("", ""),
        ] {
            assert_eq!(event(channel, message), None, "{channel} {message}");
        }
    }
}
