//! The intrinsic functions of CloudFormation that `template.yaml` uses.

use emulator::{ACCOUNT, REGION};
use serde_json::{Map, Value};

use super::{SamTemplate, TemplateError, TemplateResource, TemplateResult, scalar_text};

impl SamTemplate {
    /// Resolves all intrinsics of a value. `AWS::NoValue` removes the property.
    pub(super) fn resolve(&self, value: &Value, path: &str) -> TemplateResult<Value> {
        Ok(self.resolve_optional(value, path)?.unwrap_or(Value::Null))
    }

    /// As [`resolve`](Self::resolve), for text. Returns `None` if the template has no value.
    pub(super) fn resolve_text(&self, value: &Value, path: &str) -> TemplateResult<Option<String>> {
        match self.resolve(value, path)? {
            Value::Null => Ok(None),
            value => {
                scalar_text(&value).map(Some).ok_or_else(|| TemplateError::new(path, "should be a scalar"))
            }
        }
    }

    pub(super) fn resolve_number(&self, value: &Value, path: &str) -> TemplateResult<Option<u64>> {
        let Some(text) = self.resolve_text(value, path)? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| TemplateError::new(path, format!("{text:?} is not a whole number")))
    }

    pub(super) fn resolve_flag(&self, value: &Value, path: &str) -> TemplateResult<bool> {
        Ok(self.resolve_text(value, path)?.is_some_and(|text| text == "true"))
    }

    /// Returns true if the `Condition` of the resource holds.
    pub(super) fn condition_of_resource_holds(&self, id: &str) -> TemplateResult<bool> {
        let resource = &self.root["Resources"][id];
        resource["Condition"].as_str().map_or(Ok(true), |name| self.named_condition(name))
    }

    fn named_condition(&self, name: &str) -> TemplateResult<bool> {
        let path = format!("Conditions.{name}");
        let condition = &self.root["Conditions"][name];
        if condition.is_null() {
            return Err(TemplateError::new(path, "there is no such condition"));
        }
        self.condition_holds(condition, &path)
    }

    fn condition_holds(&self, condition: &Value, path: &str) -> TemplateResult<bool> {
        let Some((name, argument)) = intrinsic_call(condition) else {
            return Err(TemplateError::new(path, "should be a condition"));
        };
        if name == "Condition" {
            return self.named_condition(argument.as_str().unwrap_or_default());
        }
        let arguments = intrinsic_list(argument, path)?;
        match (name, arguments) {
            ("Fn::Equals", [left, right]) => {
                Ok(self.resolve_text(left, path)? == self.resolve_text(right, path)?)
            }
            ("Fn::Not", [inner]) => Ok(!self.condition_holds(inner, path)?),
            ("Fn::And", all) => {
                all.iter().try_fold(true, |so_far, one| Ok(so_far & self.condition_holds(one, path)?))
            }
            ("Fn::Or", all) => {
                all.iter().try_fold(false, |so_far, one| Ok(so_far | self.condition_holds(one, path)?))
            }
            _ => Err(TemplateError::new(path, format!("{name} is not a condition the local cloud knows"))),
        }
    }

    fn resolve_optional(&self, value: &Value, path: &str) -> TemplateResult<Option<Value>> {
        if let Some((name, argument)) = intrinsic_call(value) {
            return self.resolve_intrinsic(name, argument, path);
        }
        Ok(Some(match value {
            Value::Object(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    if let Some(value) = self.resolve_optional(value, &format!("{path}.{key}"))? {
                        map.insert(key.clone(), value);
                    }
                }
                Value::Object(map)
            }
            Value::Array(items) => {
                let mut array = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    array.extend(self.resolve_optional(item, &format!("{path}[{index}]"))?);
                }
                Value::Array(array)
            }
            Value::String(text) => Value::String(self.secrets.resolve_references(text, path)?),
            other => other.clone(),
        }))
    }

    fn resolve_intrinsic(&self, name: &str, argument: &Value, path: &str) -> TemplateResult<Option<Value>> {
        match name {
            "Ref" if argument == "AWS::NoValue" => Ok(None),
            "Ref" => self
                .resolve_reference(argument.as_str().unwrap_or_default(), path)
                .map(|text| Some(text.into())),
            "Fn::GetAtt" => match intrinsic_list(argument, path)? {
                [id, attribute] => {
                    let id = id.as_str().unwrap_or_default();
                    let attribute = attribute.as_str().unwrap_or_default();
                    self.resolve_attribute(id, attribute, path).map(|text| Some(text.into()))
                }
                _ => Err(TemplateError::new(path, "Fn::GetAtt needs a resource and an attribute")),
            },
            "Fn::Sub" => self.substitute(argument, path).map(|text| Some(text.into())),
            "Fn::If" => match intrinsic_list(argument, path)? {
                [condition, yes, no] => {
                    let holds = self.named_condition(condition.as_str().unwrap_or_default())?;
                    self.resolve_optional(if holds { yes } else { no }, path)
                }
                _ => Err(TemplateError::new(path, "Fn::If needs a condition and two values")),
            },
            "Fn::Join" => match intrinsic_list(argument, path)? {
                [separator, parts] => {
                    let parts = intrinsic_list(parts, path)?.iter().map(|part| self.resolve_text(part, path));
                    let parts = parts
                        .map(|part| Ok(part?.unwrap_or_default()))
                        .collect::<TemplateResult<Vec<_>>>()?;
                    Ok(Some(parts.join(separator.as_str().unwrap_or_default()).into()))
                }
                _ => Err(TemplateError::new(path, "Fn::Join needs a separator and a list")),
            },
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => {
                let condition = Value::Object(Map::from_iter([(name.to_owned(), argument.clone())]));
                Ok(Some(self.condition_holds(&condition, path)?.into()))
            }
            _ => Err(TemplateError::new(path, format!("{name} is not an intrinsic the local cloud knows"))),
        }
    }

    fn substitute(&self, argument: &Value, path: &str) -> TemplateResult<String> {
        let (text, variables) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(variables)] => (text.as_str(), Some(variables)),
                _ => return Err(TemplateError::new(path, "Fn::Sub needs a string and a map")),
            },
            _ => return Err(TemplateError::new(path, "Fn::Sub needs a string")),
        };
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let (name, after) =
                after.split_once('}').ok_or_else(|| TemplateError::new(path, "Fn::Sub: a ${ without a }"))?;
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                filled.push_str("${");
                filled.push_str(literal);
                filled.push('}');
            } else if let Some(value) = variables.and_then(|variables| variables.get(name)) {
                filled.push_str(&self.resolve_text(value, path)?.unwrap_or_default());
            } else if let Some((id, attribute)) = name.split_once('.') {
                filled.push_str(&self.resolve_attribute(id, attribute, path)?);
            } else {
                filled.push_str(&self.resolve_reference(name, path)?);
            }
        }
        filled.push_str(rest);
        self.secrets.resolve_references(&filled, path)
    }

    fn resolve_reference(&self, name: &str, path: &str) -> TemplateResult<String> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        match name {
            "AWS::Region" => return Ok(REGION.into()),
            "AWS::AccountId" => return Ok(ACCOUNT.into()),
            "AWS::Partition" => return Ok("aws".into()),
            "AWS::URLSuffix" => return Ok("amazonaws.com".into()),
            "AWS::StackName" => return Ok("colloquy-local".into()),
            _ => {}
        }
        if self.root["Parameters"].get(name).is_some() {
            return Err(TemplateError::new(path, format!("the parameter {name} has no value")));
        }
        let resource = self.existing_resource(name, path)?;
        match resource.kind() {
            "AWS::SQS::Queue" => Ok(format!("{}/{}", self.queue_base, self.physical_name(resource)?)),
            "AWS::SecretsManager::Secret" => Ok(arn("secretsmanager", &format!("secret:{name}"))),
            _ => self.physical_name(resource),
        }
    }

    fn resolve_attribute(&self, id: &str, attribute: &str, path: &str) -> TemplateResult<String> {
        let resource = self.existing_resource(id, path)?;
        let name = self.physical_name(resource)?;
        match (resource.kind(), attribute) {
            ("AWS::SQS::Queue", "Arn") => Ok(arn("sqs", &name)),
            ("AWS::SQS::Queue", "QueueName") => Ok(name),
            ("AWS::DynamoDB::Table", "Arn") => Ok(arn("dynamodb", &format!("table/{name}"))),
            ("AWS::Serverless::Function", "Arn") => Ok(arn("lambda", &format!("function:{name}"))),
            // with the log streams, as in CloudFormation
            ("AWS::Logs::LogGroup", "Arn") => Ok(arn("logs", &format!("log-group:{name}:*"))),
            (kind, _) => {
                let why = format!("the local cloud knows no attribute {attribute} of {id} ({kind})");
                Err(TemplateError::new(path, why))
            }
        }
    }

    fn existing_resource(&self, id: &str, path: &str) -> TemplateResult<TemplateResource<'_>> {
        match self.resource(id) {
            Some(resource) if self.condition_of_resource_holds(id)? => Ok(resource),
            _ => Err(TemplateError::new(path, format!("there is no parameter or resource {id}"))),
        }
    }

    /// The name in the template, or else the logical id. It has no random suffix, so that a restart finds the data.
    pub(super) fn physical_name(&self, resource: TemplateResource<'_>) -> TemplateResult<String> {
        let property = match resource.kind() {
            "AWS::SQS::Queue" => "QueueName",
            "AWS::DynamoDB::Table" => "TableName",
            "AWS::Serverless::Function" => "FunctionName",
            "AWS::Logs::LogGroup" => "LogGroupName",
            _ => return Ok(resource.id.to_owned()),
        };
        if let Some(name) =
            self.resolve_text(resource.property(property), &resource.property_path(property))?
        {
            return Ok(name);
        }
        let fifo = self.resolve_flag(resource.property("FifoQueue"), &resource.property_path("FifoQueue"))?;
        Ok(if fifo { format!("{}.fifo", resource.id) } else { resource.id.to_owned() })
    }
}

