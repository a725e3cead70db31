use std::collections::HashMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, Error, MessageId, UserId, channel::ChannelKind, message::MessageAuthor};
use store::{
    Page, ReadConsistency,
    chat::{
        channels::{self, Channel},
        memberships, messages, projection_checkpoint,
    },
    identity::users,
};

use super::{defaults, view::MyChannel};
use crate::{
    messages::announce::enqueue_processing,
    team::{require_teammate, team_author},
};

/// What follows from a message has been done after this, but where its job was lost.
const PROCESSING_GRACE: SignedDuration = SignedDuration::from_secs(10);
/// Lost jobs that are sent anew by one opening of the app; the next one sends the others.
const MAX_REQUEUED_JOBS: usize = 20;

/// The channels that one is in: what opening the app needs
///
/// Public ones, private ones, direct ones, each by name, with how much is unread. All of them at once, `next` is always `null`. A
/// constant number of requests to the table for each hundred of them: their places by one query, their rows in one batch, how far
/// they are in one batch, or a few where much is new. Two read units a channel. Whoever is new joins the default ones first.
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
    let mut places = memberships::list_memberships(&app.store, account.user, now).await?;
    if defaults::needs_default_channels(&app, account.user, &places, now).await? {
        defaults::join_default_channels(&app, &me).await?;
        places = memberships::list_memberships(&app.store, account.user, now).await?;
    }
    let ids: Vec<ChannelId> = places.iter().map(|place| place.channel).collect();
    let heads = async {
        Ok(projection_checkpoint::channel_progress(&app.store, &places, ReadConsistency::Eventual, now)
            .await?)
    };
    let (channels, heads) = futures::try_join!(channels_by_id(&app, &ids, now), heads)?;
    let behind = heads.iter().filter(|head| head.seq > head.processed_seq);
    let behind: Vec<MessageId> =
        behind.map(|head| MessageId { channel: head.channel, seq: head.seq }).collect();
    requeue_unprocessed(&app, &behind, now).await;
    let mut items: Vec<MyChannel> = places
        .iter()
        .zip(heads)
        .filter_map(|(place, head)| Some(MyChannel::new(channels.get(&place.channel)?, place, head.seq)))
        .collect();
    set_partner_names(&app, &mut items, now).await?;
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

/// Who the other one of a direct channel is: one batch, however many.
async fn set_partner_names(app: &App, items: &mut [MyChannel], now: Timestamp) -> Result<(), Error> {
    let partners: Vec<UserId> = items.iter().filter_map(|item| item.with).collect();
    if partners.is_empty() {
        return Ok(());
    }
    let known = users::get_many(&app.store, &partners, now).await?;
    let known: HashMap<UserId, MessageAuthor> =
        known.iter().filter_map(|user| Some((user.id, team_author(user)?))).collect();
    for item in items {
        item.with_user = item.with.and_then(|with| known.get(&with).cloned());
    }
    Ok(())
}

/// Rows of channels. One that a copy does not have yet is read anew: its members have just made it.
async fn channels_by_id(
    app: &App,
    ids: &[ChannelId],
    now: Timestamp,
) -> Result<HashMap<ChannelId, Channel>, Error> {
    let found = channels::get_many(&app.store, ids, now).await?;
    let mut found: HashMap<ChannelId, Channel> = found.into_iter().map(|one| (one.id, one)).collect();
    let missing = ids.iter().filter(|id| !found.contains_key(id));
    let missing = missing.map(|id| channels::get(&app.store, *id, ReadConsistency::Strong, now));
    let anew = try_join_all(missing).await?;
    found.extend(anew.into_iter().flatten().map(|one| (one.id, one)));
    Ok(found)
}

/// Has followed what was not, because a job was lost.
async fn requeue_unprocessed(app: &App, behind: &[MessageId], now: Timestamp) {
    let sent = async {
        let ends = messages::get_many(&app.store, behind, ReadConsistency::Eventual, now).await?;
        let old =
            ends.iter().filter(|message| message.created_at + PROCESSING_GRACE < now).take(MAX_REQUEUED_JOBS);
        try_join_all(old.map(|message| enqueue_processing(app, message))).await
    };
    if let Err(error) = sent.await {
        tracing::warn!(%error, "what follows from messages was not asked for");
    }
}
