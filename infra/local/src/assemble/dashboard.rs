//! Expands the table `dashboard` into the body of a `CloudWatch` dashboard.

use anyhow::ensure;
use serde::Deserialize;
use serde_yaml_ng::Value as Yaml;

use super::{
    queues,
    text::{json, quoted},
};

/// A row of the table `dashboard`, which becomes a widget. A row has metrics or logs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WidgetRow {
    title: String,
    /// In `CloudWatch`'s own syntax.
    #[serde(default)]
    metrics: Vec<Yaml>,
    /// Metrics of which the widget shows a line for each function of the stage.
    #[serde(default)]
    each_function: Vec<MetricStatistic>,
    /// A metric of which the widget shows a line for each queue.
    each_queue: Option<MetricStatistic>,
    /// A metric of which the widget shows a line for each dead-letter queue.
    each_dead_letter_queue: Option<MetricStatistic>,
    /// The commands of a query of Logs Insights.
    #[serde(default)]
    logs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricStatistic {
    metric: String,
    stat: String,
}

/// The grid of a dashboard is 24 wide.
const GRID: u32 = 24;
const WIDTH: u32 = 8;
const HEIGHT: u32 = 6;

/// The body of the dashboard, in JSON with `${…}` for `!Sub`.
pub(super) fn body<'a>(
    widgets: impl Iterator<Item = &'a WidgetRow>,
    queue_ids: &[&str],
) -> anyhow::Result<String> {
    let mut x = 0;
    let mut y = 0;
    let mut parts = Vec::new();
    for widget in widgets {
        let width = if widget.logs.is_empty() { WIDTH } else { GRID };
        if x + width > GRID {
            (x, y) = (0, y + HEIGHT);
        }
        parts.push(widget.json(x, y, width, queue_ids)?);
        x += width;
    }
    Ok(format!("{{\"widgets\": [\n{}\n]}}\n", parts.join(",\n")))
}

impl WidgetRow {
    fn json(&self, x: u32, y: u32, width: u32, queue_ids: &[&str]) -> anyhow::Result<String> {
        let (kind, view, content) = if self.logs.is_empty() {
            let metrics = self.lines(queue_ids)?;
            ensure!(!metrics.is_empty(), "the widget {} has neither metrics nor logs", self.title);
            (
                "metric",
                "timeSeries",
                format!("\"period\": 60, \"metrics\": [\n    {}\n  ]", metrics.join(",\n    ")),
            )
        } else {
            // on its own line without indentation, because JSON cannot break a string
            ("log", "table", format!("\"query\":\n{}\n", quoted(&self.logs.join(" | "))))
        };
        let title = quoted(&self.title);
        Ok(format!(
            r#"{{"type": "{kind}", "x": {x}, "y": {y}, "width": {width}, "height": {HEIGHT}, "properties": {{
  "title": {title}, "region": "${{AWS::Region}}", "view": "{view}", {content}}}}}"#
        ))
    }

    /// The entries of `metrics`.
    fn lines(&self, queue_ids: &[&str]) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for metric in &self.metrics {
            lines.push(json(metric)?);
        }
        for MetricStatistic { metric, stat } in &self.each_function {
            let filter = format!(
                r#"{{AWS/Lambda,FunctionName}} FunctionName="colloquy-${{Stage}}-" MetricName="{metric}""#
            );
            let expression = quoted(&format!("SEARCH('{filter}', '{stat}', 60)"));
            lines.push(format!(r#"[{{"expression": {expression}}}]"#));
        }
        let mut of_queues = |metric: &Option<MetricStatistic>, queues: Vec<(&str, String)>| {
            let Some(MetricStatistic { metric, stat }) = metric else { return };
            for (label, id) in queues {
                lines.push(format!(
                    r#"["AWS/SQS", "{metric}", "QueueName", "${{{id}.QueueName}}",
      {{"stat": "{stat}", "label": "{label}"}}]"#
                ));
            }
        };
        of_queues(&self.each_queue, queues::labels(queue_ids));
        of_queues(&self.each_dead_letter_queue, queues::labels_of_dead_letters(queue_ids));
        Ok(lines)
    }
}
