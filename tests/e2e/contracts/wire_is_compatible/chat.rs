use model::{
    MessageId, PresenceForm, UserId,
    channel::{ChannelKind, MemberRole},
    message::{MessageAuthor, MessageFormatting, ReplyPreview},
    tick::Tick,
};
use protocol::{
    Event,
    event::chat::{
        BlockUpdated, ChannelDeleted, ChannelJoined, ChannelLeft, ChannelLogHead, ChannelView,
        ConnectionEstablished, DirectChannelUpdated, DraftUpdated, ForceDisconnect, MemberRoleChanged,
        MembershipChanged, MentionNotification, MessageDeleted, MessageReaction, MessageView,
        OnlineUsersList, PresenceStatus, ReactionAction, ReactionView, ReadMarked, ReplayedMessages,
        ResyncRequired, TeamPresenceChanged, TypingIndicatorEvent, UserStatusChanged,
    },
    job::{
        CheckTeamPresence, ConnectionHeartbeat, DeliverPresence, ProcessMessages, PublishPresence,
        SendMentionDigest, SyncProfile,
    },
};
use serde_json::{Value, json};

use super::{ONE, SLIDE, TWO, check_job, id, now};

fn message_id(seq: u64) -> MessageId {
    MessageId { channel: id(9), seq }
}

fn reactions() -> Vec<ReactionView> {
    vec![ReactionView { emoji: "👍".into(), count: 1, me: None, users: vec![id(2)] }]
}

fn message() -> MessageView {
    MessageView {
        id: message_id(42),
        channel_id: id(9),
        seq: 42,
        client_msg_id: Some("5f0c".into()),
        user_id: id(2),
        user: MessageAuthor { id: id(2), username: "bo".into(), name: "Bo".into() },
        content: "**Herons**, @ana".into(),
        formatting: MessageFormatting {
            has_bold: true,
            has_mentions: true,
            mention_count: 1,
            ..MessageFormatting::default()
        },
        reply_to_id: Some(message_id(41)),
        reply_preview: Some(ReplyPreview {
            user_id: id(1),
            username: "ana".into(),
            content: "What nests?".into(),
            is_deleted: false,
            version: 1,
        }),
        mentions: vec!["ana".into()],
        mention_count: 1,
        reactions: reactions(),
        is_edited: true,
        is_pinned: false,
        version: 3,
        change: 8,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
    }
}

fn channel() -> ChannelView {
    ChannelView {
        id: id(9),
        name: Some("herons".into()),
        description: Some("Everything with long legs".into()),
        kind: ChannelKind::Public,
        is_private: false,
        is_default: false,
        member_count: 2,
        archived_at: None,
        created_at: now(),
        updated_at: now(),
    }
}

pub(super) fn events() -> Vec<Event> {
    let (channel_id, user_id, username, change) = (id(9), id(2), "bo".to_owned(), 8);
    let head = ChannelLogHead { channel_id, seq: 42 };
    let member = || MembershipChanged { user_id, username: "bo".into(), channel_id };
    vec![
        Event::ConnectionEstablished(ConnectionEstablished {
            user_id,
            username: username.clone(),
            channels: vec![head],
        }),
        Event::ChannelJoined(ChannelJoined { channel_id, seq: 42, change, replayed: 1 }),
        Event::ChannelLeft(ChannelLeft { channel_id }),
        Event::ChannelChanges(ReplayedMessages { channel_id, messages: vec![message()] }),
        Event::ResyncRequired(ResyncRequired { channel_id, seq: 42, change }),
        Event::NewMessage(Box::new(message())),
        Event::MessageEdited(Box::new(message())),
        Event::MessageDeleted(MessageDeleted {
            message_id: message_id(42),
            channel_id,
            seq: 42,
            version: 4,
            change: 9,
            deleted_by: "ana".into(),
            deleted_at: now(),
            reason: Some("off topic".into()),
        }),
        Event::MessageReaction(MessageReaction {
            message_id: message_id(42),
            channel_id,
            seq: 42,
            version: 3,
            change,
            emoji: "👍".into(),
            user_id,
            username: username.clone(),
            action: ReactionAction::Add,
            reactions: reactions(),
        }),
        Event::TypingIndicator(TypingIndicatorEvent { user_id, username, channel_id, is_typing: true }),
        Event::UserStatus(UserStatusChanged { user_id, status: PresenceStatus::Online, as_of: now() }),
        Event::TeamPresence(presence(user_id)),
        Event::OnlineUsers(OnlineUsersList { channel_id, users: vec![user_id], as_of: now() }),
        Event::UserJoined(member()),
        Event::UserLeft(member()),
        Event::MemberUpdated(MemberRoleChanged { user_id, channel_id, role: MemberRole::Moderator }),
        Event::MentionNotification(MentionNotification {
            message_id: message_id(42),
            channel_id,
            content: "**Herons**, @ana".into(),
            from_user_id: user_id,
            from_username: "bo".into(),
            is_edit: false,
            is_silent: false,
        }),
        Event::ChannelCreated(channel()),
        Event::ChannelUpdated(channel()),
        Event::ChannelDeleted(ChannelDeleted { channel_id }),
        Event::ReadMarked(ReadMarked { channel_id, read_seq: 42 }),
        Event::DirectChannelUpdated(DirectChannelUpdated {
            channel_id,
            hidden_through: Some(42),
            version: 7,
        }),
        Event::BlockUpdated(BlockUpdated { user_id, channel_id, is_blocked: true, version: 7 }),
        Event::DraftUpdated(DraftUpdated {
            channel_id,
            content: "They nest".into(),
            reply_to_id: None,
            updated_at: now(),
        }),
        Event::ForceDisconnect(ForceDisconnect { reason: "rude".into() }),
    ]
}

