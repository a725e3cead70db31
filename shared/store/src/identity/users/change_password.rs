use jiff::Timestamp;

use super::{PasswordHash, User, password_change};
use crate::{
    Item, Store, TransactWrite, WriteOutcome,
    dynamodb::error::Result,
    identity::login_revocations::{self, LoginRevocation},
};

/// IDENTITY-1, IDENTITY-14. Changes the password, if the account has not changed since the password was checked. `revocation` ends
/// the log-ins of the old password. 4 write units, and 1 for the index.
pub async fn change_password(
    store: &Store,
    user: &User,
    new: &PasswordHash,
    revocation: &LoginRevocation,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let changed = TransactWrite::update(user.key(), password_change(user, new, false, now)?);
    let revoked = login_revocations::revocation_write(revocation)?;
    Ok(store.transact(vec![("password", changed), ("revocation", revoked)]).await?.into())
}
