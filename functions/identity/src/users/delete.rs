//! Deletes one's account: its presentations with their links, what is kept about it, its log-ins, its claims. The address
//! is free again. Its channels go on without it: the chat's worker takes it out of them. Sessions that were held stay, with
//! their responses: they are the audience's history too. One that still runs goes on without its presenter until it ends by
//! itself.

use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, RequestSource, ValidJson},
};
use futures::future::try_join_all;
use garde::Validate;
use http::StatusCode;
use model::{
    Error, UserId,
    user::{AccountState, UserRole},
};
use serde::Deserialize;
use store::{
    identity::users::{self, UserSaveOutcome},
    presentations,
};
use utoipa::ToSchema;

use super::me::ACCOUNT_GONE;
use crate::{
    attempts,
    auth::register::from_save_outcome,
    log_in,
    pair::{TokenCookies, clear_cookies},
    team,
};

/// Presentations that are deleted at once.
const DELETE_CONCURRENCY: usize = 10;

#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct DeleteAccountRequest {
    /// One's password, or `current_password`: a stolen token must not delete an account.
    #[garde(length(max = 1000))]
    #[schema(format = Password)]
    password: Option<String>,
    /// Same as `password`.
    #[garde(length(max = 1000))]
    #[schema(format = Password)]
    current_password: Option<String>,
}

#[utoipa::path(
    delete,
    path = "/v1/users/me",
    tag = "identity",
    operation_id = "delete_me",
    summary = "Delete one's account",
    description = "With its presentations and their links. Sessions that were held stay: they are history.",
    request_body = DeleteAccountRequest,
    responses(
        (status = 204, description = "Deleted, and every log-in has ended"),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 401, description = "Not signed in", body = ErrorBody),
        (status = 403, description = "`CSRF_REFUSED`: a cookie without its proof", body = ErrorBody),
        (status = 409, description = "`LAST_ADMIN`: nobody else can make admins; or changed at the same time", body = ErrorBody),
        (status = 413, description = "Too large", body = ErrorBody),
        (status = 415, description = "Not `application/json`", body = ErrorBody),
        (status = 422, description = "The password is missing or wrong", body = ErrorBody),
        (status = 429, description = "Too many wrong passwords", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    )
)]
pub(crate) async fn delete_me(
    State(app): State<App>,
    account: AccountCaller,
    source: RequestSource,
    ValidJson(input): ValidJson<DeleteAccountRequest>,
) -> ApiResult<(StatusCode, TokenCookies)> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, account.user, now).await?.ok_or(ACCOUNT_GONE)?;
    // already deleted: only the log-ins are left, since an earlier try broke off
    if user.status != AccountState::Deleted {
        let user = Some(user).filter(|user| user.is_active(now)).ok_or(ACCOUNT_GONE)?;
        let password = input.password.as_deref().or(input.current_password.as_deref());
        let password = password.ok_or_else(|| Error::field("password", "is required"))?;
        attempts::confirm_password(&app, &source, &user, "password", password).await?;
        // there is one, and nobody is made another: refused before anything is gone, and by the store too
        if user.role == UserRole::SuperAdmin {
            return Err(from_save_outcome(UserSaveOutcome::LastAdmin).into());
        }
        // before the account: whoever is cut off here can sign in and ask again
        delete_presentations(&app, user.id).await?;
        match users::erase(&app.store, &user, now).await? {
            UserSaveOutcome::Applied => tracing::info!(user.id = %user.id, "account deleted"),
            refused => return Err(from_save_outcome(refused).into()),
        }
    }
    team::sync_profile(&app, account.user).await?;
    log_in::revoke_other_logins(&app, account.user, None).await?;
    Ok((StatusCode::NO_CONTENT, clear_cookies()))
}

async fn delete_presentations(app: &App, owner: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let (every, mut cursor) = (presentations::PresentationFilter::default(), None);
    loop {
        let page = presentations::page(&app.store, owner, &every, DELETE_CONCURRENCY, cursor.as_deref(), now)
            .await?;
        try_join_all(page.items.iter().map(|presentation| async {
            match presentations::delete(&app.store, owner, presentation.id, now).await {
                // the index listed it a moment longer than it was there
                Err(store::StoreError::NotFound(_)) => Ok(()),
                done => done,
            }
        }))
        .await?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}
