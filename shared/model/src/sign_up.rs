//! Who may register an account (the parameters `SignUp` and `SignUpDomains`).
//!
//! | mode | who registers |
//! | --- | --- |
//! | `open` | every person |
//! | `domains` | a person with an address of a listed domain, or with an invitation |
//! | `invited` | a person with an invitation |
//! | `closed` | no person, also not with an invitation |
//!
//! The address of the first admin may register in every mode. An admin may create an account for another person in every mode,
//! because that is a decision about this person and not a sign-up.

use crate::{Error, ErrorCode, user::EmailAddress};

/// The rule that decides who may register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignUpPolicy {
    #[default]
    Open,
    /// Domains in lower case.
    Domains(Vec<String>),
    Invited,
    Closed,
}

/// The setting that is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignUpPolicyError {
    #[error("must be open, domains, invited or closed")]
    Mode,
    #[error("{0}")]
    Domains(String),
}

impl SignUpPolicy {
    /// Reads the mode and the comma-separated domains. An empty mode is `open`.
    ///
    /// # Errors
    /// Fails if the mode is unknown, if a domain is invalid, or if the mode `domains` has none. Domains beside another mode are
    /// refused too, because they would have no effect.
    pub fn parse(mode: &str, domains: &str) -> Result<Self, SignUpPolicyError> {
        let domains = parse_domains(domains)?;
        let policy = match mode.trim() {
            "" | "open" => Self::Open,
            "domains" if domains.is_empty() => {
                let why = "must list at least one domain, such as example.com, if the mode is domains";
                return Err(SignUpPolicyError::Domains(why.into()));
            }
            "domains" => return Ok(Self::Domains(domains)),
            "invited" => Self::Invited,
            "closed" => Self::Closed,
            _ => return Err(SignUpPolicyError::Mode),
        };
        if domains.is_empty() {
            Ok(policy)
        } else {
            Err(SignUpPolicyError::Domains(
                "has an effect only if the mode is domains: leave it empty".into(),
            ))
        }
    }

    /// Checks that a person may register with this address. A domain must be equal to a listed one. A subdomain is another domain.
    ///
    /// # Errors
    /// Returns `Forbidden`, with a message that says what to do.
    pub fn check(&self, email: &EmailAddress, is_invited: bool) -> Result<(), Error> {
        let (code, message) = match self {
            Self::Open => return Ok(()),
            Self::Domains(domains) if is_invited || domains.iter().any(|domain| domain == email.domain()) => {
                return Ok(());
            }
            Self::Invited if is_invited => return Ok(()),
            Self::Domains(_) => (
                ErrorCode::EmailDomainNotAllowed,
                "only addresses of certain domains may register here: use the address of your organization, or ask a \
                 moderator for an invitation",
            ),
            Self::Invited => (
                ErrorCode::InvitationRequired,
                "only invited people may register here: open the link in your invitation, or ask a moderator for one",
            ),
            Self::Closed => return Err(Self::closed_error()),
        };
        Err(Error::Forbidden(code, message.into()))
    }

    /// Checks that an invitation would admit a person.
    ///
    /// # Errors
    /// Returns `Forbidden` in the mode `closed`.
    pub fn check_invitations(&self) -> Result<(), Error> {
        if *self == Self::Closed { Err(Self::closed_error()) } else { Ok(()) }
    }

    fn closed_error() -> Error {
        let message = "the sign-up is closed: ask an administrator for an account";
        Error::Forbidden(ErrorCode::SignUpClosed, message.into())
    }
}

fn parse_domains(domains: &str) -> Result<Vec<String>, SignUpPolicyError> {
    let named = domains.split(',').map(|domain| domain.trim().to_ascii_lowercase());
    let named = named.filter(|domain| !domain.is_empty());
    named
        .map(|domain| match EmailAddress::parse(&format!("a@{domain}")) {
            Ok(address) if address.domain() == domain => Ok(domain),
            _ => {
                let why = format!(
                    "must be a comma-separated list of domains such as example.com, and has {domain:?}"
                );
                Err(SignUpPolicyError::Domains(why))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(policy: &SignUpPolicy, email: &str, is_invited: bool) -> Option<ErrorCode> {
        policy.check(&EmailAddress::parse(email).unwrap(), is_invited).err().map(|error| error.code())
    }

    #[test]
    fn each_mode_admits_its_people() {
        let closed = Some(ErrorCode::SignUpClosed);
        let uninvited = Some(ErrorCode::InvitationRequired);
        let foreign = Some(ErrorCode::EmailDomainNotAllowed);
        let domains = SignUpPolicy::parse("domains", "example.com, Team.Example").unwrap();
        let rows = [
            ("open", SignUpPolicy::Open, [None, None, None]),
            ("domains", domains, [None, foreign, None]),
            ("invited", SignUpPolicy::Invited, [uninvited, uninvited, None]),
            ("closed", SignUpPolicy::Closed, [closed, closed, closed]),
        ];
        for (mode, policy, expected) in rows {
            let codes = [
                code(&policy, "ana@TEAM.example", false),
                code(&policy, "ana@other.example", false),
                code(&policy, "ana@other.example", true),
            ];
            assert_eq!(codes, expected, "{mode}");
        }
    }

    #[test]
    fn a_domain_is_compared_as_a_whole() {
        let policy = SignUpPolicy::parse("domains", "example.com").unwrap();
        for foreign in ["a@evilexample.com", "a@sub.example.com", "a@example.com.evil.org", "a@example.co"] {
            assert_eq!(code(&policy, foreign, false), Some(ErrorCode::EmailDomainNotAllowed), "{foreign}");
        }
        assert_eq!(code(&policy, "A@EXAMPLE.com", false), None);
    }

    #[test]
    fn invalid_settings_are_refused() {
        assert_eq!(SignUpPolicy::parse("", ""), Ok(SignUpPolicy::Open));
        assert_eq!(SignUpPolicy::parse("Open", ""), Err(SignUpPolicyError::Mode));
        let domains =
            ["", " , ", "@example.com", "example", "*.example.com", "a@b@example.com", "example.com;x.org"];
        for bad in domains {
            assert!(
                matches!(SignUpPolicy::parse("domains", bad), Err(SignUpPolicyError::Domains(_))),
                "{bad}"
            );
        }
        assert!(matches!(SignUpPolicy::parse("open", "example.com"), Err(SignUpPolicyError::Domains(_))));
    }
}
