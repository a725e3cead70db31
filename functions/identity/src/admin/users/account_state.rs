//! Deactivating and reactivating accounts.

use entry::{App, http::StaffCaller};
use model::{Error, UserId, user::AccountState};
use store::identity::users::User;

use crate::admin::{
    audited_change::{AuditedAction, apply_audited},
    view::AdminAccount,
};

/// Returns the account with another status.
pub(crate) fn with_status(before: &User, status: AccountState) -> User {
    User { status, ..before.clone() }
}

/// Sets the status of an account and writes the audit entry.
///
/// # Errors
/// The errors of [`apply_audited`].
pub(crate) async fn set_status(
    app: &App,
    staff: &StaffCaller,
    target: UserId,
    action: AuditedAction,
    status: AccountState,
) -> Result<AdminAccount, Error> {
    let after =
        apply_audited(app, staff, target, action, |before, _| Ok(with_status(before, status))).await?;
    Ok(AdminAccount::of(&after, app.clock.now()))
}
