//! Expands the table `queues`.
//!
//! The queue `ChatQueue` has the dead-letter queue `ChatDeadLetters` and the variable `CHAT_QUEUE_URL` of the
//! functions.

use anyhow::ensure;
use serde::Deserialize;

use super::{
    alarms::{AlarmRow, AlarmStatistic, MissingData},
    names, text,
};

/// A row of the table `queues`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueRow {
    /// Jobs of a message group run in order. A job with a deduplication id that was used before is dropped.
    #[serde(default)]
    fifo: bool,
    /// Seconds. AWS advises six times the timeout of the function that reads the queue, and a test compares them.
    visibility: u32,
    /// The number of receives after which a job moves to the dead letters.
    #[serde(default = "five")]
    max_receives: u32,
    /// Seconds. The alarm rings if the oldest job waits longer than this for three minutes.
    age_alarm: u64,
}

fn five() -> u32 {
    5
}

/// Turns `ChatQueue` into `Chat`.
fn stem(id: &str) -> &str {
    id.strip_suffix("Queue").unwrap_or(id)
}

fn dead_letters(id: &str) -> String {
    format!("{}DeadLetters", stem(id))
}

/// The queue and its dead-letter queue, which keeps jobs for 14 days, the maximum of SQS.
pub(super) fn resources(id: &str, queue: &QueueRow) -> anyhow::Result<String> {
    ensure!(id.ends_with("Queue"), "the name of the queue {id} must end in Queue");
    let dead = dead_letters(id);
    let (fifo, fifo_of_dead) = if queue.fifo {
        (
            "
      FifoQueue: true
      DeduplicationScope: messageGroup
      FifoThroughputLimit: perMessageGroupId",
            "
      FifoQueue: true",
        )
    } else {
        ("", "")
    };
    let visibility = queue.visibility;
    let max_receives = queue.max_receives;
    Ok(format!(
        "  {id}:
    Type: AWS::SQS::Queue
    Properties:{fifo}
      VisibilityTimeout: {visibility}
      SqsManagedSseEnabled: true
      RedrivePolicy: {{deadLetterTargetArn: !GetAtt {dead}.Arn, maxReceiveCount: {max_receives}}}
  {dead}:
    Type: AWS::SQS::Queue
    Properties:{fifo_of_dead}
      MessageRetentionPeriod: 1209600
      SqsManagedSseEnabled: true
"
    ))
}

/// The alarm of the dead letters and the alarm of the oldest job.
pub(super) fn alarms(id: &str, queue: &QueueRow) -> anyhow::Result<String> {
    let stem = stem(id);
    let alarm = |description: String, metric: &str, of: &str, periods, above| AlarmRow {
        description,
        namespace: "AWS/SQS".to_owned(),
        metric: metric.to_owned(),
        dimensions: [("QueueName".to_owned(), text::tagged("GetAtt", &format!("{of}.QueueName")))]
            .into_iter()
            .collect(),
        statistic: AlarmStatistic::Maximum,
        period: 60,
        periods,
        above: Some(above),
        below: None,
        missing: MissingData::default(),
    };
    let failed = alarm(
        format!("Jobs of the queue {stem} are in the dead-letter queue"),
        "ApproximateNumberOfMessagesVisible",
        &dead_letters(id),
        1,
        0,
    );
    let old = alarm(
        format!("Jobs of the queue {stem} wait too long"),
        "ApproximateAgeOfOldestMessage",
        id,
        3,
        queue.age_alarm,
    );
    Ok(failed.resource(&format!("{stem}DeadLettersAlarm"))? + &old.resource(&format!("{stem}AgeAlarm"))?)
}

pub(super) fn environment_variables<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let lines: Vec<String> =
        ids.map(|id| format!("{}_URL: !Ref {id}\n", names::screaming_snake(id))).collect();
    lines.concat()
}

pub(super) fn references<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    each(ids, |id| format!("- !Ref {id}\n"))
}

pub(super) fn outputs<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    each(ids, |id| format!("{id}Url: {{Value: !Ref {id}}}\n"))
}

/// The lines for each queue and each dead-letter queue.
fn each<'a>(ids: impl Iterator<Item = &'a str>, line: impl Fn(&str) -> String) -> String {
    let lines: Vec<String> = ids.map(|id| line(id) + &line(&dead_letters(id))).collect();
    lines.concat()
}

/// Label and logical id of each queue, for the dashboard.
pub(super) fn labels<'a>(ids: &[&'a str]) -> Vec<(&'a str, String)> {
    ids.iter().map(|id| (stem(id), (*id).to_owned())).collect()
}

/// Label and logical id of each dead-letter queue, for the dashboard.
pub(super) fn labels_of_dead_letters<'a>(ids: &[&'a str]) -> Vec<(&'a str, String)> {
    ids.iter().map(|id| (stem(id), dead_letters(id))).collect()
}
