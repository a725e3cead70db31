//! Updating the caller's profile. It excludes the role, the plan and the status (RELIABILITY 16).

use axum::{Json, extract::State};
use entry::{
    App,
    http::{
        AccountCaller, ApiResult, Clearable, EntityTag, ErrorBody, IfMatch, PathId, ValidJson, clearable,
    },
};
use garde::Validate;
use model::{
    Error, UserId,
    user::{self, EmailAddress, Username},
};
use serde::Deserialize;
use store::{
    WriteOutcome,
    identity::users::{self, ProfileUpdate, User, UserSaveOutcome},
};
use utoipa::ToSchema;

use super::me::ACCOUNT_GONE;
use crate::{
    chat_sync, email_verification, fields, password_attempts,
    profile::{ACCOUNT, OwnProfile, account_tag},
    save_error::from_save_outcome,
};

/// Changes of the caller's account. Missing fields stay unchanged.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateProfileRequest {
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// Same as `name`.
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    full_name: Option<String>,
    /// Same as `name`.
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    display_name: Option<String>,
    /// 3 to 20 characters of `[A-Za-z0-9_]`. Unique regardless of upper and lower case. `null` removes it.
    #[garde(custom(fields::clearable_username))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_]{3,20}$")]
    username: Clearable,
    /// The `https:` URL of a picture. `null` removes it.
    #[garde(custom(fields::clearable_avatar))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, format = "uri", pattern = "^https://", max_length = 2048)]
    avatar: Clearable,
    /// `null` removes it.
    #[garde(custom(fields::clearable_line))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    organization: Clearable,
    /// A new address requires `current_password`, because a mail to the address can reset the password. It is not verified, and a mail
    /// with a code is sent to it. A mail notifies the old address, if that was verified.
    #[garde(custom(fields::maybe_email))]
    #[schema(format = Email)]
    email: Option<String>,
    /// The caller's password. Required to change `email`.
    #[garde(length(max = 1000))]
    #[schema(format = Password, max_length = 1000)]
    current_password: Option<String>,
}

