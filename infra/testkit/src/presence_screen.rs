//! A client of the presence of a team.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

/// Shows who is online, by the rules for `team_presence` and `user_status` of the AsyncAPI document.
#[derive(Clone, Debug, Default)]
pub struct PresenceScreen {
    version: Option<u64>,
    statuses: BTreeMap<String, (Timestamp, bool)>,
    /// An event is missing. The client must send `subscribe`.
    needs_whole: bool,
}

impl PresenceScreen {
    /// Shows the payload of an event. Other events than those of presence change nothing.
    pub fn show(&mut self, kind: &str, payload: &Value) {
        match kind {
            "user_status" => self.show_status(payload),
            "team_presence" => self.show_presence(payload),
            _ => {}
        }
    }

    fn show_presence(&mut self, payload: &Value) {
        let version = payload["version"].as_u64().unwrap();
        if self.version.is_some_and(|own| version < own) {
            return;
        }
        match payload["since_version"].as_u64() {
            None => {
                self.statuses.clear();
                self.needs_whole = false;
            }
            Some(since) if self.version.is_some_and(|own| since <= own) => {}
            Some(_) => {
                self.needs_whole = true;
                return;
            }
        }
        self.version = Some(version);
        payload["users"].as_array().unwrap().iter().for_each(|status| self.show_status(status));
    }

    fn show_status(&mut self, status: &Value) {
        let user = status["user_id"].as_str().unwrap().to_owned();
        let as_of: Timestamp = status["as_of"].as_str().unwrap().parse().unwrap();
        let is_online = status["status"] == "online";
        let shown = self.statuses.entry(user).or_insert((as_of, is_online));
        if as_of > shown.0 {
            *shown = (as_of, is_online);
        }
    }

    /// The version of the presence, or `None` before the first one.
    pub const fn version(&self) -> Option<u64> {
        self.version
    }

    pub const fn needs_whole(&self) -> bool {
        self.needs_whole
    }

    /// The ids of the users who are shown as online.
    pub fn online(&self) -> BTreeSet<String> {
        let online = self.statuses.iter().filter(|(_, (_, is_online))| *is_online);
        online.map(|(user, _)| user.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(version: u64, since: Option<u64>, users: &[(&str, &str, i64)]) -> Value {
        let users = users.iter().map(|(user, status, second)| {
            let as_of = Timestamp::from_second(*second).unwrap().to_string();
            json!({ "user_id": user, "status": status, "as_of": as_of })
        });
        json!({ "version": version, "since_version": since, "users": users.collect::<Vec<_>>() })
    }

    fn online(screen: &PresenceScreen) -> Vec<String> {
        screen.online().into_iter().collect()
    }

    #[test]
    fn a_late_older_state_changes_nothing() {
        let mut screen = PresenceScreen::default();
        let whole = event(3, None, &[("ana", "online", 1)]);
        let later = event(5, Some(3), &[("ana", "offline", 3), ("bo", "online", 2)]);
        for payload in [&whole, &later, &whole, &event(4, Some(3), &[("cy", "online", 1)])] {
            screen.show("team_presence", payload);
        }
        assert_eq!((online(&screen), screen.version()), (vec!["bo".to_owned()], Some(5)));
        assert!(!screen.needs_whole());
    }

    #[test]
    fn a_missing_event_is_noticed() {
        let mut screen = PresenceScreen::default();
        screen.show("team_presence", &event(5, Some(4), &[("ana", "online", 1)]));
        assert!(screen.needs_whole(), "the first event must be a whole presence");
        screen.show("team_presence", &event(5, None, &[("ana", "online", 1)]));
        screen.show("team_presence", &event(7, Some(6), &[("bo", "online", 2)]));
        assert!(screen.needs_whole());
        assert_eq!((online(&screen), screen.version()), (vec!["ana".to_owned()], Some(5)));
        screen.show("team_presence", &event(7, None, &[("ana", "online", 1), ("bo", "online", 2)]));
        assert!(!screen.needs_whole());
        assert_eq!(online(&screen), ["ana", "bo"]);
    }
}
