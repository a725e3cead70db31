//! Which permissions a DynamoDB call needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::keys::{Keys, equals};
use crate::iam::arn;

/// Everything of a call that its permissions depend on.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Call {
    table_name: Option<String>,
    index_name: Option<String>,
    key: Option<Attributes>,
    item: Option<Attributes>,
    key_condition_expression: Option<String>,
    expression_attribute_names: Option<BTreeMap<String, String>>,
    expression_attribute_values: Option<Attributes>,
    request_items: Option<BTreeMap<String, Batch>>,
    transact_items: Option<Vec<Element>>,
}

/// Of `BatchGetItem` or of `BatchWriteItem`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Batch {
    Get(BatchGet),
    Write(Vec<BatchWrite>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchGet {
    keys: Vec<Attributes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchWrite {
    put_request: Option<Call>,
    delete_request: Option<Call>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Element {
    get: Option<Call>,
    put: Option<Call>,
    update: Option<Call>,
    delete: Option<Call>,
    condition_check: Option<Call>,
}

type Attributes = BTreeMap<String, Scalar>;

/// An attribute as far as it may be a key; the rest of an item is read over.
#[derive(Default)]
struct Scalar(Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Kind {
            S,
            N,
            B,
            #[serde(other)]
            Other,
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Scalar;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an attribute value")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                let mut scalar = Scalar(None);
                while let Some(kind) = map.next_key::<Kind>()? {
                    match kind {
                        Kind::S | Kind::N | Kind::B => scalar = Scalar(map.next_value()?),
                        Kind::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(scalar)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// What to ask for: one entry for each action on a table or index, with all partition keys that it touches. A
/// transaction's elements are asked for as what they do (AWS, "Using IAM with DynamoDB transactions"); that one statement
/// must allow all keys of an action is at least as strict as AWS.
pub(super) type Asked = BTreeMap<(&'static str, String), Option<Vec<String>>>;

impl Call {
    /// `None` for an operation that is of no table, or that roles are not given here, and for a call without a key.
    pub(super) fn asks(&self, operation: &str, keys: &Keys) -> Option<Asked> {
        let mut asked = Asked::new();
        match operation {
            "GetItem" => self.one(&mut asked, "dynamodb:GetItem", keys),
            "PutItem" => self.one(&mut asked, "dynamodb:PutItem", keys),
            "UpdateItem" => self.one(&mut asked, "dynamodb:UpdateItem", keys),
            "DeleteItem" => self.one(&mut asked, "dynamodb:DeleteItem", keys),
            "Query" => {
                let leading = vec![self.queried(keys)];
                asked.insert(("dynamodb:Query", self.resource()), Some(leading));
            }
            // names no key: as on AWS a condition on leading keys does not hold it back
            "Scan" => self.whole(&mut asked, "dynamodb:Scan"),
            "DescribeTable" => self.whole(&mut asked, "dynamodb:DescribeTable"),
            "DescribeTimeToLive" => self.whole(&mut asked, "dynamodb:DescribeTimeToLive"),
            "BatchGetItem" | "BatchWriteItem" => self.batch(&mut asked, keys),
            "TransactGetItems" | "TransactWriteItems" => self.transaction(&mut asked, keys),
            _ => return None,
        }
        Some(asked).filter(|asked| !asked.is_empty())
    }

    fn whole(&self, asked: &mut Asked, action: &'static str) {
        asked.insert((action, self.resource()), None);
    }

    fn one(&self, asked: &mut Asked, action: &'static str, keys: &Keys) {
        let table = self.table_name.as_deref().unwrap_or_default();
        add(asked, action, table, leading(self.key.as_ref().or(self.item.as_ref()), keys, table));
    }

    fn batch(&self, asked: &mut Asked, keys: &Keys) {
        for (table, batch) in self.request_items.iter().flatten() {
            match batch {
                Batch::Get(get) => {
                    for key in &get.keys {
                        add(asked, "dynamodb:BatchGetItem", table, leading(Some(key), keys, table));
                    }
                }
                Batch::Write(writes) => {
                    for write in writes.iter().flat_map(|write| [&write.put_request, &write.delete_request]) {
                        let Some(write) = write else { continue };
                        let key = write.key.as_ref().or(write.item.as_ref());
                        add(asked, "dynamodb:BatchWriteItem", table, leading(key, keys, table));
                    }
                }
            }
        }
    }

    fn transaction(&self, asked: &mut Asked, keys: &Keys) {
        for element in self.transact_items.iter().flatten() {
            for (action, call) in [
                ("dynamodb:GetItem", &element.get),
                ("dynamodb:PutItem", &element.put),
                ("dynamodb:UpdateItem", &element.update),
                ("dynamodb:DeleteItem", &element.delete),
                ("dynamodb:ConditionCheckItem", &element.condition_check),
            ] {
                if let Some(call) = call {
                    call.one(asked, action, keys);
                }
            }
        }
    }

    fn resource(&self) -> String {
        let table = table_arn(self.table_name.as_deref().unwrap_or_default());
        match &self.index_name {
            Some(index) => format!("{table}/index/{index}"),
            None => table,
        }
    }

    fn queried(&self, keys: &Keys) -> String {
        let table = self.table_name.as_deref().unwrap_or_default();
        let attribute = keys.partition(table, self.index_name.as_deref());
        let names = self.expression_attribute_names.as_ref();
        let expression = self.key_condition_expression.as_deref().unwrap_or_default();
        let placeholder = equals(expression, |name| {
            names.and_then(|names| names.get(name)).map_or(name, String::as_str) == attribute
        });
        let values = self.expression_attribute_values.as_ref();
        let value = placeholder.and_then(|placeholder| values?.get(placeholder)?.0.clone());
        value.unwrap_or_else(unreadable)
    }
}

fn add(asked: &mut Asked, action: &'static str, table: &str, key: String) {
    asked.entry((action, table_arn(table))).or_default().get_or_insert_default().push(key);
}

fn leading(attributes: Option<&Attributes>, keys: &Keys, table: &str) -> String {
    let key = attributes.and_then(|attributes| attributes.get(keys.partition(table, None))?.0.clone());
    key.unwrap_or_else(unreadable)
}

/// A key that cannot be found must not pass for one that is absent, which `ForAllValues` allows. No key is empty, so this
/// matches nothing but `*`.
const fn unreadable() -> String {
    String::new()
}

/// A table may be called by its name or by its ARN.
fn table_arn(table: &str) -> String {
    if table.starts_with("arn:") { table.to_owned() } else { arn("dynamodb", format_args!("table/{table}")) }
}
