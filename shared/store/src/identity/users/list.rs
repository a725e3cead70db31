//! IDENTITY-4. Lists of accounts, for admins only. They cost by the number of accounts that they read, so they are
//! paged.

use jiff::Timestamp;

use super::User;
use crate::{
    Page, PageRequest, Query, Store,
    dynamodb::{error::Result, key::Gsi1Partition},
};

/// Accounts in one request of [`list_matching`].
const ROWS_PER_PAGE: usize = 500;

fn all_query() -> Query {
    Query::gsi1(&Gsi1Partition::Users).newest_first()
}

/// IDENTITY-4. Returns a page of accounts, newest first.
pub async fn page(store: &Store, request: &PageRequest, now: Timestamp) -> Result<Page<User>> {
    store.page(all_query(), request, now).await
}

/// IDENTITY-4. Reads up to `most` accounts, newest first. Returns those that match, and whether all accounts were read.
pub async fn list_matching(
    store: &Store,
    most: usize,
    now: Timestamp,
    is_match: impl Fn(&User) -> bool,
) -> Result<(Vec<User>, bool)> {
    let mut found = Vec::new();
    let mut request = PageRequest::internal(ROWS_PER_PAGE.min(most));
    let mut read = 0;
    loop {
        let page = page(store, &request, now).await?;
        read += page.items.len();
        found.extend(page.items.into_iter().filter(&is_match));
        if page.next.is_none() || read >= most {
            return Ok((found, page.next.is_none()));
        }
        request = request.at(page.next).with_limit(ROWS_PER_PAGE.min(most - read));
    }
}

/// IDENTITY-4. Counts all accounts. Costs as much as reading them.
pub async fn count(store: &Store) -> Result<u64> {
    store.count(all_query()).await
}
