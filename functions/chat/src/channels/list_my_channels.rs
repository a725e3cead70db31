use std::collections::{HashMap, HashSet};

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use model::{
    ChannelId, Error, MessageId, UserId,
    channel::{ChannelKind, DirectChannelState},
};
use store::{
    Page, ReadConsistency,
    chat::{
        channels::{self, Channel},
        memberships::{self, Membership},
        messages, projection_checkpoint,
    },
    identity::users::{self, User},
};

use super::{default_channels, view::MyChannel};
use crate::{
    blocks::blocked_users,
    messages::publish::enqueue_processing,
    team::{require_teammate, team_author},
};

/// A message that is older than this was processed, unless its job was lost.
const PROCESSING_GRACE: SignedDuration = SignedDuration::from_secs(10);
/// Lost jobs that one request sends again. The next request sends the others.
const MAX_REQUEUED_JOBS: usize = 20;

/// List my channels
///
/// Returns all channels of the caller with their unread counts: public, then private, then direct channels, each sorted
/// by name. `next` is always `null`. A new teammate joins the default channels first. Left out are direct channels that
/// the caller has hidden, that another user opened and did not write to, and those with a blocked user.
// For each hundred channels the number of requests to the table is constant: one query for the memberships, one batch
// for the channels, and one batch for the last messages, or a few if much is new. A channel costs 2 read units.
#[utoipa::path(
    get,
    path = "/v1/channels/my",
    tag = "channels",
    operation_id = "list_my_channels",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<MyChannel>),
        (status = 401, body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`", body = ErrorBody),
    )
)]
pub(crate) async fn list_my_channels(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<Json<Page<MyChannel>>> {
    let me = require_teammate(&app, account.user).await?;
    let now = app.clock.now();
    let memberships = async { Ok(memberships::list_memberships(&app.store, account.user, now).await?) };
    let (mut memberships, blocked) = futures::try_join!(memberships, blocked_users(&app, account.user, now))?;
    if default_channels::needs_default_channels(&app, account.user, &memberships, now).await? {
        default_channels::join_default_channels(&app, &me).await?;
        memberships = memberships::list_memberships(&app.store, account.user, now).await?;
    }
    // channels with a blocked user are not read
    memberships.retain(|membership| membership.other_user.is_none_or(|other| !blocked.contains(&other)));
    let ids: Vec<ChannelId> = memberships.iter().map(|membership| membership.channel).collect();
    let heads = async {
        Ok(projection_checkpoint::channel_progress(&app.store, &memberships, ReadConsistency::Eventual, now)
            .await?)
    };
    let (channels, heads) = futures::try_join!(channels_by_id(&app, &ids, now), heads)?;
    let unprocessed = heads.iter().filter(|head| head.seq > head.processed_seq);
    let unprocessed: Vec<MessageId> =
        unprocessed.map(|head| MessageId { channel: head.channel, seq: head.seq }).collect();
    requeue_unprocessed(&app, &unprocessed, now).await;
    let others = other_members(&app, &memberships, now).await?;
    let mut items: Vec<MyChannel> = memberships
        .iter()
        .zip(heads)
        .filter_map(|(membership, head)| {
            let other = membership.other_user.and_then(|other| others.get(&other));
            // an account that the eventually consistent read does not return yet was just created
            let is_other_active = other.is_none_or(|other| other.is_active(now));
            if !is_listed(membership, head.seq, &blocked, is_other_active) {
                return None;
            }
            let mut item = MyChannel::new(channels.get(&membership.channel)?, membership, head.seq);
            item.with_user = other.and_then(team_author);
            Some(item)
        })
        .collect();
    items.sort_by_cached_key(|item| {
        let kind = match item.channel.kind {
            ChannelKind::Public => 0,
            ChannelKind::Private => 1,
            ChannelKind::Direct => 2,
        };
        (kind, item.channel.name.as_deref().map(str::to_lowercase), item.channel.id)
    });
    Ok(Json(Page { items, next: None }))
}

/// Whether a channel is in the member's list.
pub(crate) fn is_listed(
    membership: &Membership,
    seq: u64,
    blocked: &HashSet<UserId>,
    is_other_active: bool,
) -> bool {
    membership.other_user.is_none_or(|other| {
        let is_blocked = blocked.contains(&other);
        let hidden_through = membership.hidden_through;
        DirectChannelState { seq, hidden_through, is_blocked, is_other_active }.is_listed()
    })
}

/// Returns the other members of direct channels. Reads all of them in one batch.
async fn other_members(
    app: &App,
    memberships: &[Membership],
    now: Timestamp,
) -> Result<HashMap<UserId, User>, Error> {
    let others: Vec<UserId> = memberships.iter().filter_map(|membership| membership.other_user).collect();
    if others.is_empty() {
        return Ok(HashMap::new());
    }
    let found = users::get_many(&app.store, &others, now).await?;
    Ok(found.into_iter().map(|user| (user.id, user)).collect())
}

/// Reads channels by id. A channel that the eventually consistent read does not return yet was just created and is read
/// strongly.
async fn channels_by_id(
    app: &App,
    ids: &[ChannelId],
    now: Timestamp,
) -> Result<HashMap<ChannelId, Channel>, Error> {
    let found = channels::get_many(&app.store, ids, now).await?;
    let mut found: HashMap<ChannelId, Channel> =
        found.into_iter().map(|channel| (channel.id, channel)).collect();
    let missing = ids.iter().filter(|id| !found.contains_key(id));
    let missing = missing.map(|id| channels::get(&app.store, *id, ReadConsistency::Strong, now));
    let recent = try_join_all(missing).await?;
    found.extend(recent.into_iter().flatten().map(|channel| (channel.id, channel)));
    Ok(found)
}

/// Sends the jobs of messages again whose jobs were lost.
async fn requeue_unprocessed(app: &App, unprocessed: &[MessageId], now: Timestamp) {
    let sent = async {
        let last = messages::get_many(&app.store, unprocessed, ReadConsistency::Eventual, now).await?;
        let overdue =
            last.iter().filter(|message| message.created_at + PROCESSING_GRACE < now).take(MAX_REQUEUED_JOBS);
        try_join_all(overdue.map(|message| enqueue_processing(app, message))).await
    };
    if let Err(error) = sent.await {
        tracing::warn!(%error, "lost jobs of messages were not sent again");
    }
}
