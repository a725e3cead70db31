use jiff::{SignedDuration, Timestamp};
use model::{
    LoginId, UserId,
    plan::Plan,
    user::{AccountState, EmailAddress, UserRole},
};
use store::identity::{log_ins::Login, users::User};

/// Returns an active member without a user name, whose address is verified. The e-mail address is `{name}@example.com` in lower case.
pub fn user(id: UserId, name: &str, at: Timestamp) -> User {
    let email = format!("{}@example.com", name.to_lowercase());
    User {
        id,
        email: Some(EmailAddress::parse(&email).expect("the name fits into an address")),
        email_verified_at: Some(at),
        username: None,
        name: name.into(),
        avatar: None,
        organization: None,
        role: UserRole::Member,
        plan: Plan::Free,
        status: AccountState::Active,
        restriction: None,
        password: None,
        credentials_changed_at: at,
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

/// Returns a log-in that expires after an hour.
pub fn login(user: UserId, id: LoginId, at: Timestamp) -> Login {
    Login {
        user,
        id,
        generation: 0,
        rotated_at: at,
        created_at: at,
        expires_at: at + SignedDuration::from_hours(1),
        user_agent: None,
        ip: None,
        account_version: 1,
        ended_at: None,
    }
}
