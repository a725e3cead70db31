//! The schemas of the document, by name, from the derives of the types.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::ToSchema;

#[derive(Default)]
pub(super) struct AsyncApiSchemas(BTreeMap<String, Value>);

impl AsyncApiSchemas {
    /// Adds a type with all types that it refers to. Returns a reference to the type and its doc comment.
    pub(super) fn add<T: ToSchema>(&mut self) -> (Value, String) {
        let name = T::name().into_owned();
        let schema = json!(T::schema());
        let about = schema["description"].as_str().unwrap_or_default().to_owned();
        self.insert(name.clone(), schema);
        self.add_references::<T>();
        (json!({ "$ref": format!("#/components/schemas/{name}") }), about)
    }

    /// Adds only the types that a type refers to.
    pub(super) fn add_references<T: ToSchema>(&mut self) {
        let mut others = Vec::new();
        T::schemas(&mut others);
        for (name, schema) in others {
            self.insert(name, json!(schema));
        }
    }

    fn insert(&mut self, name: String, mut schema: Value) {
        to_json_schema(&mut schema);
        self.0.insert(name, schema);
    }

    pub(super) fn into_json(self) -> Value {
        json!(self.0)
    }
}

/// Converts an OpenAPI schema to JSON Schema. `example` becomes `examples`, and links of rustdoc become plain names.
fn to_json_schema(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(example) = fields.remove("example") {
                fields.insert("examples".into(), json!([example]));
            }
            if let Some(Value::String(about)) = fields.get_mut("description") {
                *about = to_paragraph(about);
            }
            fields.values_mut().for_each(to_json_schema);
        }
        Value::Array(items) => items.iter_mut().for_each(to_json_schema),
        _ => {}
    }
}

/// Converts a doc comment to paragraphs, without line ends and the brackets of links.
pub(super) fn to_paragraph(comment: &str) -> String {
    let paragraphs = comment.replace("[`", "`").replace("`]", "`");
    paragraphs.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}
