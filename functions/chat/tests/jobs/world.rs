//! The emulated services, and helpers that write users, channels and messages.

use std::ops::Deref;

use entry::LambdaFunction;
use model::{
    ChannelId, MessageId, UserId,
    channel::{ChannelKind, MemberRole},
    message::MessageAuthor,
};
use protocol::job::ProcessMessages;
use store::{
    chat::{
        channels::{self, Channel, ChannelCreateOutcome},
        memberships::{self, Membership, RemainingOwner},
        messages::{self, AppendOutcome, MentionedMember, Message},
    },
    identity::users::User,
    realtime::connections::ConnectionIdentity,
};
use testkit::{SentFrames, TestApp, samples};

pub(crate) struct ChatWorld {
    kit: TestApp,
}

impl Deref for ChatWorld {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.kit
    }
}

impl ChatWorld {
    pub(crate) async fn start() -> Self {
        Self { kit: TestApp::start().await }
    }

    pub(crate) async fn start_worker(&self) -> LambdaFunction {
        chat::worker(self.environment()).await.unwrap()
    }

    pub(crate) async fn create_user(&self, name: &str) -> MessageAuthor {
        let user = User {
            name: name.to_uppercase(),
            ..samples::identity::user(self.clock.new_id(), name, self.now())
        };
        self.app.store.put(&user).await.unwrap();
        MessageAuthor { id: user.id, username: name.into(), name: user.name }
    }

    /// Creates a channel with these members. The first of them created it.
    pub(crate) async fn create_channel(&self, members: &[&MessageAuthor]) -> ChannelId {
        let now = self.now();
        let id: ChannelId = self.clock.new_id();
        let name = format!("herons-{}", id.uuid().simple());
        let channel = Channel {
            channel_kind: ChannelKind::Private,
            member_count: members.len() as u64,
            ..samples::chat::channel(id, &name, members[0].id, now)
        };
        let rows: Vec<_> = members
            .iter()
            .map(|author| samples::chat::membership_rows(id, author, MemberRole::Member, now))
            .collect();
        assert_eq!(
            channels::create(&self.app.store, &channel, &rows).await.unwrap(),
            ChannelCreateOutcome::Created
        );
        id
    }

    /// Updates the membership of a user in a channel.
    pub(crate) async fn update_membership(
        &self,
        user: UserId,
        channel: ChannelId,
        change: impl FnOnce(&mut Membership),
    ) {
        let before = memberships::get_membership(&self.app.store, user, channel, self.clock.now())
            .await
            .unwrap()
            .unwrap();
        let mut after = before.clone();
        change(&mut after);
        assert!(
            memberships::replace_membership(&self.app.store, &before, after)
                .await
                .unwrap()
                .applied()
                .is_some()
        );
    }

    pub(crate) async fn leave_channel(&self, channel: ChannelId, user: UserId) {
        let left = memberships::leave(
            &self.app.store,
            channel,
            user,
            MemberRole::Member,
            RemainingOwner::NotRequired,
        )
        .await
        .unwrap();
        left.applied().unwrap();
    }

    /// Appends a message to its channel without a job that processes it.
    pub(crate) async fn append_message(
        &self,
        channel: ChannelId,
        author: &MessageAuthor,
        content: &str,
        mentions: &[&MessageAuthor],
        reply_to: Option<u64>,
    ) -> MessageId {
        let now = self.clock.now();
        let message = Message {
            reply_to,
            mentions: mentions
                .iter()
                .map(|user| MentionedMember { user: user.id, username: user.username.clone() })
                .collect(),
            ..Message::new(channel, author.clone(), content.into(), now)
        };
        match messages::append(&self.app.store, message, 0, now).await.unwrap() {
            AppendOutcome::Inserted(message) => message.id(),
            AppendOutcome::Duplicate(_) => panic!("a message without a client_msg_id was a duplicate"),
        }
    }

    pub(crate) async fn stored_message(&self, id: MessageId) -> Message {
        messages::get(&self.app.store, id, self.clock.now()).await.unwrap().unwrap()
    }

    /// Edits a message and returns the job that processes the edit.
    pub(crate) async fn edit_message(
        &self,
        id: MessageId,
        content: &str,
        mentions: &[&MessageAuthor],
    ) -> ProcessMessages {
        let before = self.stored_message(id).await;
        let mentions = mentions.iter();
        let after = Message {
            content: content.into(),
            mentions: mentions
                .map(|user| MentionedMember { user: user.id, username: user.username.clone() })
                .collect(),
            edited_at: Some(self.clock.now()),
            ..before.clone()
        };
        let changed = messages::change(&self.app.store, &before, after, self.clock.now()).await.unwrap();
        let Message { channel, seq, version, change, .. } = changed.applied().unwrap();
        ProcessMessages { channel, seq, version, change, tries: 0 }
    }

    pub(crate) async fn delete_message(&self, id: MessageId) {
        let before = self.stored_message(id).await;
        let after = Message {
            content: String::new(),
            mentions: Vec::new(),
            deleted_at: Some(self.clock.now()),
            ..before.clone()
        };
        messages::change(&self.app.store, &before, after, self.clock.now()).await.unwrap().applied().unwrap();
    }

    /// Opens a socket of an account that is connected to the team.
    pub(crate) async fn connect_to_team(&self, id: &str, user: UserId) -> SentFrames {
        let login = self.clock.new_id();
        self.connect_as(id, ConnectionIdentity::Account { user, login, presents: None }).await
    }

    pub(crate) async fn connect_as(&self, id: &str, identity: ConnectionIdentity) -> SentFrames {
        self.open_socket(id, identity).await
    }
}

pub(crate) const fn processing_job(message: MessageId) -> ProcessMessages {
    ProcessMessages { channel: message.channel, seq: message.seq, version: 1, change: 0, tries: 0 }
}
