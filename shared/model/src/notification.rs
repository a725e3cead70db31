//! What someone is told of while they are away: when nothing may make a sound, and when they are written to.

use std::{fmt, str::FromStr, sync::LazyLock};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::{TimeZone, TimeZoneDatabase},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// Whoever is there reads a mention within this time, and is not written to.
pub const MENTION_GRACE_PERIOD: SignedDuration = SignedDuration::from_mins(15);

/// How often someone is written to of mentions that they have missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigestFrequency {
    Off,
    /// At most once an hour, and only where something was missed: whoever said nothing learns of it the same day.
    #[default]
    Hourly,
    /// At most once in 24 hours.
    Daily,
}

impl DigestFrequency {
    /// The least time between two; `None` for never.
    const fn min_interval(self) -> Option<SignedDuration> {
        match self {
            Self::Off => None,
            Self::Hourly => Some(SignedDuration::from_hours(1)),
            Self::Daily => Some(SignedDuration::from_hours(24)),
        }
    }
}

/// How someone wants to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationPreferences {
    pub mail_digest: DigestFrequency,
    /// `null` for none.
    pub quiet_hours: Option<QuietHours>,
}

impl NotificationPreferences {
    /// May nothing make a sound now?
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.quiet_hours.as_ref().is_some_and(|hours| hours.current_end(now).is_some())
    }

    /// When whoever has missed something now is written to, if they do not read it before; `None` for never. Not sooner than
    /// their preference allows after the last mail, and not in quiet hours.
    pub fn next_digest_at(&self, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let every = self.mail_digest.min_interval()?;
        let soonest = now + MENTION_GRACE_PERIOD;
        let at = last.map_or(soonest, |last| soonest.max(last + every));
        Some(self.after_quiet_hours(at))
    }

    /// This moment, or the end of the quiet hours that it is in.
    pub fn after_quiet_hours(&self, at: Timestamp) -> Timestamp {
        self.quiet_hours.as_ref().and_then(|hours| hours.current_end(at)).unwrap_or(at)
    }
}

/// Every day from one time to another, by the clock on someone's wall: over midnight where the first is the later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuietHours {
    pub from: ClockTime,
    pub to: ClockTime,
    /// A name of the IANA database.
    #[schema(example = "Europe/Bucharest", max_length = 64)]
    pub time_zone: String,
}

impl QuietHours {
    /// # Errors
    /// The field that is wrong, and its words.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        if self.zone().is_none() {
            return Err(("time_zone", "must be a time zone of the IANA database, like Europe/Bucharest"));
        }
        if self.from == self.to {
            return Err(("to", "must be another time than from"));
        }
        Ok(())
    }

    /// When the quiet hours end that this moment is in; `None` outside. They begin and end as moments, not as readings of the
    /// clock: where it is put back, 02:30 is twice, and they end at the first; where it is put forward over 02:30, then.
    fn current_end(&self, now: Timestamp) -> Option<Timestamp> {
        let zone = self.zone()?;
        let today = zone.to_datetime(now).date();
        // those of yesterday may last until today, and where the clock was put forward over their end, into the next ones
        let days = [today.yesterday().ok(), Some(today)].into_iter().flatten();
        let spans = days.filter_map(|day| {
            let last = if self.from < self.to { day } else { day.tomorrow().ok()? };
            Some((to_timestamp(&zone, day, self.from)?, to_timestamp(&zone, last, self.to)?))
        });
        spans.fold(None, |end, (from, to)| {
            let at = end.unwrap_or(now);
            if from <= at && at < to { Some(to) } else { end }
        })
    }

    fn zone(&self) -> Option<TimeZone> {
        // the machine's own database, where there is one, could say something else
        static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
        ZONES.get(&self.time_zone).ok()
    }
}

fn to_timestamp(zone: &TimeZone, day: Date, time: ClockTime) -> Option<Timestamp> {
    zone.to_timestamp(day.to_datetime(time.0)).ok()
}

/// `HH:MM`, 00:00 to 23:59.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime(Time);

/// A text that is no time.
#[derive(Debug, thiserror::Error)]
#[error("must be a time like 22:00")]
pub struct ParseClockTimeError;

impl FromStr for ClockTime {
    type Err = ParseClockTimeError;
    fn from_str(text: &str) -> Result<Self, ParseClockTimeError> {
        let number = |digits: &str| {
            let is_good = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_good { digits.parse().map_err(|_| ParseClockTimeError) } else { Err(ParseClockTimeError) }
        };
        let (hour, minute) = text.split_once(':').ok_or(ParseClockTimeError)?;
        Time::new(number(hour)?, number(minute)?, 0, 0).map(Self).map_err(|_| ParseClockTimeError)
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for ClockTime {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$"))
            .into()
    }
}

impl ToSchema for ClockTime {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hours(from: &str, to: &str, zone: &str) -> QuietHours {
        QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap(), time_zone: zone.into() }
    }

