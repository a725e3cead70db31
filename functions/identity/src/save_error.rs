//! The errors of an account that could not be saved, such as `LAST_ADMIN`.

use model::{Error, ErrorCode};
use store::identity::users::UserSaveOutcome;

/// Returns the error that the caller gets if an account was not saved.
pub(crate) fn from_save_outcome(outcome: UserSaveOutcome) -> Error {
    match outcome {
        UserSaveOutcome::EmailTaken => Error::conflict(
            ErrorCode::EmailTaken,
            "an account with this e-mail address exists: log in, or use another address",
        ),
        UserSaveOutcome::UsernameTaken => {
            Error::conflict(ErrorCode::UsernameTaken, "this user name is taken: choose another one")
        }
        UserSaveOutcome::InvitationGone => Error::conflict(
            ErrorCode::Conflict,
            "the invitation was used at the same time: ask for another one",
        ),
        UserSaveOutcome::LastAdmin => Error::conflict(
            ErrorCode::LastAdmin,
            "this is the only account that can appoint admins: it keeps its role and stays active",
        ),
        UserSaveOutcome::Applied | UserSaveOutcome::SuperAdminExists | UserSaveOutcome::VersionConflict => {
            Error::conflict(
                ErrorCode::Conflict,
                "another request changed the account at the same time: try again",
            )
        }
    }
}
