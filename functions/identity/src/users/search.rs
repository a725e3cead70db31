//! Searching the team. No index contains substrings, so a search reads the directory until it has found ten users, or
//! to its end. An entry has 150 to 250 bytes, and a query reads a megabyte (128 read units). For an admin, it also
//! reads the accounts, for their e-mail addresses, at half a read unit each. Hence the rate limit.

use std::{collections::HashMap, ops::RangeInclusive, time::Duration};

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, enforce_rate_limits},
};
use model::{Error, UserId, user::EmailAddress};
use serde::Serialize;
use store::{
    Page, PageRequest, RateLimit,
    identity::users::{self, DirectoryEntry, User, directory},
};
use utoipa::ToSchema;

use super::me::ACCOUNT_GONE;

/// Contract chat 1.3.
const MAX_RESULTS: usize = 10;
/// Searches while a user types, one a second.
const SEARCH_RATE_LIMIT: RateLimit =
    RateLimit { name: "search_users", max_attempts: 60, window: Duration::from_mins(1) };
/// Entries of one query. They have about a megabyte, which is the most that a query returns.
const DIRECTORY_PAGE_SIZE: usize = 5_000;
/// Accounts of one batch read, for an admin. DynamoDB reads at most 100 items in a batch.
const ADDRESS_BATCH_SIZE: usize = 100;
/// Characters of the search text.
const QUERY_LENGTH: RangeInclusive<usize> = 1..=100;

/// A user of the team.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FoundUser {
    id: UserId,
    name: String,
    username: String,
    avatar: Option<String>,
    /// The e-mail address. Present for the caller's own account and, for admins, for every user. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    email: Option<String>,
}

/// Search the team
///
/// Returns the first ten users, by user name, whose user name or name contains the text, regardless of upper and lower
/// case. For admins, the e-mail address counts too. It searches the users that `GET /v1/users` lists.
#[utoipa::path(
    get,
    path = "/v1/users/search/{query}",
    tag = "identity",
    operation_id = "search_users",
    params(("query" = String, Path, min_length = 1, max_length = 100)),
    responses(
        (status = 200, description = "One page of at most ten users.", body = Page<FoundUser>),
        (status = 401, body = ErrorBody),
        (
            status = 404,
            description = "The path does not exist. A search text cannot contain a slash, not even as `%2F`.",
            body = ErrorBody
        ),
        (status = 422, description = "`query` is blank or has more than 100 characters.", body = ErrorBody),
        (
            status = 429,
            description = "More than 60 searches within a minute. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn search_users(
    State(app): State<App>,
    account: AccountCaller,
    query: Result<Path<String>, PathRejection>,
) -> ApiResult<Json<Page<FoundUser>>> {
    // A missing text, or one that is not UTF-8, is refused like an empty one.
    let wanted = parse_query(query.as_deref().map_or("", String::as_str))?;
    enforce_rate_limits(&app, &[(SEARCH_RATE_LIMIT, &account.user.to_string())]).await?;
    let now = app.clock.now();
    // The current role decides, as for every operation of admins.
    let me = users::get_strong(&app.store, account.user, now).await?;
    let me = me.filter(|me| me.is_active(now)).ok_or(ACCOUNT_GONE)?;
    Ok(Json(Page { items: find_users(&app, &me, &wanted).await?, next: None }))
}

/// Returns the search text without outer white space, in lower case.
fn parse_query(query: &str) -> Result<String, Error> {
    let query = query.trim();
    if !QUERY_LENGTH.contains(&query.chars().count()) {
        return Err(Error::field("query", "must have 1 to 100 characters"));
    }
    Ok(query.to_lowercase())
}

async fn find_users(app: &App, me: &User, wanted: &str) -> Result<Vec<FoundUser>, Error> {
    let mut found = Vec::new();
    let mut request = PageRequest::internal(DIRECTORY_PAGE_SIZE);
    loop {
        let page = directory::page(&app.store, &request, app.clock.now()).await?;
        for entries in page.items.chunks(ADDRESS_BATCH_SIZE) {
            let addresses = visible_addresses(app, me, entries).await?;
            let shown = entries.iter().map(|entry| FoundUser::from_entry(entry, addresses.get(&entry.owner)));
            found.extend(shown.filter(|user| user.matches(wanted)).take(MAX_RESULTS - found.len()));
            if found.len() == MAX_RESULTS {
                return Ok(found);
            }
        }
        if page.next.is_none() {
            return Ok(found);
        }
        request = request.at(page.next);
    }
}

/// Returns the e-mail addresses that the caller may see.
async fn visible_addresses(
    app: &App,
    me: &User,
    entries: &[DirectoryEntry],
) -> Result<HashMap<UserId, EmailAddress>, Error> {
    let accounts = if me.role.is_admin() {
        let owners: Vec<UserId> = entries.iter().map(|entry| entry.owner).collect();
        users::get_many(&app.store, &owners, app.clock.now()).await?
    } else {
        vec![me.clone()]
    };
    Ok(accounts.into_iter().filter_map(|user| Some((user.id, user.email?))).collect())
}

impl FoundUser {
    fn from_entry(entry: &DirectoryEntry, email: Option<&EmailAddress>) -> Self {
        Self {
            id: entry.owner,
            name: entry.name.clone(),
            username: entry.username.to_string(),
            avatar: entry.avatar.clone(),
            email: email.map(ToString::to_string),
        }
    }

    /// Searches the visible fields only, so that a caller cannot guess an e-mail address that they may not see.
    fn matches(&self, wanted: &str) -> bool {
        let texts = [Some(&self.username), Some(&self.name), self.email.as_ref()];
        texts.into_iter().flatten().any(|text| text.to_lowercase().contains(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_has_one_to_a_hundred_characters() {
        assert_eq!(parse_query(" Ána ").unwrap(), "ána");
        assert!(parse_query(&"ä".repeat(100)).is_ok());
        for wrong in ["", " \t", &"a".repeat(101)] {
            assert!(matches!(parse_query(wrong), Err(Error::Invalid(fields)) if fields[0].field == "query"));
        }
    }
}
