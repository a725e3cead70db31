//! Accounts: what they are, and the rules of what people type about themselves.
//!
//! Each rule answers with the words for the field it judges (`must be …`), so that whoever reads input can name the
//! field beside it.

use std::{fmt, ops::RangeInclusive};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What somebody may do to others' accounts. Ordered: whoever has a role acts on lower ones only (contract chat 1.3).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// `user` in accounts from before there were four.
    #[default]
    #[serde(alias = "user")]
    Member,
    /// Sees accounts.
    Moderator,
    /// Changes, bans and suspends accounts, gives lower roles, reads what was done.
    Admin,
    /// Acts on admins. The first account of `FIRST_ADMIN_EMAIL`, which stays; nobody is made one.
    SuperAdmin,
}

impl UserRole {
    /// May somebody of this role act on an account of that one?
    pub fn outranks(self, other: Self) -> bool {
        self > other
    }

    /// Whether somebody can administer accounts.
    pub fn is_admin(self) -> bool {
        self >= Self::Admin
    }
}

/// Whether an account may log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    #[default]
    Active,
    /// By an admin; everything is kept, nothing may be done.
    Disabled,
    /// By its owner; what remains says only that there was one.
    Deleted,
}

/// Somebody is kept out, for a time or for ever; nothing of theirs is touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRestriction {
    pub kind: RestrictionKind,
    /// `None` is for ever.
    pub until: Option<Timestamp>,
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestrictionKind {
    Ban,
    Suspension,
}

impl AccountRestriction {
    /// It lapses by itself.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Characters of a password. Above the longest, somebody is sending us work, not a password (RELIABILITY 2).
pub const PASSWORD_LENGTH: RangeInclusive<usize> = 8..=128;

/// The longest name and organization (contract presentations A1.2).
pub const MAX_NAME_LENGTH: usize = 255;

/// The longest URL of a picture (contract chat 1.2).
pub const MAX_AVATAR_URL_LENGTH: usize = 2048;

/// An e-mail address in the one spelling that is stored and compared: lower case, without space around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// As somebody typed it. Syntax only, and plainer than RFC 5321: no quoted local parts, no address literals, and
    /// nothing outside ASCII, which SES does not deliver to. Whether mail arrives, only mail can tell.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "must be an e-mail address";
        let text = text.trim().to_ascii_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(WRONG)?;
        let local_is_good = (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte));
        let labels: Vec<&str> = domain.split('.').collect();
        let domain_is_good = labels.len() >= 2
            && labels.iter().all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            });
        // RFC 5321, 4.5.3.1.3: a path has 256 octets, two of them brackets
        if local_is_good && domain_is_good && text.len() <= 254 { Ok(Self(text)) } else { Err(WRONG) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`: what somebody is called who told no name.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user name: 3 to 20 of `[A-Za-z0-9_]`, shown as it was typed, taken in every spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let good = (3..=20).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if good { Ok(Self(text.into())) } else { Err("must be 3 to 20 letters, digits or underscores") }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling under which it is unique.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name or an organization: one line of up to [`NAME_LENGTH`] characters, without space around it.
pub fn parse_name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME_LENGTH {
        return Err("must have 1 to 255 characters");
    }
    if text.chars().any(char::is_control) {
        return Err("must be one line without control characters");
    }
    Ok(text.into())
}

/// The URL of a picture. Only `https:`: a browser follows it, we never do.
pub fn parse_avatar_url(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let plain =
        |text: &str| !text.chars().any(|c| c.is_whitespace() || c.is_control() || "\"'<>\\`".contains(c));
    if text.chars().count() > MAX_AVATAR_URL_LENGTH || host.is_none_or(str::is_empty) || !plain(text) {
        return Err("must be an https URL of at most 2048 characters");
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_have_one_spelling() {
        assert_eq!(
            EmailAddress::parse(" Ana.Lima+talks@Example.COM\n").unwrap().as_str(),
            "ana.lima+talks@example.com"
        );
        assert_eq!(EmailAddress::parse("ana@sub.example.co").unwrap().local_part(), "ana");
        for bad in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@example",
            "a na@example.com",
            "ana@exa mple.com",
            "ana@-example.com",
            "ana@example..com",
            ".ana@example.com",
            "an..a@example.com",
            "ana@b@example.com",
            "ana\r\nbcc: x@example.com",
            "Ana <ana@example.com>",
            "\u{e1}na@example.com",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@example.com", "a".repeat(64))).is_ok());
        assert!(EmailAddress::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
        assert!(EmailAddress::parse(&format!("a@{}com", "abcdefg.".repeat(40))).is_err());
    }

    #[test]
    fn user_names_are_taken_in_every_spelling() {
        let name = Username::parse("Ana_1").unwrap();
        assert_eq!((name.as_str(), name.folded().as_str()), ("Ana_1", "ana_1"));
        for bad in ["", "an", "a-b-c", "ana lima", "\u{e1}na_lima", &"a".repeat(21)] {
            assert!(Username::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn roles_of_before_are_read_and_act_downwards() {
        let read = |text: &str| serde_json::from_value::<UserRole>(text.into()).unwrap();
        assert_eq!(
            (read("user"), read("member"), read("admin")),
            (UserRole::Member, UserRole::Member, UserRole::Admin)
        );
        assert!(
            UserRole::SuperAdmin.outranks(UserRole::Admin) && UserRole::Admin.outranks(UserRole::Moderator)
        );
        assert!(!UserRole::Admin.outranks(UserRole::Admin) && !UserRole::Moderator.is_admin());
    }

    #[test]
    fn a_restriction_lapses() {
        let until: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let restriction = |until| AccountRestriction { kind: RestrictionKind::Ban, until, reason: None };
        assert!(restriction(None).is_in_force(until));
        assert!(!restriction(Some(until)).is_in_force(until));
        assert!(restriction(Some(until)).is_in_force(Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn lines_and_pictures() {
        assert_eq!(parse_name("  Ana Lima ").unwrap(), "Ana Lima");
        assert!(parse_name(&"\u{e1}".repeat(255)).is_ok());
        for bad in ["", "  ", "a\nb", "a\u{0}b", &"a".repeat(256)] {
            assert!(parse_name(bad).is_err(), "{bad:?}");
        }
        assert!(parse_avatar_url("https://example.com/a.png?x=1").is_ok());
        for bad in [
            "",
            "https://",
            "https:///a",
            "http://example.com/a",
            "javascript:alert(1)",
            "https://a/\"onload=x",
        ] {
            assert!(parse_avatar_url(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(text in "[A-Za-z0-9.+-]{1,20}@[A-Za-z0-9.-]{1,20}") {
            if let Ok(email) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(email.as_str()), Ok(email));
            }
        }
    }
}
