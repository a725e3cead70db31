//! Expands the `permissions` of a function into its role.
//!
//! Each function has its own role. The roles that SAM generates were rejected, because they may read every queue and
//! write every log of the account.

use std::fmt::Write as _;

use serde::Deserialize;

use super::{TemplateSources, text};

/// The name of the only policy of each role.
const POLICY_NAME: &str = "function";
/// The partition of the keys that verify tokens (`store::platform::deployment_keys`).
const PUBLIC_KEYS: &str = "KEYS";

/// The permissions of a function, except writing its logs and receiving the jobs of its queues, which every role has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionRows {
    /// Statements about the items of the table.
    #[serde(default)]
    table: Vec<TableStatement>,
    /// Indexes that the function queries.
    #[serde(default)]
    indexes: Vec<IndexStatement>,
    /// Queues that the function sends jobs to.
    #[serde(default)]
    send_to: Vec<String>,
    /// The function publishes to sockets.
    #[serde(default)]
    post_to_sockets: bool,
    /// The function sends e-mail from the address `MailSender`.
    #[serde(default)]
    send_email: bool,
}

impl PermissionRows {
    /// The queues that the function sends jobs to.
    pub(super) fn sends_to(&self) -> impl Iterator<Item = &str> {
        self.send_to.iter().map(String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableStatement {
    /// Actions of `DynamoDB`.
    actions: Vec<String>,
    /// The prefixes of partition keys: `USER` for `USER#…` (`store::dynamodb::key`).
    partitions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexStatement {
    name: String,
    partitions: AllowedPartitions,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AllowedPartitions {
    All(AllPartitions),
    Some(Vec<String>),
}

#[derive(Deserialize)]
enum AllPartitions {
    #[serde(rename = "all")]
    All,
}

/// An allowing statement of a policy.
struct RoleStatement {
    actions: Vec<String>,
    resources: Vec<String>,
    condition: RoleCondition,
}

enum RoleCondition {
    None,
    Partitions(Vec<String>),
    Sender,
}

impl TemplateSources<'_> {
    /// The role of a function that receives jobs from some queues.
    pub(super) fn role(
        &self,
        id: &str,
        receives_from: &[&str],
        signs_tokens: bool,
        may: &PermissionRows,
    ) -> anyhow::Result<String> {
        for queue in &may.send_to {
            self.check_queue(queue)?;
        }
        let mut text = format!(
            r#"  {id}Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}]
      Policies:
        - PolicyName: {POLICY_NAME}
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
"#
        );
        for statement in may.statements(receives_from, signs_tokens) {
            text.push_str(&statement.item()?);
        }
        Ok(text)
    }
}

impl PermissionRows {
    fn statements(&self, receives_from: &[&str], signs_tokens: bool) -> Vec<RoleStatement> {
        let of_service = |service: &str, actions: &[String]| -> Vec<String> {
            actions.iter().map(|action| format!("{service}:{action}")).collect()
        };
        let mut statements = Vec::new();
        for TableStatement { actions, partitions } in &self.table {
            statements.push(RoleStatement {
                actions: of_service("dynamodb", actions),
                resources: vec![arn("Table")],
                condition: RoleCondition::Partitions(partitions.clone()),
            });
        }
        if signs_tokens {
            statements.push(RoleStatement {
                actions: vec!["dynamodb:PutItem".into()],
                resources: vec![arn("Table")],
                condition: RoleCondition::Partitions(vec![PUBLIC_KEYS.into()]),
            });
        }
        for IndexStatement { name, partitions } in &self.indexes {
            statements.push(RoleStatement {
                actions: vec!["dynamodb:Query".into()],
                resources: vec![format!(r#"!Sub "${{Table.Arn}}/index/{name}""#)],
                condition: match partitions {
                    AllowedPartitions::All(AllPartitions::All) => RoleCondition::None,
                    AllowedPartitions::Some(partitions) => RoleCondition::Partitions(partitions.clone()),
                },
            });
        }
        let mut allow = |actions: &[&str], resources: Vec<String>, condition| {
            let actions = actions.iter().map(|action| (*action).to_owned()).collect();
            statements.push(RoleStatement { actions, resources, condition });
        };
        if !self.send_to.is_empty() {
            // entry::app reads the attributes to open its connection
            let queues = self.send_to.iter().map(|queue| arn(queue)).collect();
            allow(&["sqs:GetQueueAttributes", "sqs:SendMessage"], queues, RoleCondition::None);
        }
        if !receives_from.is_empty() {
            let queues = receives_from.iter().map(|queue| arn(queue)).collect();
            allow(
                &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                queues,
                RoleCondition::None,
            );
        }
        if self.post_to_sockets {
            let connections = r#"!Sub "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${SocketApi}/${Stage}/*/@connections/*""#;
            allow(&["execute-api:ManageConnections"], vec![connections.into()], RoleCondition::None);
        }
        if self.send_email {
            // the only `*`, because SES distinguishes senders by condition
            allow(&["ses:SendEmail"], vec![r#""*""#.into()], RoleCondition::Sender);
        }
        allow(&["logs:CreateLogStream", "logs:PutLogEvents"], vec![arn("FunctionLogs")], RoleCondition::None);
        statements
    }
}

fn arn(id: &str) -> String {
    format!("!GetAtt {id}.Arn")
}

impl RoleStatement {
    /// An item of the list `Statement`, on one line if it fits.
    fn item(&self) -> anyhow::Result<String> {
        let actions = text::list(&self.actions);
        let resources = text::list(&self.resources);
        let condition = match &self.condition {
            RoleCondition::None => String::new(),
            RoleCondition::Partitions(partitions) => format!(
                r#", Condition: {{"ForAllValues:StringLike": {{"dynamodb:LeadingKeys": {}}}}}"#,
                text::list(&keys(partitions))
            ),
            RoleCondition::Sender => {
                r#", Condition: {StringEqualsIfExists: {"ses:FromAddress": !Ref MailSender}}"#.to_owned()
            }
        };
        let line = format!("- {{Effect: Allow, Action: {actions}, Resource: {resources}{condition}}}");
        if text::fits(14, &line) {
            return Ok(format!("              {line}\n"));
        }
        let mut text = format!("              - Effect: Allow\n                Action: {actions}\n");
        if text::fits(26, &resources) {
            writeln!(text, "                Resource: {resources}")?;
        } else {
            text.push_str("                Resource:\n");
            for resource in &self.resources {
                writeln!(text, "                  - {resource}")?;
            }
        }
        match &self.condition {
            RoleCondition::None => {}
            RoleCondition::Partitions(partitions) => {
                let keys = keys(partitions);
                let list = text::list(&keys);
                let list = if text::fits(44, &list) {
                    format!(" {list}")
                } else {
                    format!("\n                      {}", text::wrapped_list(&keys, 22))
                };
                write!(
                    text,
                    r#"                Condition:
                  "ForAllValues:StringLike":
                    "dynamodb:LeadingKeys":{list}
"#
                )?;
            }
            RoleCondition::Sender => {
                writeln!(text, "                {}", condition.trim_start_matches(", "))?;
            }
        }
        Ok(text)
    }
}

/// The key patterns of partitions, such as `"USER#*"` for `USER`.
fn keys(partitions: &[String]) -> Vec<String> {
    partitions.iter().map(|name| text::quoted(&format!("{name}#*"))).collect()
}
