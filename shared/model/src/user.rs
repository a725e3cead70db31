//! The roles, states and restrictions of accounts, and the rules for names and addresses.
//!
//! Each rule returns the message for its field (`must be …`). The caller adds the name of the field.

use std::{fmt, ops::RangeInclusive};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text;

/// The role of an account. From low to high, the roles are `member`, `moderator`, `admin` and `super_admin`. A role
/// acts only on accounts with a lower role.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Older accounts have the value `user`.
    #[default]
    #[serde(alias = "user")]
    Member,
    /// Sees accounts.
    Moderator,
    /// Changes, bans and suspends accounts, assigns lower roles, and reads the audit log.
    Admin,
    /// Acts on admins. It is the first account that registers with `FIRST_ADMIN_EMAIL`, and it is never assigned.
    SuperAdmin,
}

impl UserRole {
    /// Returns whether this role may act on accounts with the other role.
    pub fn outranks(self, other: Self) -> bool {
        self > other
    }

    /// Returns whether the role may administer accounts.
    pub fn is_admin(self) -> bool {
        self >= Self::Admin
    }
}

/// The state of an account. An `active` account may log in. A `disabled` account was deactivated by an admin and keeps
/// all data. A `deleted` account was deleted by its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    #[default]
    Active,
    /// An admin has deactivated the account. All data is kept.
    Disabled,
    /// The owner has deleted the account. Only a tombstone remains.
    Deleted,
}

/// A ban or a suspension. The account cannot log in for its duration, and its data is not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRestriction {
    pub kind: RestrictionKind,
    /// The end, `None` for an indefinite restriction.
    pub until: Option<Timestamp>,
    pub reason: Option<String>,
}

/// The kind of a restriction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestrictionKind {
    Ban,
    Suspension,
}

impl AccountRestriction {
    /// Returns whether the restriction is in force. It expires without an action.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The length of a password in characters. Longer input is not a password but an attack on the hash function
/// (RELIABILITY 2).
pub const PASSWORD_LENGTH: RangeInclusive<usize> = 8..=128;

/// The maximum length of a name or an organization in characters (contract presentations A1.2).
pub const MAX_NAME_LENGTH: usize = 255;

/// The maximum length of the URL of an avatar in characters (contract chat 1.2).
pub const MAX_AVATAR_URL_LENGTH: usize = 2048;

/// An e-mail address in its normal form, which is stored and compared. It has lower case and no surrounding white
/// space.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address as the user typed it. Only the syntax is checked, and more strictly than RFC 5321 does. Quoted
    /// local parts, address literals and characters outside ASCII are refused, because SES does not deliver to such
    /// addresses. Only an e-mail proves that the address exists.
    ///
    /// # Errors Returns the message for the field.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const INVALID: &str = "must be an e-mail address";
        let text = text.trim().to_ascii_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(INVALID)?;
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
        if local_is_good && domain_is_good && text.len() <= 254 { Ok(Self(text)) } else { Err(INVALID) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part after the `@`, in lower case.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Returns the part before the `@`. It is the display name of a user who gave none.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user name, which has 3 to 20 of `[A-Za-z0-9_]`. It is displayed as it was typed and is unique regardless of case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// Reads a user name as the user typed it.
    ///
    /// # Errors
    /// Returns the message for the field.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_valid = (3..=20).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_valid { Ok(Self(text.into())) } else { Err("must be 3 to 20 letters, digits or underscores") }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the folded form, by which names are unique.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a name or an organization, which is one line of up to [`MAX_NAME_LENGTH`] characters, without surrounding
/// white space.
///
/// # Errors Returns the message for the field.
pub fn parse_name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME_LENGTH {
        return Err("must have 1 to 255 characters");
    }
    text::require_line(text)?;
    Ok(text.into())
}

/// Reads the URL of an avatar. Only `https:` is allowed. Browsers load the URL, the server never does.
///
/// # Errors
/// Returns the message for the field.
pub fn parse_avatar_url(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let has_no_special_characters =
        |text: &str| !text.chars().any(|c| c.is_whitespace() || c.is_control() || "\"'<>\\`".contains(c));
    if text.chars().count() > MAX_AVATAR_URL_LENGTH
        || host.is_none_or(str::is_empty)
        || !has_no_special_characters(text)
    {
        return Err("must be an https URL of at most 2048 characters");
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_have_one_normal_form() {
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
    fn user_names_are_unique_regardless_of_case() {
        let name = Username::parse("Ana_1").unwrap();
        assert_eq!((name.as_str(), name.folded().as_str()), ("Ana_1", "ana_1"));
        for bad in ["", "an", "a-b-c", "ana lima", "\u{e1}na_lima", &"a".repeat(21)] {
            assert!(Username::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn older_role_names_are_accepted_and_roles_are_ordered() {
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
    fn a_restriction_expires() {
        let until: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let restriction = |until| AccountRestriction { kind: RestrictionKind::Ban, until, reason: None };
        assert!(restriction(None).is_in_force(until));
        assert!(!restriction(Some(until)).is_in_force(until));
        assert!(restriction(Some(until)).is_in_force(Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn names_and_avatars_are_checked() {
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
        fn the_normal_form_is_stable(text in "[A-Za-z0-9.+-]{1,20}@[A-Za-z0-9.-]{1,20}") {
            if let Ok(email) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(email.as_str()), Ok(email));
            }
        }
    }
}
