//! Deleting the caller's account, with its presentations with their links, its usage, its login sessions and its claims
//! of an e-mail address and a user name. Both can be used again afterwards.
//!
//! The account's channels continue without it. The chat's worker removes it from them. Past sessions are kept with
//! their responses, because they belong to the audience too. A running session continues without its presenter until it
//! ends.

use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, IfMatch, ValidJson},
    log_ins::end_revoked_logins,
};
use futures::future::try_join_all;
use garde::Validate;
use http::StatusCode;
use model::{
    Error, ExpectedVersion, UserId,
    user::{AccountState, UserRole},
};
use serde::Deserialize;
use store::{
    PageRequest,
    identity::{
        invitations, known_networks,
        users::{self, UserSaveOutcome},
    },
    presentations,
};
use utoipa::ToSchema;

use super::me::ACCOUNT_GONE;
use crate::{
    chat_sync, login_lifecycle, password_attempts,
    profile::ACCOUNT,
    save_error::from_save_outcome,
    token_pair::{TokenCookies, clear_cookies},
};

/// Presentations that are deleted concurrently.
const DELETE_CONCURRENCY: usize = 10;

/// The password that confirms the deletion of an account.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct DeleteAccountRequest {
    /// The caller's password. It is required, here or as `current_password`, so that a stolen token cannot delete an
    /// account.
    #[garde(length(max = 1000))]
    #[schema(format = Password)]
    password: Option<String>,
    /// Same as `password`.
    #[garde(length(max = 1000))]
    #[schema(format = Password)]
    current_password: Option<String>,
}

/// Delete my account
///
/// Deletes the caller's account with its presentations and their links and its open invitations, and ends its login sessions. Past sessions are
/// kept with their responses.
#[utoipa::path(
    delete,
    path = "/v1/users/me",
    tag = "identity",
    operation_id = "delete_me",
    request_body = DeleteAccountRequest,
    responses(
        (status = 204, description = "The account is deleted and its login sessions have ended."),
        (status = 401, body = ErrorBody),
        (
            status = 409,
            description = "`LAST_ADMIN`: the super admin cannot be deleted. `CONFLICT`: the account was changed at the same \
                time.",
            body = ErrorBody
        ),
        (status = 412, description = "`PRECONDITION_FAILED`: the account has changed since the client read it.", body = ErrorBody),
        (status = 422, description = "The password is missing or wrong.", body = ErrorBody),
        (
            status = 429,
            description = "Too many wrong passwords. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn delete_me(
    State(app): State<App>,
    account: AccountCaller,
    if_match: IfMatch,
    ValidJson(input): ValidJson<DeleteAccountRequest>,
) -> ApiResult<(StatusCode, TokenCookies)> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, account.user, now).await?.ok_or(ACCOUNT_GONE)?;
    if user.status == AccountState::Deleted {
        // An earlier request has deleted the account, and failed before it ended the login sessions.
        chat_sync::sync_profile(&app, account.user).await?;
        login_lifecycle::revoke_other_logins(&app, account.user, None).await?;
        known_networks::delete_all(&app.store, account.user, now).await?;
        invitations::delete_all_of(&app.store, account.user, now).await?;
        return Ok((StatusCode::NO_CONTENT, clear_cookies()));
    }
    let user = Some(user).filter(|user| user.is_active(now)).ok_or(ACCOUNT_GONE)?;
    if_match.expected(ACCOUNT).require(user.version)?;
    let password = input.password.as_deref().or(input.current_password.as_deref());
    let password = password.ok_or_else(|| Error::field("password", "is required"))?;
    password_attempts::confirm_password(&app, account, &user, "password", password).await?;
    // There is one super admin and no operation makes another. The store refuses this too, but after the
    // presentations.
    if user.role == UserRole::SuperAdmin {
        return Err(from_save_outcome(UserSaveOutcome::LastAdmin).into());
    }
    // Presentations first: if the request fails here, the caller can still log in and retry.
    delete_presentations(&app, user.id).await?;
    known_networks::delete_all(&app.store, user.id, now).await?;
    invitations::delete_all_of(&app.store, user.id, now).await?;
    // The same write makes the end of the login sessions and of the memberships due.
    let revocation = login_lifecycle::new_revocation(&app, &user, None);
    match users::erase(&app.store, &user, &revocation, now).await? {
        UserSaveOutcome::Applied => tracing::info!(user.id = %user.id, "account deleted"),
        refused => return Err(from_save_outcome(refused).into()),
    }
    chat_sync::sync_profile(&app, user.id).await?;
    end_revoked_logins(&app, &revocation).await?;
    Ok((StatusCode::NO_CONTENT, clear_cookies()))
}

async fn delete_presentations(app: &App, owner: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let every = presentations::PresentationFilter::default();
    let mut request = PageRequest::internal(DELETE_CONCURRENCY);
    loop {
        let page = presentations::page(&app.store, owner, &every, &request, now).await?;
        try_join_all(page.items.iter().map(|presentation| async {
            match presentations::delete(&app.store, owner, presentation.id, &ExpectedVersion::Any, now).await
            {
                // The index may list a presentation that has just been deleted.
                Err(store::StoreError::NotFound(_)) => Ok(()),
                done => done,
            }
        }))
        .await?;
        if page.next.is_none() {
            return Ok(());
        }
        request = request.at(page.next);
    }
}
