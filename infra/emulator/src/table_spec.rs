//! A table as CloudFormation describes it, and the request that creates it in the engine.

use anyhow::Context;
use dynoxide::{Database, storage::TableMetadata};
use serde_json::{Map, Value, json};

/// An `AWS::DynamoDB::Table` to create.
#[derive(Clone, Debug)]
pub struct TableSpec {
    pub name: String,
    /// The `Properties` of the resource, with intrinsics resolved.
    pub definition: Value,
}

/// The properties that `CreateTable` takes. The others (streams, point-in-time recovery, encryption, tags) have no
/// effect here.
const TABLE_PROPERTIES: [&str; 6] = [
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
];

impl TableSpec {
    /// Creates the table. If the data directory has it already, checks that its definition is the same.
    pub(crate) fn create_or_check(&self, db: &Database) -> anyhow::Result<()> {
        let name = &self.name;
        if let Some(stored) = db.get_table_metadata(name)? {
            self.check_unchanged(&stored)?;
        } else {
            let request = serde_json::from_value(self.create_table_request())
                .with_context(|| format!("table {name}: definition not understood"))?;
            db.create_table(request).with_context(|| format!("table {name}: not created"))?;
        }
        if let Some(attribute) = self.ttl_attribute() {
            let stored = db.get_table_metadata(name)?;
            if stored.is_some_and(|stored| stored.ttl_attribute.as_deref() != Some(attribute)) {
                let ttl = json!({ "AttributeName": attribute, "Enabled": true });
                let request = json!({ "TableName": name, "TimeToLiveSpecification": ttl });
                db.update_time_to_live(serde_json::from_value(request)?)
                    .with_context(|| format!("table {name}: TimeToLiveSpecification"))?;
            }
        }
        Ok(())
    }

    /// The attribute with the expiry of an item, if TTL is enabled.
    pub(crate) fn ttl_attribute(&self) -> Option<&str> {
        let ttl = &self.definition["TimeToLiveSpecification"];
        ttl["AttributeName"].as_str().filter(|_| ttl["Enabled"] == true)
    }

    pub(crate) fn key_attributes(&self) -> Vec<&str> {
        let schema = self.definition["KeySchema"].as_array().map(Vec::as_slice).unwrap_or_default();
        schema.iter().filter_map(|key| key["AttributeName"].as_str()).collect()
    }

    fn create_table_request(&self) -> Value {
        let mut request = Map::from_iter([("TableName".to_owned(), self.name.clone().into())]);
        for property in TABLE_PROPERTIES {
            if let Some(value) = self.definition.get(property) {
                request.insert(property.to_owned(), value.clone());
            }
        }
        Value::Object(request)
    }

    fn check_unchanged(&self, metadata: &TableMetadata) -> anyhow::Result<()> {
        let stored = [
            ("KeySchema", Some(&metadata.key_schema)),
            ("AttributeDefinitions", Some(&metadata.attribute_definitions)),
            ("GlobalSecondaryIndexes", metadata.gsi_definitions.as_ref()),
            ("LocalSecondaryIndexes", metadata.lsi_definitions.as_ref()),
        ];
        for (property, stored) in stored {
            let stored = match stored {
                Some(stored) => serde_json::from_str(stored)?,
                None => Value::Null,
            };
            anyhow::ensure!(
                normalized(&stored) == normalized(&self.definition[property]),
                "table {}: {property} in the data directory is not what the template says; use another data \
                 directory or delete this one (stored: {stored}, template: {})",
                self.name,
                self.definition[property]
            );
        }
        Ok(())
    }
}

/// A definition without throughput, which may change in place, and without the order of lists. The types in a key
/// schema preserve the roles of its attributes.
fn normalized(definition: &Value) -> Value {
    match definition {
        Value::Array(list) if list.is_empty() => Value::Null,
        Value::Array(list) => {
            let mut list: Vec<_> = list.iter().map(normalized).collect();
            list.sort_by_key(Value::to_string);
            Value::Array(list)
        }
        Value::Object(fields) => {
            let kept = |name: &str| {
                !matches!(name, "ProvisionedThroughput" | "OnDemandThroughput" | "WarmThroughput")
            };
            let fields = fields.iter().filter(|(name, value)| kept(name) && !value.is_null());
            fields.map(|(name, value)| (name.clone(), normalized(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(extra: &Value) -> TableSpec {
        let mut definition = json!({
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" },
                { "AttributeName": "other", "AttributeType": "N" },
            ],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by-other",
                "KeySchema": [{ "AttributeName": "other", "KeyType": "HASH" }],
                "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"] },
            }],
            "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true },
        });
        for (name, value) in extra.as_object().unwrap() {
            definition[name] = value.clone();
        }
        TableSpec { name: "things".to_owned(), definition }
    }

    #[test]
    fn a_table_is_created_once_and_reopened() {
        let db = Database::memory().unwrap();
        let ttl = json!({ "TimeToLiveSpecification": { "AttributeName": "ttl", "Enabled": true } });
        spec(&ttl).create_or_check(&db).unwrap();
        let stored = db.get_table_metadata("things").unwrap().unwrap();
        assert_eq!((stored.stream_enabled, stored.ttl_attribute.as_deref()), (false, Some("ttl")));
        spec(&ttl).create_or_check(&db).unwrap();
        let mut turned = spec(&ttl);
        turned.definition["AttributeDefinitions"].as_array_mut().unwrap().reverse();
        turned.create_or_check(&db).unwrap();
    }

    #[test]
    fn a_changed_definition_is_refused_by_name() {
        let db = Database::memory().unwrap();
        spec(&json!({})).create_or_check(&db).unwrap();
        let other = json!({ "GlobalSecondaryIndexes": [{
            "IndexName": "by-other",
            "KeySchema": [{ "AttributeName": "other", "KeyType": "HASH" }],
            "Projection": { "ProjectionType": "ALL" },
        }] });
        let error = spec(&other).create_or_check(&db).unwrap_err().to_string();
        assert!(
            error.starts_with("table things: GlobalSecondaryIndexes in the data directory is not"),
            "{error}"
        );
    }

    #[test]
    fn an_invalid_definition_is_refused_by_name() {
        let error =
            spec(&json!({ "KeySchema": [] })).create_or_check(&Database::memory().unwrap()).unwrap_err();
        assert!(format!("{error:#}").starts_with("table things: "), "{error:#}");
    }
}
