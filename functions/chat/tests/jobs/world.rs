//! The emulated services, and helpers that write users, channels and messages.

use emulator::{
    ConnectionInfo, OutboundFrame,
    bench::{self, TestCloud},
};
use entry::{App, Clock, Environment, LambdaFunction};
use lambda_runtime::Context;
use model::{
    ChannelId, MessageId, UserId,
    channel::{ChannelKind, ChannelName, MemberRole},
    message::{MessageAuthor, ReplyPreview},
    plan::Plan,
    user::{AccountState, EmailAddress, UserRole},
};
use protocol::{
    Job,
    job::{JobEnvelope, ProcessMessages},
};
use serde_json::Value;
use store::{
    chat::{
        channels::{self, Channel, ChannelCreateOutcome},
        memberships::{self, ChannelMember, Membership, RemainingOwner},
        messages::{self, AppendOutcome, MentionedMember, Message, RepliedMessage},
    },
    identity::users::User,
    realtime::connections::{self, Connection, ConnectionIdentity},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(crate) struct ChatWorld {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) cloud: TestCloud,
}

/// The frames that a socket was sent.
pub(crate) struct SentEvents(UnboundedReceiver<OutboundFrame>);

impl SentEvents {
    /// The payloads of the events of this type.
    pub(crate) fn payloads_of(&mut self, kind: &str) -> Vec<Value> {
        let sent = std::iter::from_fn(|| self.0.try_recv().ok());
        let frames = sent.filter_map(|sent| match sent {
            OutboundFrame::Text(text) => serde_json::from_str::<Value>(&text).ok(),
            OutboundFrame::Close { .. } => None,
        });
        frames.filter(|frame| frame["type"] == kind).map(|frame| frame["payload"].clone()).collect()
    }
}

impl ChatWorld {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        let time = clock.clone();
        let cloud = TestCloud::start(move || time.millis(), None).await.unwrap();
        let app =
            App::start(&Environment::new(cloud.function_environment(), clock.clone()), &[]).await.unwrap();
        Self { app, clock, cloud }
    }

    pub(crate) async fn start_worker(&self) -> LambdaFunction {
        chat::worker(Environment::new(self.cloud.function_environment(), self.clock.clone())).await.unwrap()
    }

    pub(crate) async fn create_user(&self, name: &str) -> MessageAuthor {
        let now = self.clock.now();
        let user = User {
            id: self.clock.new_id(),
            email: Some(EmailAddress::parse(&format!("{name}@example.com")).unwrap()),
            username: None,
            name: name.to_uppercase(),
            avatar: None,
            organization: None,
            role: UserRole::Member,
            plan: Plan::Free,
            status: AccountState::Active,
            restriction: None,
            password: None,
            credentials_changed_at: now,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.app.store.put(&user).await.unwrap();
        MessageAuthor { id: user.id, username: name.into(), name: user.name }
    }

    /// Creates a channel with these members. The first of them created it.
    pub(crate) async fn create_channel(&self, members: &[&MessageAuthor]) -> ChannelId {
        let now = self.clock.now();
        let id: ChannelId = self.clock.new_id();
        let channel = Channel {
            id,
            channel_kind: ChannelKind::Private,
            name: Some(ChannelName::parse(&format!("herons-{}", id.uuid().simple())).unwrap()),
            description: None,
            is_default: false,
            created_by: members.first().map(|first| first.id),
            member_count: members.len() as u64,
            archived_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let rows: Vec<_> = members.iter().map(|author| self.membership_rows(id, author)).collect();
        assert_eq!(
            channels::create(&self.app.store, &channel, &rows).await.unwrap(),
            ChannelCreateOutcome::Created
        );
        id
    }

    pub(crate) fn membership_rows(
        &self,
        channel: ChannelId,
        author: &MessageAuthor,
    ) -> (ChannelMember, Membership) {
        let user = author.id;
        let now = self.clock.now();
        let member = ChannelMember {
            channel,
            user,
            role: MemberRole::Member,
            username: author.username.clone(),
            name: author.name.clone(),
            joined_at: now,
        };
        let membership = Membership::new(channel, user, MemberRole::Member, 0, now);
        (member, membership)
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
            reply_to: reply_to.map(|seq| RepliedMessage {
                seq,
                preview: ReplyPreview { user_id: author.id, username: "x".into(), content: "x".into() },
            }),
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
    pub(crate) async fn connect_to_team(&self, id: &str, user: UserId) -> SentEvents {
        self.connect_as(id, ConnectionIdentity::Account { user, login: self.clock.new_id(), presents: None })
            .await
    }

    pub(crate) async fn connect_as(&self, id: &str, identity: ConnectionIdentity) -> SentEvents {
        let (tx, rx) = unbounded_channel();
        let millis = self.clock.millis();
        let info = ConnectionInfo {
            connected_at_ms: millis,
            last_active_ms: millis,
            source_ip: "203.0.113.7".into(),
            user_agent: "tests".into(),
        };
        self.cloud.emulator.connections().register(id, info, tx);
        self.cloud.emulator.connections().open(id);
        let connection = Connection {
            id: id.into(),
            identity,
            display_name: None,
            connected_at: self.clock.now(),
            presents_since: None,
        };
        connections::put(&self.app.store, &connection).await.unwrap();
        SentEvents(rx)
    }

    /// Delivers a job, and returns whether it succeeded.
    pub(crate) async fn deliver<J: Job>(&self, worker: &LambdaFunction, job: &J) -> bool {
        let payload = serde_json::to_value(job).unwrap();
        let envelope = JobEnvelope { job: J::NAME.into(), payload, at: self.clock.now(), request_id: None };
        let batch = bench::sqs_event([serde_json::to_string(&envelope).unwrap()]);
        let response = worker.call(batch, Context::default()).await.unwrap();
        response["batchItemFailures"].as_array().unwrap().is_empty()
    }

    /// Returns the queued jobs of a type.
    pub(crate) fn queued_jobs<J: Job>(&self) -> Vec<J> {
        let bodies = J::QUEUES.iter().flat_map(|queue| self.cloud.queued_bodies(queue.env_var()).unwrap());
        let envelopes = bodies.map(|body| serde_json::from_str::<JobEnvelope>(&body).unwrap());
        envelopes
            .filter(|envelope| envelope.job == J::NAME)
            .map(|envelope| serde_json::from_value(envelope.payload).unwrap())
            .collect()
    }
}

pub(crate) const fn processing_job(message: MessageId) -> ProcessMessages {
    ProcessMessages { channel: message.channel, seq: message.seq, version: 1, change: 0, tries: 0 }
}
