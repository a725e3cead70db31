//! Quiet hours and missed-mentions e-mails of an absent user.

use std::{fmt, str::FromStr, sync::LazyLock};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::{TimeZone, TimeZoneDatabase},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// The time within which an online user reads a mention. A mention that was read within it causes no e-mail.
pub const MENTION_GRACE_PERIOD: SignedDuration = SignedDuration::from_mins(15);

/// The frequency of missed-mentions e-mails, which is `off`, `hourly` or `daily`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigestFrequency {
    Off,
    /// At most one e-mail an hour, and only if mentions were missed. It is the default, so that new users learn of
    /// mentions on the same day.
    #[default]
    Hourly,
    /// At most one e-mail in 24 hours.
    Daily,
}

impl DigestFrequency {
    /// Returns the minimum time between two e-mails, `None` for never.
    const fn min_interval(self) -> Option<SignedDuration> {
        match self {
            Self::Off => None,
            Self::Hourly => Some(SignedDuration::from_hours(1)),
            Self::Daily => Some(SignedDuration::from_hours(24)),
        }
    }
}

/// A user's notification preferences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationPreferences {
    /// The frequency of missed-mentions e-mails.
    pub mail_digest: DigestFrequency,
    /// Whether an e-mail announces the report of each session that ended.
    pub report_mail: bool,
    /// The daily time without sounds and e-mails, `null` for none.
    pub quiet_hours: Option<QuietHours>,
}

impl Default for NotificationPreferences {
    fn default() -> Self {
        Self { mail_digest: DigestFrequency::default(), report_mail: true, quiet_hours: None }
    }
}

/// A kind of e-mail that its recipient can turn off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailSubscription {
    /// Mentions that the user has missed.
    MentionDigest,
    /// Reports of sessions that ended.
    Report,
}

impl NotificationPreferences {
    /// Returns whether the user receives this kind of e-mail.
    pub fn receives(&self, subscription: MailSubscription) -> bool {
        match subscription {
            MailSubscription::MentionDigest => self.mail_digest != DigestFrequency::Off,
            MailSubscription::Report => self.report_mail,
        }
    }

    /// Returns whether the time is within quiet hours.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.quiet_hours.as_ref().is_some_and(|hours| hours.current_end(now).is_some())
    }

    /// Returns when the e-mail for a mention that is missed now is due, `None` for never. It is not due before the
    /// minimum time after the last e-mail, and not within quiet hours. It is cancelled if the user reads the mention
    /// before.
    pub fn next_digest_at(&self, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let every = self.mail_digest.min_interval()?;
        let soonest = now + MENTION_GRACE_PERIOD;
        let at = last.map_or(soonest, |last| soonest.max(last + every));
        Some(self.after_quiet_hours(at))
    }

    /// Returns this time, or the end of the quiet hours that contain it.
    pub fn after_quiet_hours(&self, at: Timestamp) -> Timestamp {
        self.quiet_hours.as_ref().and_then(|hours| hours.current_end(at)).unwrap_or(at)
    }
}

/// The daily quiet hours in the user's time zone. They pass midnight if `from` is later than `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuietHours {
    /// The beginning, in local time.
    pub from: ClockTime,
    /// The end, in local time.
    pub to: ClockTime,
    /// A name of the IANA time zone database.
    #[schema(example = "Europe/Bucharest", max_length = 64)]
    pub time_zone: String,
}

impl QuietHours {
    /// Checks the time zone and the times.
    ///
    /// # Errors
    /// Returns the invalid field and its message.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        if self.zone().is_none() {
            return Err((
                "time_zone",
                "must be a time zone of the IANA database, for example Europe/Bucharest",
            ));
        }
        if self.from == self.to {
            return Err(("to", "must differ from `from`"));
        }
        Ok(())
    }

    /// Returns the end of the quiet hours that contain this time, `None` outside them. Begin and end are computed as
    /// points in time, not as clock readings. When clocks are put back, 02:30 occurs twice, and the quiet hours end at
    /// the first. When clocks are put forward past 02:30, they end at that moment.
    fn current_end(&self, now: Timestamp) -> Option<Timestamp> {
        let zone = self.zone()?;
        let today = zone.to_datetime(now).date();
        // yesterday's quiet hours may last until today; when clocks skip their end, they may reach into today's
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
        // not the database of the machine, which may have another version
        static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
        ZONES.get(&self.time_zone).ok()
    }
}

fn to_timestamp(zone: &TimeZone, day: Date, time: ClockTime) -> Option<Timestamp> {
    zone.to_timestamp(day.to_datetime(time.0)).ok()
}

/// A time of day, `HH:MM` from 00:00 to 23:59.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime(Time);

/// The text is not a time of day.
#[derive(Debug, thiserror::Error)]
#[error("must be a time from 00:00 to 23:59, for example 22:00")]
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
            .description(Some("A time of day, `HH:MM` from 00:00 to 23:59."))
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
        NotificationPreferences { mail_digest, quiet_hours, ..NotificationPreferences::default() }
    }

    #[test]
    fn quiet_hours_may_pass_midnight() {
        let night = hours("22:00", "07:00", "Europe/Bucharest");
        // in winter the zone is two hours ahead of UTC
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
    fn quiet_hours_are_an_hour_shorter_when_clocks_go_forward() {
        // on 29 March 2026 clocks go from 03:00 to 04:00
        let night = hours("22:00", "07:00", "Europe/Bucharest");
        assert_eq!(night.current_end(at("2026-03-28T20:00:00Z")), Some(at("2026-03-29T04:00:00Z")));
        let hour = hours("03:10", "03:50", "Europe/Bucharest");
        assert_eq!(
            hour.current_end(at("2026-03-29T01:20:00Z")),
            Some(at("2026-03-29T01:50:00Z")),
            "a time that does not exist on this day"
        );
    }

    #[test]
    fn quiet_hours_end_at_the_first_reading_when_clocks_go_back() {
        // on 25 October 2026 clocks go back from 04:00 to 03:00
        let night = hours("22:00", "03:30", "Europe/Bucharest");
        assert_eq!(night.current_end(at("2026-10-25T00:10:00Z")), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(night.current_end(at("2026-10-25T01:10:00Z")), None, "the second 03:10");
        let longer = hours("22:00", "07:00", "Europe/Bucharest");
        assert_eq!(longer.current_end(at("2026-10-24T19:00:00Z")), Some(at("2026-10-25T05:00:00Z")));
    }

    #[test]
    fn invalid_quiet_hours_name_the_field() {
        assert_eq!(hours("22:00", "07:00", "Mars/Olympus").validate().unwrap_err().0, "time_zone");
        assert_eq!(hours("22:00", "22:00", "Europe/Bucharest").validate().unwrap_err().0, "to");
        assert_eq!(hours("22:00", "07:00", "UTC").validate(), Ok(()));
        for bad in ["", "7:00", "24:00", "12:60", "12:00:00", "+1:00", "12.00"] {
            assert!(bad.parse::<ClockTime>().is_err(), "{bad}");
        }
        assert_eq!("07:05".parse::<ClockTime>().unwrap().to_string(), "07:05");
    }

    #[test]
    fn an_email_waits_for_the_reader_the_interval_and_the_end_of_quiet_hours() {
        let now = at("2026-01-10T12:00:00Z");
        let soon = at("2026-01-10T12:15:00Z");
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
        /// The end of quiet hours is outside them and within two days.
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
