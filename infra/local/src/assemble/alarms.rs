//! Expands the table `alarms`, and writes the alarms of queues and functions.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_yaml_ng::Value as Yaml;

use super::{names, rows::NamedRows, text};

/// A row of the table `alarms`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlarmRow {
    pub(super) description: String,
    pub(super) namespace: String,
    pub(super) metric: String,
    #[serde(default)]
    pub(super) dimensions: NamedRows<Yaml>,
    #[serde(default)]
    pub(super) statistic: AlarmStatistic,
    /// Seconds.
    pub(super) period: u32,
    /// The number of consecutive periods that must be over the limit.
    pub(super) periods: u32,
    /// The alarm rings above this value.
    pub(super) above: Option<u64>,
    /// The alarm rings below this value. A row has `above` or `below`.
    pub(super) below: Option<u64>,
    #[serde(default)]
    pub(super) missing: MissingData,
}

#[derive(Deserialize, Debug, Default, Clone, Copy)]
pub(super) enum AlarmStatistic {
    #[default]
    Sum,
    Maximum,
}

/// How `CloudWatch` treats a period without data.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "camelCase")]
pub(super) enum MissingData {
    #[default]
    NotBreaching,
    Breaching,
}

impl AlarmRow {
    /// The resource of the alarm. Its name follows from the logical id: `HttpErrorsAlarm` becomes
    /// `colloquy-STAGE-http-errors`.
    pub(super) fn resource(&self, id: &str) -> anyhow::Result<String> {
        let name = id
            .strip_suffix("Alarm")
            .with_context(|| format!("the name of the alarm {id} must end in Alarm"))?;
        let name = names::kebab(name);
        let mut dimensions = Vec::new();
        for (name, value) in self.dimensions.iter() {
            dimensions.push(format!("{{Name: {name}, Value: {}}}", text::inline(value)?));
        }
        let dimensions = if dimensions.is_empty() {
            String::new()
        } else {
            format!("\n      Dimensions: {}", text::list(&dimensions))
        };
        let (threshold, comparison) = match (self.above, self.below) {
            (Some(above), None) => (above, "GreaterThanThreshold"),
            (None, Some(below)) => (below, "LessThanThreshold"),
            _ => bail!("the alarm {id} must have `above` or `below`"),
        };
        let missing = match self.missing {
            MissingData::NotBreaching => "notBreaching",
            MissingData::Breaching => "breaching",
        };
        let Self { namespace, statistic, period, periods, .. } = self;
        let description = text::scalar(&self.description);
        let metric = text::scalar(&self.metric);
        let mut text = String::new();
        write!(
            text,
            r#"  {id}:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub "colloquy-${{Stage}}-{name}"
      AlarmDescription: {description}
      AlarmActions: !If [HasAlarmEmail, [!Ref AlarmTopic], !Ref "AWS::NoValue"]
      OKActions: !If [HasAlarmEmail, [!Ref AlarmTopic], !Ref "AWS::NoValue"]
      Namespace: {namespace}
      MetricName: {metric}{dimensions}
      Statistic: {statistic:?}
      Period: {period}
      EvaluationPeriods: {periods}
      Threshold: {threshold}
      ComparisonOperator: {comparison}
      TreatMissingData: {missing}
"#
        )?;
        Ok(text)
    }
}
