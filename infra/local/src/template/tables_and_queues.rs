//! Tables and queues, in the form that `infra/emulator` takes.

use std::time::Duration;

use emulator::{QueueSpec, TableSpec};

use super::{SamTemplate, TemplateError, TemplateResource, TemplateResult};

impl SamTemplate {
    pub fn tables(&self) -> TemplateResult<Vec<TableSpec>> {
        let tables = self.resources("AWS::DynamoDB::Table")?;
        tables
            .into_iter()
            .map(|table| {
                let definition =
                    self.resolve(&table.body["Properties"], &format!("Resources.{}.Properties", table.id))?;
                Ok(TableSpec { name: self.physical_name(table)?, definition })
            })
            .collect()
    }

    pub fn queues(&self) -> TemplateResult<Vec<QueueSpec>> {
        self.resources("AWS::SQS::Queue")?.into_iter().map(|queue| self.queue_spec(queue)).collect()
    }

    fn queue_spec(&self, queue: TemplateResource<'_>) -> TemplateResult<QueueSpec> {
        let seconds = |property: &str, default: Duration| {
            let seconds = self.resolve_number(queue.property(property), &queue.property_path(property))?;
            Ok::<_, TemplateError>(seconds.map_or(default, Duration::from_secs))
        };
        let flag =
            |property: &str| self.resolve_flag(queue.property(property), &queue.property_path(property));
        let usual = QueueSpec::default();
        let redrive = queue.property("RedrivePolicy");
        let path = queue.property_path("RedrivePolicy");
        let scope = self
            .resolve_text(queue.property("DeduplicationScope"), &queue.property_path("DeduplicationScope"))?;
        let max_receive_count = self.resolve_number(&redrive["maxReceiveCount"], &path)?;
        Ok(QueueSpec {
            name: self.physical_name(queue)?,
            fifo: flag("FifoQueue")?,
            visibility_timeout: seconds("VisibilityTimeout", usual.visibility_timeout)?,
            delay: seconds("DelaySeconds", usual.delay)?,
            retention: seconds("MessageRetentionPeriod", usual.retention)?,
            max_receive_count: max_receive_count.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            dead_letter_queue: self
                .resolve_text(&redrive["deadLetterTargetArn"], &path)?
                .map(|arn| arn.rsplit(':').next().unwrap_or_default().to_owned()),
            content_based_deduplication: flag("ContentBasedDeduplication")?,
            deduplicate_per_group: scope.as_deref() == Some("messageGroup"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::repository_template;
    use super::*;

    #[test]
    fn the_repository_template_has_its_table_and_queues() {
        let template = repository_template();
        let tables = template.tables().unwrap();
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].name, "Table");
        assert_eq!(tables[0].definition["GlobalSecondaryIndexes"][1]["IndexName"], "due");

        let queues = template.queues().unwrap();
        let ticks = queues.iter().find(|queue| queue.name == "TicksQueue.fifo").unwrap();
        assert!(ticks.fifo && ticks.deduplicate_per_group);
        assert_eq!(ticks.visibility_timeout, Duration::from_secs(90));
        assert_eq!(
            (ticks.max_receive_count, ticks.dead_letter_queue.as_deref()),
            (Some(5), Some("TicksDeadLetters.fifo"))
        );
        let mail = queues.iter().find(|queue| queue.name == "MailDeadLetters").unwrap();
        assert!(!mail.fifo && mail.dead_letter_queue.is_none());
        assert_eq!(mail.retention, Duration::from_hours(14 * 24));
    }
}
