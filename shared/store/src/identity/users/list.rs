//! U4: for admins. Costs by what is read, so it is read in pages and never by anybody else.

use jiff::Timestamp;

use super::User;
use crate::{
    Page, Query, Store,
    dynamodb::{error::Result, key::Gsi1Partition},
};

/// Accounts on one read of [`all`].
const ROWS_PER_PAGE: usize = 500;

fn all_query() -> Query {
    Query::gsi1(&Gsi1Partition::Users).newest_first()
}

/// U4.
pub async fn page(store: &Store, limit: usize, cursor: Option<&str>, now: Timestamp) -> Result<Page<User>> {
    store.page(all_query(), limit, cursor, now).await
}

/// U4: up to `most`, newest first, of those that are meant, and whether that is all of them.
pub async fn list_matching(
    store: &Store,
    most: usize,
    now: Timestamp,
    is_meant: impl Fn(&User) -> bool,
) -> Result<(Vec<User>, bool)> {
    let (mut found, mut cursor, mut read) = (Vec::new(), None::<String>, 0);
    loop {
        let page = page(store, ROWS_PER_PAGE.min(most - read), cursor.as_deref(), now).await?;
        read += page.items.len();
        found.extend(page.items.into_iter().filter(&is_meant));
        cursor = page.next;
        if cursor.is_none() || read >= most {
            return Ok((found, cursor.is_none()));
        }
    }
}

/// U4: how many there are, paid for like reading them.
pub async fn count(store: &Store) -> Result<u64> {
    store.count(all_query()).await
}