pub(super) fn commands() -> Vec<Value> {
    vec![
        json!({ "type": "join_channel", "channel_id": SLIDE }),
        json!({ "type": "join_channel", "channel_id": SLIDE, "last_seq": 3 }),
        json!({ "type": "join_channel", "payload": { "channel_id": SLIDE, "since": { "seq": 3, "change": 0 } } }),
        json!({ "type": "leave_channel", "channel_id": SLIDE }),
        json!({ "type": "typing_indicator", "channel_id": SLIDE, "is_typing": false }),
        json!({ "type": "get_online_users", "channel_id": SLIDE }),
    ]
}

fn presence(user_id: UserId) -> TeamPresenceChanged {
    let status = UserStatusChanged { user_id, status: PresenceStatus::Online, as_of: now() };
    TeamPresenceChanged { version: 12, since_version: Some(11), users: vec![status] }
}

pub(super) fn jobs() {
    check_job(&ConnectionHeartbeat { user: id(1) }, "connection_heartbeat.v1", json!({ "user": ONE }));
    let check = |after_close| CheckTeamPresence { user: id(1), after_close };
    check_job(&check(false), "check_team_presence.v1", json!({ "user": ONE }));
    check_job(&check(true), "check_team_presence.v1", json!({ "user": ONE, "after_close": true }));
    check_job(&PublishPresence { tick: Tick(7) }, "publish_presence.v1", json!({ "tick": 7 }));
    let deliver =
        DeliverPresence { presence: presence(id(1)), form: PresenceForm::State, shard: None, part: 0 };
    let status = json!({ "user_id": ONE, "status": "online", "as_of": "2026-11-21T12:00:00Z" });
    let payload = json!({ "version": 12, "since_version": 11, "users": [status] });
    check_job(&deliver, "deliver_presence.v1", json!({ "presence": payload, "form": "state" }));
    let events = DeliverPresence { form: PresenceForm::Events, shard: Some(3), part: 25, ..deliver };
    check_job(
        &events,
        "deliver_presence.v1",
        json!({ "presence": payload, "form": "events", "shard": 3, "part": 25 }),
    );
    let follow = ProcessMessages { channel: id(2), seq: 42, version: 1, change: 0, tries: 0 };
    check_job(&follow, "process_messages.v1", json!({ "channel": TWO, "seq": 42, "version": 1 }));
    let again = ProcessMessages { version: 2, change: 9, tries: 2, ..follow };
    check_job(
        &again,
        "process_messages.v1",
        json!({ "channel": TWO, "seq": 42, "version": 2, "change": 9, "tries": 2 }),
    );
    check_job(&SyncProfile { user: id(1) }, "sync_profile.v1", json!({ "user": ONE }));
    check_job(&SendMentionDigest { user: id(1) }, "send_mention_digest.v1", json!({ "user": ONE }));
}
