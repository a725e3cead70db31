//! Enqueue a job. The only crate that speaks SQS.
//!
//! | queue | jobs | read by |
//! | --- | --- | --- |
//! | `Sessions` | `greet` `count_upvotes` `check_session` `end_login` `end_session` `rank_quiz` `write_report` | `worker-sessions` |
//! | `Ticks` (FIFO) | `count_votes` `count_presence` | `worker-sessions` |
//! | `Answers` | `answer_question` `generate_slide` | `worker-answers` |
//! | `Broadcast` | `broadcast` | `worker-broadcast` |
//! | `Chat` | `welcome` `member_left` `check_presence` `follow_account` `clear_channel` `send_digest` | `worker-chat` |
//! | `Follows` (FIFO) | `follow_channel` | `worker-chat` |
//! | `Mail` | `send_mail` | `worker-mail` |
//!
//! A job that must not be lost leaves its intent on an item and in the `due` index; what is sent from here may be lost
//! by a crash before it is sent, never after.

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

    /// Opens a connection to SQS, so that the first job need not; `queue` is one that the caller may send to.
    pub async fn warm(&self, queue: Queue) {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let asking = self.client.get_queue_attributes().set_queue_url(self.urls.get(&queue).cloned());
        let asking = asking.attribute_names(QueueAttributeName::QueueArn);
        if let Err(error) = asking.customize().config_override(once).send().await {
            tracing::debug!(error = %DisplayErrorContext(error), "the queues do not answer yet");
        }
    }

    /// Sends a job: one request.
    pub async fn send<J: Job>(&self, job: &J, now: Timestamp) -> Result<(), Error> {
        let url = self.urls.get(&J::QUEUE).ok_or_else(|| Error::internal(J::QUEUE.env_var()))?;
        let payload = serde_json::to_value(job).map_err(Error::internal)?;
        let posted = JobEnvelope { job: J::NAME.into(), payload, at: now };
        let body = serde_json::to_string(&posted).map_err(Error::internal)?;
        let place = job.fifo_key();
        // SQS refuses any delay of its own on a FIFO message, zero too
        let delay = i32::try_from(job.delay().as_secs()).ok().filter(|delay| *delay > 0);
        self.client
            .send_message()
            .queue_url(url)
            .message_body(body)
            .set_delay_seconds(delay)
            .set_message_group_id(place.as_ref().map(|place| place.message_group_id.clone()))
            .set_message_deduplication_id(place.map(|place| place.message_deduplication_id))
            .send()
            .await
            .map_err(|error| Error::unavailable("the queue", DisplayErrorContext(error).to_string()))?;
        Ok(())
    }
}
