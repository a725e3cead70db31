//! Enqueue a job. The only crate that calls SQS.
//!
//! | queue | jobs | received by |
//! | --- | --- | --- |
//! | `Sessions` | `connection_opened` `connection_closed` `count_upvotes` `check_session` `end_login` `end_logins` `end_session` `finish_removal` `rank_quiz` `write_report` | `worker-sessions` |
//! | `Ticks` (FIFO) | `count_votes` `count_presence` `count_turned_away` | `worker-sessions` |
//! | `Answers` | `answer_question` `generate_slide` | `worker-answers` |
//! | `Chat` | `connection_opened` `connection_closed` `connection_heartbeat` `check_team_presence` `sync_profile` `delete_channel_rows` `send_mention_digest` | `worker-chat` |
//! | `MessageProcessing` (FIFO) | `process_messages` | `worker-chat` |
//! | `Presence` (FIFO) | `publish_presence` `deliver_presence` | `worker-chat` |
//! | `Broadcast` | `broadcast_frame` `connection_unreachable` `connections_ended` `account_changed` `session_end_requested` | `worker-broadcast` |
//! | `Mail` | `send_mail` | `worker-mail` |
//!
//! A crash before [`JobQueues::send`] loses the job, a crash after it does not. A job that must not be lost therefore leaves its
//! intent on an item in the `due` index first.

mod request_id;

use std::collections::HashMap;

use aws_sdk_sqs::{
    Client, Config, config::retry::RetryConfig, error::DisplayErrorContext, types::QueueAttributeName,
};
use jiff::Timestamp;
use model::Error;
use protocol::{
    Job,
    job::{JobEnvelope, Queue},
};

pub use self::request_id::{current_request_id, with_request_id};

/// The queues of a deployment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JobQueues {
    client: Client,
    urls: HashMap<Queue, String>,
}

impl JobQueues {
    pub const fn new(client: Client, urls: HashMap<Queue, String>) -> Self {
        Self { client, urls }
    }

    /// Opens a connection to SQS, so that the first job does not wait for it. The caller may send to `queue`.
    pub async fn warm(&self, queue: Queue) {
        let without_retries = Config::builder().retry_config(RetryConfig::disabled());
        let request = self
            .client
            .get_queue_attributes()
            .set_queue_url(self.urls.get(&queue).cloned())
            .attribute_names(QueueAttributeName::QueueArn);
        if let Err(error) = request.customize().config_override(without_retries).send().await {
            tracing::debug!(error = %DisplayErrorContext(error), "SQS does not respond yet");
        }
    }

    /// Sends a job in one request.
    pub async fn send<J: Job>(&self, job: &J, now: Timestamp) -> Result<(), Error> {
        let queue = job.queue();
        let url = self.urls.get(&queue).ok_or_else(|| Error::internal(queue.env_var()))?;
        let payload = serde_json::to_value(job).map_err(Error::internal)?;
        let envelope =
            JobEnvelope { job: J::NAME.into(), payload, at: now, request_id: current_request_id() };
        let body = serde_json::to_string(&envelope).map_err(Error::internal)?;
        let fifo_key = job.fifo_key();
        // SQS refuses a delay on a FIFO message, also a delay of zero.
        let delay = i32::try_from(job.delay().as_secs()).ok().filter(|delay| *delay > 0);
        self.client
            .send_message()
            .queue_url(url)
            .message_body(body)
            .set_delay_seconds(delay)
            .set_message_group_id(fifo_key.as_ref().map(|key| key.message_group_id.clone()))
            .set_message_deduplication_id(fifo_key.map(|key| key.message_deduplication_id))
            .send()
            .await
            .map_err(|error| Error::unavailable("the queue", DisplayErrorContext(error).to_string()))?;
        Ok(())
    }
}
