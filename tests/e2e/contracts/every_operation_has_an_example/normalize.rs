//! Replaces what differs from run to run by fixed values of the same form.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::world::START;

/// Lists of an example have at most this many elements: a reader learns nothing from more.
const MAX_ELEMENTS: usize = 2;

/// Fields with a random text, and the text that stands for it.
const FIXED_TEXTS: [(&str, &str); 11] = [
    ("ip", "203.0.113.7"),
    ("join_code", "K7M2QX"),
    ("join_key", "9hXJ2mQvT4bWcR7yKp3sZd"),
    ("refresh_token", "9f0cVZ5Yb1n2m3k4j5h6g7f8d9s0a1q2w3e4r5t6y7u"),
    ("csrf_token", "9f0cVZ5Yb1n2m3k4j5h6g7"),
    ("ticket", TOKEN),
    ("next", "eyJhZnRlciI6IjAxOWFiMDAwIn0"),
    ("slug", "herons-k7m2qx"),
    ("presentation_slug", "herons-k7m2qx"),
    ("kid", "nQ3yB1kTz8sV"),
    ("x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
];
/// Fields that measure the run, and the number that stands for it.
const FIXED_NUMBERS: [(&str, u64); 4] =
    [("uptime_seconds", 3600), ("latency_ms", 2), ("duration_seconds", 1800), ("average_answer_seconds", 12)];
/// A token of the form that all tokens of the product have.
const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTlhYjAwMCJ9.c2lnbmF0dXJl";

/// Gives each distinct id of the run an id that is the same in every run.
pub(super) struct Normalizer {
    url: String,
    socket_url: String,
    ids: BTreeMap<String, String>,
}

impl Normalizer {
    pub(super) fn new(url: &str, socket_url: &str) -> Self {
        Self { url: url.to_owned(), socket_url: socket_url.to_owned(), ids: BTreeMap::new() }
    }

    pub(super) fn normalize(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.normalize_fields(fields),
            Value::Array(elements) => {
                elements.truncate(MAX_ELEMENTS);
                for element in elements {
                    self.normalize(element);
                }
            }
            Value::String(text) => *text = self.normalize_text(text),
            _ => {}
        }
    }

    /// A name may be an id, for instance in counts by slide.
    fn normalize_fields(&mut self, fields: &mut Map<String, Value>) {
        for (name, mut field) in std::mem::take(fields) {
            let text = FIXED_TEXTS.iter().find(|(fixed, _)| *fixed == name);
            let number = FIXED_NUMBERS.iter().find(|(fixed, _)| *fixed == name);
            match (text, number) {
                (Some((_, text)), _) if field.is_string() => field = (*text).into(),
                (_, Some((_, number))) if field.is_number() => field = (*number).into(),
                _ => self.normalize(&mut field),
            }
            fields.insert(self.replace_ids(&name), field);
        }
    }

    fn normalize_text(&mut self, text: &str) -> String {
        if text.starts_with("eyJ") && text.split('.').count() == 3 {
            return TOKEN.to_owned();
        }
        let mut text = text.replace(&self.url, "https://api.example.com");
        text = text.replace(&self.socket_url, "wss://socket.example.com/live");
        if let Some((before, _)) = text.split_once("ticket=") {
            text = format!("{before}ticket={TOKEN}");
        }
        let text = Self::replace_times(&text);
        self.replace_ids(&text)
    }

    /// Replaces each time in the text. A table of text contains many.
    fn replace_times(text: &str) -> String {
        let mut replaced = String::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let end = if next.is_ascii_digit() { rest.find('Z').map(|end| end + 1) } else { None };
            let time = end.and_then(|end| Some((end, rest[..end].parse::<Timestamp>().ok()?)));
            if let Some((end, time)) = time {
                replaced.push_str(&Self::fixed_time(time));
                rest = &rest[end..];
            } else {
                replaced.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        replaced
    }

    /// Rounds to the hour, so that a slow run has the same times and an expiry is later than its creation.
    fn fixed_time(time: Timestamp) -> String {
        let start: Timestamp = START.parse().expect("a time");
        let minutes = time.duration_since(start).as_mins();
        (start + SignedDuration::from_hours((minutes + 30).div_euclid(60))).to_string()
    }

    /// Replaces each id in the text, with hyphens or without.
    fn replace_ids(&mut self, text: &str) -> String {
        let mut replaced = String::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let id = [36, 32]
                .iter()
                .find_map(|length| rest.get(..*length).filter(|id| Uuid::try_parse(id).is_ok()));
            if let Some(id) = id {
                replaced.push_str(&self.fixed_id(id));
                rest = &rest[id.len()..];
            } else {
                replaced.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        replaced
    }

    fn fixed_id(&mut self, id: &str) -> String {
        let number = self.ids.len() + 1;
        let fixed = self
            .ids
            .entry(id.replace('-', ""))
            .or_insert_with(|| format!("019ab000-0000-7000-8000-{number:012}"));
        if id.contains('-') { fixed.clone() } else { fixed.replace('-', "") }
    }
}
