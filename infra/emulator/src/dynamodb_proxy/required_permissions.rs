//! The permissions that a DynamoDB call needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::partition_keys::{PartitionKeys, compared_placeholder};
use crate::iam::arn;

/// The fields of a call that its permissions depend on.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DynamoDbCall {
    table_name: Option<String>,
    index_name: Option<String>,
    key: Option<KeyAttributes>,
    item: Option<KeyAttributes>,
    key_condition_expression: Option<String>,
    expression_attribute_names: Option<BTreeMap<String, String>>,
    expression_attribute_values: Option<KeyAttributes>,
    request_items: Option<BTreeMap<String, BatchRequestItems>>,
    transact_items: Option<Vec<TransactItem>>,
}

/// The entries of `BatchGetItem` or of `BatchWriteItem` for one table.
#[derive(Deserialize)]
#[serde(untagged)]
enum BatchRequestItems {
    Get(BatchGetRequest),
    Write(Vec<BatchWriteRequest>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchGetRequest {
    keys: Vec<KeyAttributes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchWriteRequest {
    put_request: Option<DynamoDbCall>,
    delete_request: Option<DynamoDbCall>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TransactItem {
    get: Option<DynamoDbCall>,
    put: Option<DynamoDbCall>,
    update: Option<DynamoDbCall>,
    delete: Option<DynamoDbCall>,
    condition_check: Option<DynamoDbCall>,
}

type KeyAttributes = BTreeMap<String, KeyScalar>;

/// The scalar of a possible key attribute. Other types are skipped.
#[derive(Default)]
struct KeyScalar(Option<String>);

impl<'de> Deserialize<'de> for KeyScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum ScalarType {
            S,
            N,
            B,
            #[serde(other)]
            Other,
        }
        struct ScalarVisitor;
        impl<'de> serde::de::Visitor<'de> for ScalarVisitor {
            type Value = KeyScalar;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an attribute value")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<KeyScalar, A::Error> {
                let mut scalar = KeyScalar(None);
                while let Some(kind) = map.next_key::<ScalarType>()? {
                    match kind {
                        ScalarType::S | ScalarType::N | ScalarType::B => {
                            scalar = KeyScalar(map.next_value()?);
                        }
                        ScalarType::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(scalar)
            }
        }
        deserializer.deserialize_map(ScalarVisitor)
    }
}

/// The permissions to check: an entry for each action on a table or index, with all partition keys that the call
/// touches. An element of a transaction needs the permission of its own operation (AWS, "Using IAM with DynamoDB
/// transactions"). One statement must allow all keys of an action, which is at least as strict as AWS.
pub(super) type RequiredPermissions = BTreeMap<(&'static str, String), Option<Vec<String>>>;

impl DynamoDbCall {
    /// The permissions of a call. Returns `None` for an operation without a table, for an operation that no role here
    /// has, and for a call without a key.
    pub(super) fn required_permissions(
        &self,
        operation: &str,
        keys: &PartitionKeys,
    ) -> Option<RequiredPermissions> {
        let mut required = RequiredPermissions::new();
        match operation {
            "GetItem" => self.require_item(&mut required, "dynamodb:GetItem", keys),
            "PutItem" => self.require_item(&mut required, "dynamodb:PutItem", keys),
            "UpdateItem" => self.require_item(&mut required, "dynamodb:UpdateItem", keys),
            "DeleteItem" => self.require_item(&mut required, "dynamodb:DeleteItem", keys),
            "Query" => {
                let leading = vec![self.queried_partition_key(keys)];
                required.insert(("dynamodb:Query", self.resource_arn()), Some(leading));
            }
            // A scan names no key. A condition on leading keys does not restrict it, as on AWS.
            "Scan" => self.require_table(&mut required, "dynamodb:Scan"),
            "DescribeTable" => self.require_table(&mut required, "dynamodb:DescribeTable"),
            "DescribeTimeToLive" => self.require_table(&mut required, "dynamodb:DescribeTimeToLive"),
            "BatchGetItem" | "BatchWriteItem" => self.require_batch(&mut required, keys),
            "TransactGetItems" | "TransactWriteItems" => self.require_transaction(&mut required, keys),
            _ => return None,
        }
        Some(required).filter(|required| !required.is_empty())
    }

    fn require_table(&self, required: &mut RequiredPermissions, action: &'static str) {
        required.insert((action, self.resource_arn()), None);
    }

    fn require_item(&self, required: &mut RequiredPermissions, action: &'static str, keys: &PartitionKeys) {
        let table = self.table_name.as_deref().unwrap_or_default();
        add_key(
            required,
            action,
            table,
            partition_key_value(self.key.as_ref().or(self.item.as_ref()), keys, table),
        );
    }

    fn require_batch(&self, required: &mut RequiredPermissions, keys: &PartitionKeys) {
        for (table, batch) in self.request_items.iter().flatten() {
            match batch {
                BatchRequestItems::Get(get) => {
                    for key in &get.keys {
                        add_key(
                            required,
                            "dynamodb:BatchGetItem",
                            table,
                            partition_key_value(Some(key), keys, table),
                        );
                    }
                }
                BatchRequestItems::Write(writes) => {
                    for write in writes.iter().flat_map(|write| [&write.put_request, &write.delete_request]) {
                        let Some(write) = write else { continue };
                        let key = write.key.as_ref().or(write.item.as_ref());
                        add_key(
                            required,
                            "dynamodb:BatchWriteItem",
                            table,
                            partition_key_value(key, keys, table),
                        );
                    }
                }
            }
        }
    }

    fn require_transaction(&self, required: &mut RequiredPermissions, keys: &PartitionKeys) {
        for element in self.transact_items.iter().flatten() {
            for (action, call) in [
                ("dynamodb:GetItem", &element.get),
                ("dynamodb:PutItem", &element.put),
                ("dynamodb:UpdateItem", &element.update),
                ("dynamodb:DeleteItem", &element.delete),
                ("dynamodb:ConditionCheckItem", &element.condition_check),
            ] {
                if let Some(call) = call {
                    call.require_item(required, action, keys);
                }
            }
        }
    }

    fn resource_arn(&self) -> String {
        let table = table_arn(self.table_name.as_deref().unwrap_or_default());
        match &self.index_name {
            Some(index) => format!("{table}/index/{index}"),
            None => table,
        }
    }

    fn queried_partition_key(&self, keys: &PartitionKeys) -> String {
        let table = self.table_name.as_deref().unwrap_or_default();
        let attribute = keys.partition_key_name(table, self.index_name.as_deref());
        let names = self.expression_attribute_names.as_ref();
        let expression = self.key_condition_expression.as_deref().unwrap_or_default();
        let placeholder = compared_placeholder(expression, |name| {
            names.and_then(|names| names.get(name)).map_or(name, String::as_str) == attribute
        });
        let values = self.expression_attribute_values.as_ref();
        let value = placeholder.and_then(|placeholder| values?.get(placeholder)?.0.clone());
        value.unwrap_or_else(unreadable_key)
    }
}

fn add_key(required: &mut RequiredPermissions, action: &'static str, table: &str, key: String) {
    required.entry((action, table_arn(table))).or_default().get_or_insert_default().push(key);
}

fn partition_key_value(attributes: Option<&KeyAttributes>, keys: &PartitionKeys, table: &str) -> String {
    let key =
        attributes.and_then(|attributes| attributes.get(keys.partition_key_name(table, None))?.0.clone());
    key.unwrap_or_else(unreadable_key)
}

/// A key that cannot be read must not pass as an absent key, which `ForAllValues` allows. No key is empty, so the empty
/// key matches nothing but `*`.
const fn unreadable_key() -> String {
    String::new()
}

/// The ARN of a table that a call names by its name or by its ARN.
fn table_arn(table: &str) -> String {
    if table.starts_with("arn:") { table.to_owned() } else { arn("dynamodb", format_args!("table/{table}")) }
}
