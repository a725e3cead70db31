//! A table, as CloudFormation describes it.

/// One `AWS::DynamoDB::Table` to create.
#[derive(Clone, Debug)]
pub struct TableSpec {
    pub name: String,
    /// The resource's `Properties`, intrinsics resolved.
    pub definition: serde_json::Value,
}