    fn prefers(mail_digest: DigestFrequency, quiet_hours: Option<QuietHours>) -> NotificationPreferences {
        NotificationPreferences { mail_digest, quiet_hours }
    }

    #[test]
    fn a_night_goes_over_midnight() {
        let night = hours("22:00", "07:00", "Europe/Bucharest");
        // two hours ahead in winter
        let quiet =
            ["2026-01-10T20:00:00Z", "2026-01-10T21:59:59Z", "2026-01-10T22:00:00Z", "2026-01-11T04:59:59Z"];
        for moment in quiet {
            assert_eq!(night.current_end(at(moment)), Some(at("2026-01-11T05:00:00Z")), "{moment}");
        }
        for moment in ["2026-01-10T19:59:59Z", "2026-01-11T05:00:00Z", "2026-01-11T12:00:00Z"] {
            assert_eq!(night.current_end(at(moment)), None, "{moment}");
        }
        let lunch = hours("12:00", "13:30", "America/New_York");
        assert_eq!(lunch.current_end(at("2026-07-01T16:00:00Z")), Some(at("2026-07-01T17:30:00Z")));
        assert_eq!(lunch.current_end(at("2026-07-01T17:30:00Z")), None);
    }

    #[test]
    fn a_night_in_which_the_clock_is_put_forward_is_an_hour_shorter() {
        // 29 March 2026: 03:00 is 04:00
        let night = hours("22:00", "07:00", "Europe/Bucharest");
        assert_eq!(night.current_end(at("2026-03-28T20:00:00Z")), Some(at("2026-03-29T04:00:00Z")));
        let hour = hours("03:10", "03:50", "Europe/Bucharest");
        assert_eq!(
            hour.current_end(at("2026-03-29T01:20:00Z")),
            Some(at("2026-03-29T01:50:00Z")),
            "a time that is not"
        );
    }

    #[test]
    fn where_the_clock_is_put_back_the_first_reading_counts() {
        // 25 October 2026: 04:00 is 03:00
        let night = hours("22:00", "03:30", "Europe/Bucharest");
        assert_eq!(night.current_end(at("2026-10-25T00:10:00Z")), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(night.current_end(at("2026-10-25T01:10:00Z")), None, "03:10 again");
        let longer = hours("22:00", "07:00", "Europe/Bucharest");
        assert_eq!(longer.current_end(at("2026-10-24T19:00:00Z")), Some(at("2026-10-25T05:00:00Z")));
    }

    #[test]
    fn wrong_hours_name_their_field() {
        assert_eq!(hours("22:00", "07:00", "Mars/Olympus").validate().unwrap_err().0, "time_zone");
        assert_eq!(hours("22:00", "22:00", "Europe/Bucharest").validate().unwrap_err().0, "to");
        assert_eq!(hours("22:00", "07:00", "UTC").validate(), Ok(()));
        for bad in ["", "7:00", "24:00", "12:60", "12:00:00", "+1:00", "12.00"] {
            assert!(bad.parse::<ClockTime>().is_err(), "{bad}");
        }
        assert_eq!("07:05".parse::<ClockTime>().unwrap().to_string(), "07:05");
    }

    #[test]
    fn a_digest_waits_for_its_reader_for_the_last_one_and_for_the_morning() {
        let (now, soon) = (at("2026-01-10T12:00:00Z"), at("2026-01-10T12:15:00Z"));
        assert_eq!(prefers(DigestFrequency::Off, None).next_digest_at(None, now), None);
        let hourly = prefers(DigestFrequency::Hourly, None);
        assert_eq!(hourly.next_digest_at(None, now), Some(soon));
        assert_eq!(
            hourly.next_digest_at(Some(at("2026-01-10T11:59:00Z")), now),
            Some(at("2026-01-10T12:59:00Z"))
        );
        assert_eq!(hourly.next_digest_at(Some(at("2026-01-10T11:01:00Z")), now), Some(soon));
        let daily = prefers(DigestFrequency::Daily, Some(hours("11:00", "14:00", "UTC")));
        assert_eq!(daily.next_digest_at(None, now), Some(at("2026-01-10T14:00:00Z")));
        assert_eq!(
            daily.next_digest_at(Some(at("2026-01-10T08:00:00Z")), now),
            Some(at("2026-01-11T08:00:00Z"))
        );
        assert!(daily.is_quiet(now) && !hourly.is_quiet(now));
    }

    proptest! {
        /// Whatever the hours, their end is not in them, and lies within two days.
        #[test]
        fn quiet_hours_end(from in 0..1440_i16, to in 0..1440_i16, second in 1_767_225_600..1_798_761_600_i64) {
            prop_assume!(from != to);
            let time = |minute: i16| format!("{:02}:{:02}", minute / 60, minute % 60);
            let hours = hours(&time(from), &time(to), "Europe/Bucharest");
            let now = Timestamp::from_second(second).unwrap();
            if let Some(end) = hours.current_end(now) {
                prop_assert!(now < end && end <= now + SignedDuration::from_hours(49));
                prop_assert_eq!(hours.current_end(end), None);
            }
        }
    }
}
