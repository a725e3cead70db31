//! The screen of a client. It shows the newest state of all received events, in any order of arrival.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::ReceivedEvent;

/// The state that a client builds from events.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ClientScreen {
    version: u64,
    pub(crate) status: String,
    pub(crate) slide: Option<String>,
    pub(crate) people: Option<u64>,
    people_as_of: Option<Timestamp>,
    /// Slide → option → votes.
    pub(crate) votes: BTreeMap<String, BTreeMap<String, u64>>,
    votes_as_of: BTreeMap<String, Timestamp>,
}

impl ClientScreen {
    pub(crate) fn from_events<'a>(events: impl IntoIterator<Item = &'a ReceivedEvent>) -> Self {
        let mut screen = Self::default();
        for event in events {
            screen.apply(event);
        }
        screen
    }

    pub(crate) fn apply(&mut self, event: &ReceivedEvent) {
        let payload = &event.payload;
        match event.kind.as_str() {
            "session_state" => {
                self.apply_session(payload, payload["status"].as_str(), Some(&payload["current_slide"]));
                self.people.get_or_insert_with(|| payload["participant_count"].as_u64().unwrap_or_default());
                self.apply_tally(&payload["votes"]);
            }
            "session_started" => self.apply_session(payload, Some("active"), Some(&payload["current_slide"])),
            "slide_changed" => self.apply_session(payload, None, Some(&payload["slide"])),
            "session_paused" => self.apply_session(payload, Some("paused"), None),
            "session_resumed" => self.apply_session(payload, Some("active"), None),
            "session_ended" => self.apply_session(payload, Some("ended"), None),
            "participant_count" => {
                let as_of = timestamp(&payload["as_of"]);
                if self.people_as_of < as_of {
                    self.people_as_of = as_of;
                    self.people = payload["participant_count"].as_u64();
                }
            }
            "vote_update" => self.apply_tally(payload),
            _ => {}
        }
    }

    fn apply_session(&mut self, payload: &Value, status: Option<&str>, slide: Option<&Value>) {
        let version = payload["version"].as_u64().expect("an event of the session contains its version");
        if version < self.version {
            return;
        }
        self.version = version;
        if let Some(status) = status {
            status.clone_into(&mut self.status);
        }
        if let Some(slide) = slide {
            self.slide = slide["id"].as_str().map(str::to_owned);
        }
    }

    fn apply_tally(&mut self, payload: &Value) {
        let (Some(slide), Some(as_of)) = (payload["slide_id"].as_str(), timestamp(&payload["as_of"])) else {
            return;
        };
        if self.votes_as_of.get(slide).is_some_and(|held| *held > as_of) {
            return;
        }
        self.votes_as_of.insert(slide.to_owned(), as_of);
        let votes = payload["votes"].as_object().expect("votes by option");
        let votes = votes.iter().map(|(option, count)| (option.clone(), count.as_u64().expect("a count")));
        self.votes.insert(slide.to_owned(), votes.collect());
    }
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
