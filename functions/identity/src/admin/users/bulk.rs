use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, SuperAdminCaller, ValidJson},
};
use futures::{StreamExt, stream};
use garde::Validate;
use model::{
    Error, UserId, text,
    user::{AccountState, RestrictionKind},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::identity::users::User;
use utoipa::ToSchema;

use super::{
    account_state::with_status,
    restriction::{with_restriction, without_restriction},
};
use crate::admin::audited_change::{AuditedAction, apply_audited};

/// Accounts of one request. Each is a transaction and a query of its sockets, and a request has 15 seconds.
const MAX_TARGETS: usize = 50;
const CONCURRENCY: usize = 5;

/// The operation for each account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BulkActionKind {
    #[serde(alias = "ban_user")]
    Ban,
    #[serde(alias = "unban_user")]
    Unban,
    #[serde(alias = "suspend_user")]
    Suspend,
    #[serde(alias = "unsuspend_user")]
    Unsuspend,
    Deactivate,
    Reactivate,
}

/// The accounts to change and the operation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct BulkActionRequest {
    #[garde(skip)]
    action: BulkActionKind,
    /// The ids of the accounts. Duplicates are ignored.
    #[garde(length(min = 1, max = MAX_TARGETS))]
    #[schema(min_items = 1, max_items = 50)]
    target_ids: Vec<UserId>,
    /// A text for the audit log.
    #[garde(length(chars, max = 500), inner(custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[schema(max_length = 500)]
    reason: Option<String>,
    /// Hours until a ban or a suspension ends.
    #[garde(range(min = 1, max = 87_600))]
    #[schema(minimum = 1, maximum = 87_600)]
    duration_hours: Option<u32>,
}

/// The result for one account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkOutcome {
    id: UserId,
    /// Whether the account has the requested state now.
    done: bool,
    /// The error code if `done` is `false`.
    code: Option<&'static str>,
    message: Option<String>,
}

/// The results for all accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkActionResponse {
    items: Vec<BulkOutcome>,
    done: usize,
    failed: usize,
}

/// Change many accounts
///
/// Bans, unbans, suspends, unsuspends, deactivates or reactivates up to 50 accounts. Each account succeeds or fails
/// independently. For the super admin.
#[utoipa::path(
    post,
    path = "/v1/admin/bulk-actions",
    tag = "admin",
    operation_id = "admin_bulk_action",
    request_body = BulkActionRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (
            status = 200,
            description = "The results. The request succeeds even if it fails for some accounts.",
            body = BulkActionResponse
        ),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_bulk_action(
    State(app): State<App>,
    SuperAdminCaller(staff): SuperAdminCaller,
    ValidJson(input): ValidJson<BulkActionRequest>,
) -> ApiResult<Json<BulkActionResponse>> {
    let mut ids = input.target_ids.clone();
    ids.sort_unstable();
    ids.dedup();
    let results: Vec<(UserId, Result<User, Error>)> = stream::iter(ids)
        .map(|id| {
            let app = &app;
            let staff = &staff;
            let input = &input;
            async move {
                let audited = AuditedAction::new(input.action.audit_name(), input.reason.clone());
                let audited =
                    audited.with_metadata(json!({ "duration_hours": input.duration_hours, "bulk": true }));
                let change = |before: &User, now| {
                    let reason = input.reason.as_deref();
                    let restrict = |kind| with_restriction(before, kind, input.duration_hours, reason, now);
                    match input.action {
                        BulkActionKind::Ban => restrict(RestrictionKind::Ban),
                        BulkActionKind::Suspend => restrict(RestrictionKind::Suspension),
                        BulkActionKind::Unban => Ok(without_restriction(before, RestrictionKind::Ban)),
                        BulkActionKind::Unsuspend => {
                            Ok(without_restriction(before, RestrictionKind::Suspension))
                        }
                        BulkActionKind::Deactivate => Ok(with_status(before, AccountState::Disabled)),
                        BulkActionKind::Reactivate => Ok(with_status(before, AccountState::Active)),
                    }
                };
                (id, apply_audited(app, staff, id, audited, change).await)
            }
        })
        .buffered(CONCURRENCY)
        .collect()
        .await;
    let items: Vec<BulkOutcome> =
        results.into_iter().map(|(id, result)| bulk_outcome(id, result.err())).collect();
    let done = items.iter().filter(|item| item.done).count();
    Ok(Json(BulkActionResponse { done, failed: items.len() - done, items }))
}

fn bulk_outcome(id: UserId, error: Option<Error>) -> BulkOutcome {
    if let Some(Error::Internal(source)) = &error {
        tracing::error!(error = %source, "internal error in a bulk action");
    }
    let code = error.as_ref().map(|error| error.code().http());
    BulkOutcome { id, done: error.is_none(), code, message: error.map(|error| error.to_string()) }
}

impl BulkActionKind {
    const fn audit_name(self) -> &'static str {
        match self {
            Self::Ban => "ban_user",
            Self::Unban => "unban_user",
            Self::Suspend => "suspend_user",
            Self::Unsuspend => "unsuspend_user",
            Self::Deactivate => "deactivate_user",
            Self::Reactivate => "reactivate_user",
        }
    }
}