pub(super) fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

/// The name and argument of an intrinsic, if the value is an object with one key that names an intrinsic.
fn intrinsic_call(value: &Value) -> Option<(&str, &Value)> {
    let entries = value.as_object().filter(|entries| entries.len() == 1)?;
    let (name, argument) = entries.iter().next()?;
    // `Condition` is also a key of policy statements, whose value is no name
    let is_call = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    is_call.then_some((name.as_str(), argument))
}

fn intrinsic_list<'v>(value: &'v Value, path: &str) -> TemplateResult<&'v [Value]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| TemplateError::new(path, "should be a list"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{LocalSecrets, SamTemplate};

    const TEXT: &str = r"
Parameters: {Stage: {Type: String, Default: live}, Size: {Type: Number, Default: 3}, Open: {Type: String}}
Conditions: {IsLive: !Equals [!Ref Stage, live], Big: !And [!Condition IsLive, !Not [!Equals [!Ref Size, 3]]]}
Resources:
  Jobs: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Gone: {Type: AWS::SQS::Queue, Condition: Big}
";

    fn resolve(text: &str) -> Result<serde_json::Value, String> {
        let template = SamTemplate::parse(TEXT, LocalSecrets::in_memory()).unwrap();
        let value = super::super::template_yaml::long_form(text).unwrap();
        template.resolve(&value["v"], "v").map_err(|error| error.to_string())
    }

    #[test]
    fn intrinsics_resolve() {
        assert_eq!(resolve("v: !Ref Jobs"), Ok(json!("http://127.0.0.1/queues/Jobs.fifo")));
        assert_eq!(resolve("v: !GetAtt Jobs.Arn"), Ok(json!("arn:aws:sqs:us-east-1:000000000000:Jobs.fifo")));
        assert_eq!(
            resolve("v: !Sub ['a-${Stage}-${Jobs.QueueName}-${x}-${!raw}', {x: !Ref Size}]"),
            Ok(json!("a-live-Jobs.fifo-3-${raw}"))
        );
        assert_eq!(
            resolve("v: {a: !If [Big, 1, !Ref AWS::NoValue], b: [!If [IsLive, 2, 3]]}"),
            Ok(json!({"b": [2]}))
        );
        assert_eq!(resolve("v: !Join ['-', [a, !Ref Stage]]"), Ok(json!("a-live")));
    }

    #[test]
    fn unresolvable_values_name_their_path() {
        for (text, why) in [
            ("v: {a: [!Ref Unknown]}", "template: v.a[0]: there is no parameter or resource Unknown"),
            ("v: !Ref Gone", "template: v: there is no parameter or resource Gone"),
            ("v: !Ref Open", "template: v: the parameter Open has no value"),
            ("v: !ImportValue x", "template: v: Fn::ImportValue is not an intrinsic the local cloud knows"),
            (
                "v: !GetAtt Jobs.Color",
                "template: v: the local cloud knows no attribute Color of Jobs (AWS::SQS::Queue)",
            ),
            ("v: !If [Nope, 1, 2]", "template: Conditions.Nope: there is no such condition"),
            ("v: !Sub 'a${b'", "template: v: Fn::Sub: a ${ without a }"),
        ] {
            assert_eq!(resolve(text).unwrap_err(), why);
        }
    }
}
