//! The partition keys of tables and indexes, and the partition key that a query compares.

use std::collections::HashMap;

use serde_json::Value;

use crate::TableSpec;

/// The names of the partition keys, by table and index.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionKeys(HashMap<String, TableKeyNames>);

#[derive(Clone, Debug, Default)]
struct TableKeyNames {
    partition: String,
    indexes: HashMap<String, String>,
}

impl PartitionKeys {
    pub(crate) fn from_tables(tables: &[TableSpec]) -> Self {
        let keys = |table: &TableSpec| {
            let lists =
                ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].map(|list| &table.definition[list]);
            let indexes = lists.into_iter().filter_map(Value::as_array).flatten();
            let named =
                |index: &Value| Some((index["IndexName"].as_str()?.to_owned(), hash_attribute(index)));
            TableKeyNames {
                partition: hash_attribute(&table.definition),
                indexes: indexes.filter_map(named).collect(),
            }
        };
        Self(tables.iter().map(|table| (table.name.clone(), keys(table))).collect())
    }

    /// The name of the partition key. Returns an empty name, which no attribute has, if the table or index does not
    /// exist.
    pub(super) fn partition_key_name(&self, table: &str, index: Option<&str>) -> &str {
        let table = table.rsplit('/').next().unwrap_or_default();
        let name = self.0.get(table).and_then(|table| match index {
            Some(index) => table.indexes.get(index),
            None => Some(&table.partition),
        });
        name.map_or("", String::as_str)
    }
}

fn hash_attribute(keyed: &Value) -> String {
    let schema = keyed["KeySchema"].as_array().map(Vec::as_slice).unwrap_or_default();
    let hash = schema.iter().find(|key| key["KeyType"] == "HASH");
    hash.and_then(|key| key["AttributeName"].as_str()).unwrap_or_default().to_owned()
}

/// The `:placeholder` that a key condition compares an attribute with, in `#pk = :pk AND …` or in reverse order.
pub(super) fn compared_placeholder(expression: &str, is_attribute: impl Fn(&str) -> bool) -> Option<&str> {
    let tokens = tokens(expression);
    tokens.windows(3).find_map(|three| match three {
        [name, "=", value] | [value, "=", name] if value.starts_with(':') && is_attribute(name) => {
            Some(*value)
        }
        _ => None,
    })
}

/// The words and operators of an expression. Brackets are dropped, because they mean nothing for an equality.
fn tokens(expression: &str) -> Vec<&str> {
    #[derive(PartialEq)]
    enum CharClass {
        Word,
        Operator,
        Gap,
    }
    let class = |c: char| match c {
        '_' | '.' | '-' | '#' | ':' => CharClass::Word,
        _ if c.is_alphanumeric() => CharClass::Word,
        '(' | ')' | ',' => CharClass::Gap,
        _ if c.is_whitespace() => CharClass::Gap,
        _ => CharClass::Operator,
    };
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| class(c) != class(first)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        if class(first) != CharClass::Gap {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_key_of_a_query_is_found() {
        for (expression, expected) in [
            ("pk = :pk", Some(":pk")),
            ("#p=:v", Some(":v")),
            (":v = #p AND begins_with(sk, :s)", Some(":v")),
            ("(#p = :v) AND (sk BETWEEN :a AND :b)", Some(":v")),
            ("sk >= :s AND pk = :pk", Some(":pk")),
            ("begins_with(sk, :s)AND(pk=:pk)", Some(":pk")),
            ("sk = :pk", None),
            ("pk > :pk", None),
            ("pk", None),
            ("", None),
        ] {
            assert_eq!(
                compared_placeholder(expression, |name| matches!(name, "pk" | "#p")),
                expected,
                "{expression}"
            );
        }
    }
}