/// Update my account
///
/// Changes the caller's profile. A new e-mail address requires the password. Also at `/v1/auth/me`.
#[utoipa::path(
    patch,
    path = "/v1/users/me",
    tag = "identity",
    operation_id = "update_me",
    request_body = UpdateProfileRequest,
    responses(
        (status = 200, description = "The account after the change.", body = OwnProfile, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (
            status = 409,
            description = "`EMAIL_TAKEN`: another account has this e-mail address. `USERNAME_TAKEN`: another account has this user \
                name. `CONFLICT`: the account was changed at the same time.",
            body = ErrorBody
        ),
        (status = 412, description = "`PRECONDITION_FAILED`: the account has changed since the client read it.", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (
            status = 429,
            description = "Too many wrong passwords. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn update_me(
    State(app): State<App>,
    account: AccountCaller,
    if_match: IfMatch,
    ValidJson(input): ValidJson<UpdateProfileRequest>,
) -> ApiResult<(EntityTag, Json<OwnProfile>)> {
    let user = update_profile(&app, account, &if_match, &input).await?;
    Ok((account_tag(&user), Json(OwnProfile::from(&user))))
}

/// Update my account by its id
///
/// Does the same as `PATCH /v1/users/me`. Missing fields stay unchanged.
#[utoipa::path(
    put,
    path = "/v1/users/{id}",
    tag = "identity",
    operation_id = "update_user",
    params(("id" = UserId, Path, description = "The caller's own id.")),
    request_body = UpdateProfileRequest,
    responses(
        (status = 200, description = "The account after the change.", body = OwnProfile, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (
            status = 403,
            description = "The account belongs to another user. `CSRF_REFUSED`: the header `x-csrf` is missing.",
            body = ErrorBody
        ),
        (status = 404, description = "`id` is not a valid id.", body = ErrorBody),
        (
            status = 409,
            description = "`EMAIL_TAKEN`: another account has this e-mail address. `USERNAME_TAKEN`: another account has this user \
                name. `CONFLICT`: the account was changed at the same time.",
            body = ErrorBody
        ),
        (status = 412, description = "`PRECONDITION_FAILED`: the account has changed since the client read it.", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (
            status = 429,
            description = "Too many wrong passwords. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn update_user(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<UserId>,
    if_match: IfMatch,
    ValidJson(input): ValidJson<UpdateProfileRequest>,
) -> ApiResult<(EntityTag, Json<OwnProfile>)> {
    if id != account.user {
        return Err(Error::forbidden("you can change only your own account").into());
    }
    let user = update_profile(&app, account, &if_match, &input).await?;
    Ok((account_tag(&user), Json(OwnProfile::from(&user))))
}

async fn update_profile(
    app: &App,
    account: AccountCaller,
    if_match: &IfMatch,
    input: &UpdateProfileRequest,
) -> Result<User, Error> {
    let id = account.user;
    let edit = parse_edit(input)?;
    let expected = if_match.expected(ACCOUNT);
    if input.email.is_none() && input.username.is_none() {
        return match users::update_profile(&app.store, id, &edit, &expected, app.clock.now()).await? {
            WriteOutcome::Applied(user) => {
                if edit.name.is_some() && user.username.is_some() {
                    chat_sync::try_sync_profile(app, id).await;
                }
                Ok(user)
            }
            WriteOutcome::ConditionFailed => Err(ACCOUNT_GONE),
        };
    }
    let email = input
        .email
        .as_deref()
        .map(|text| fields::parse_field("email", text, EmailAddress::parse))
        .transpose()?;
    let username = match &input.username {
        Some(Some(name)) => Some(Some(fields::parse_field("username", name, Username::parse)?)),
        Some(None) => Some(None),
        None => None,
    };
    let now = app.clock.now();
    let before = users::get_strong(&app.store, id, now).await?;
    let before = before.filter(|before| before.is_active(now)).ok_or(ACCOUNT_GONE)?;
    expected.require(before.version)?;
    let after = apply_edit(&before, edit, email, username, now);
    if after.email != before.email {
        let password = input.current_password.as_deref();
        let password = password
            .ok_or_else(|| Error::field("current_password", "is required to change the e-mail address"))?;
        password_attempts::confirm_password(app, account, &before, "current_password", password).await?;
    }
    match users::replace(&app.store, &before, &after).await? {
        UserSaveOutcome::Applied => {
            let is_in_team = before.username.is_some() || after.username.is_some();
            if is_in_team && (&before.username, &before.name) != (&after.username, &after.name) {
                chat_sync::try_sync_profile(app, id).await;
            }
            email_verification::try_send_change_mails(app, &before, &after).await;
            Ok(after)
        }
        UserSaveOutcome::VersionConflict if !expected.is_any() => Err(Error::PreconditionFailed),
        refused => Err(from_save_outcome(refused)),
    }
}

fn parse_edit(input: &UpdateProfileRequest) -> Result<ProfileUpdate, Error> {
    let name = input.name.as_deref().or(input.full_name.as_deref()).or(input.display_name.as_deref());
    let optional = |field, value: &Clearable, rule| match value {
        Some(Some(text)) => fields::parse_field(field, text, rule).map(|text| Some(Some(text))),
        Some(None) => Ok(Some(None)),
        None => Ok(None),
    };
    Ok(ProfileUpdate {
        name: name.map(|name| fields::parse_field("name", name, user::parse_name)).transpose()?,
        avatar: optional("avatar", &input.avatar, user::parse_avatar_url)?,
        organization: optional("organization", &input.organization, user::parse_name)?,
    })
}

fn apply_edit(
    before: &User,
    edit: ProfileUpdate,
    email: Option<EmailAddress>,
    username: Clearable<Username>,
    now: jiff::Timestamp,
) -> User {
    let readdressed = email.map_or_else(|| before.clone(), |email| before.with_email(email, now));
    User {
        username: username.unwrap_or_else(|| before.username.clone()),
        updated_at: now,
        version: before.version + 1,
        ..edit.apply(&readdressed)
    }
}
