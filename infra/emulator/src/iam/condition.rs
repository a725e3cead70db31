//! The `Condition` of a statement, for the operators and keys that the emulated services know.

use serde_json::Value;

use super::{AccessRequest, json::string_or_list, pattern::matches_pattern};

/// A condition key, which a service fills from a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContextKey {
    /// The partition keys that a request names. For an index, the partition keys of the index.
    LeadingKeys,
    /// The sender's address, without the display name.
    FromAddress,
}

impl ContextKey {
    fn parse(name: &str) -> Result<Self, String> {
        let known = [("dynamodb:LeadingKeys", Self::LeadingKeys), ("ses:FromAddress", Self::FromAddress)];
        let found = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found
            .map(|(_, key)| key)
            .ok_or_else(|| format!("the condition key {name} is not known to the local cloud"))
    }
}

/// One operator on one key. All conditions of a statement must hold.
#[derive(Clone, Debug)]
pub(super) struct PolicyCondition {
    set: Option<SetOperator>,
    is_like: bool,
    is_negated: bool,
    /// `…IfExists`: the condition holds if the key is absent.
    may_be_absent: bool,
    key: ContextKey,
    values: Vec<String>,
}

/// How many of a request's values must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetOperator {
    ForAll,
    ForAny,
}

impl PolicyCondition {
    pub(super) fn parse_all(conditions: &Value) -> Result<Vec<Self>, String> {
        if conditions.is_null() {
            return Ok(Vec::new());
        }
        let operators = conditions.as_object().ok_or("Condition should be a map of operators")?;
        let mut parsed = Vec::new();
        for (operator, keys) in operators {
            let keys =
                keys.as_object().ok_or_else(|| format!("{operator} should be a map of condition keys"))?;
            for (key, values) in keys {
                parsed.push(Self::parse(operator, key, values)?);
            }
        }
        Ok(parsed)
    }

    fn parse(operator: &str, key: &str, values: &Value) -> Result<Self, String> {
        let (set, bare) = match operator.split_once(':') {
            Some(("ForAllValues", bare)) => (Some(SetOperator::ForAll), bare),
            Some(("ForAnyValue", bare)) => (Some(SetOperator::ForAny), bare),
            _ => (None, operator),
        };
        let (bare, may_be_absent) = match bare.strip_suffix("IfExists") {
            Some(bare) if set.is_none() => (bare, true),
            _ => (bare, false),
        };
        let (is_like, is_negated) = match bare {
            "StringEquals" => (false, false),
            "StringNotEquals" => (false, true),
            "StringLike" => (true, false),
            "StringNotLike" => (true, true),
            _ => return Err(format!("the condition operator {operator} is not known to the local cloud")),
        };
        let name = key;
        let key = ContextKey::parse(name)?;
        if key == ContextKey::LeadingKeys && set.is_none() {
            return Err(format!("{name} has many values: write ForAllValues:{operator}"));
        }
        Ok(Self { set, is_like, is_negated, may_be_absent, key, values: string_or_list(values, name)? })
    }

    pub(super) fn holds(&self, request: &AccessRequest<'_>) -> bool {
        let given: &[String] = match &request.context {
            Some((key, values)) if *key == self.key => values,
            _ => &[],
        };
        let mut passes = given.iter().map(|value| self.passes(value));
        match self.set {
            // true for an absent key too, as AWS warns
            Some(SetOperator::ForAll) => passes.all(|passes| passes),
            Some(SetOperator::ForAny) => passes.any(|passes| passes),
            // for an absent key only a negated operator is true
            None => passes.next().unwrap_or(self.is_negated || self.may_be_absent),
        }
    }

    fn passes(&self, given: &str) -> bool {
        let matches =
            |wanted: &String| if self.is_like { matches_pattern(wanted, given) } else { wanted == given };
        self.values.iter().any(matches) != self.is_negated
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(operator: &str, values: &Value, given: Option<&[&str]>) -> bool {
        let conditions =
            PolicyCondition::parse_all(&json!({ operator: { "dynamodb:LeadingKeys": values } })).unwrap();
        let context = given
            .map(|given| (ContextKey::LeadingKeys, given.iter().map(|&value| value.to_owned()).collect()));
        let request = AccessRequest { action: "dynamodb:GetItem", resource: "arn", context };
        conditions.iter().all(|condition| condition.holds(&request))
    }

    #[test]
    fn for_all_values_holds_for_an_absent_key() {
        let users = json!(["USER#*", "EMAIL#*"]);
        assert!(holds("ForAllValues:StringLike", &users, Some(&["USER#1", "EMAIL#a"])));
        assert!(!holds("ForAllValues:StringLike", &users, Some(&["USER#1", "SESSION#a"])));
        assert!(holds("ForAllValues:StringLike", &users, Some(&[])));
        assert!(holds("ForAllValues:StringLike", &users, None));
        assert!(!holds("ForAllValues:StringEquals", &json!("USER#*"), Some(&["USER#1"])));
        assert!(holds("ForAllValues:StringNotLike", &users, Some(&["SESSION#1"])));
        assert!(!holds("ForAllValues:StringNotLike", &users, Some(&["SESSION#1", "USER#1"])));
    }

    #[test]
    fn for_any_value_needs_a_value() {
        let users = json!("USER#*");
        assert!(holds("ForAnyValue:StringLike", &users, Some(&["USER#1", "SESSION#a"])));
        assert!(!holds("ForAnyValue:StringLike", &users, Some(&["SESSION#a"])));
        assert!(!holds("ForAnyValue:StringLike", &users, None));
    }

    #[test]
    fn a_single_value_is_compared() {
        let holds = |operator: &str, values: Value, from: Option<&str>| {
            let conditions =
                PolicyCondition::parse_all(&json!({ operator: { "ses:fromaddress": values } })).unwrap();
            let context = from.map(|from| (ContextKey::FromAddress, vec![from.to_owned()]));
            conditions[0].holds(&AccessRequest { action: "ses:SendEmail", resource: "arn", context })
        };
        assert!(holds("StringEquals", json!(["x@y", "a@b"]), Some("a@b")));
        assert!(!holds("StringEquals", json!("*@b"), Some("a@b")));
        assert!(!holds("StringEquals", json!("A@B"), Some("a@b")));
        assert!(holds("StringLike", json!("*@b"), Some("a@b")));
        assert!(!holds("StringEquals", json!("a@b"), None));
        assert!(holds("StringEqualsIfExists", json!("a@b"), None));
        assert!(!holds("StringEqualsIfExists", json!("a@b"), Some("x@y")));
        assert!(!holds("StringNotEquals", json!(["x@y", "a@b"]), Some("a@b")));
        assert!(holds("StringNotEquals", json!("x@y"), Some("a@b")));
        assert!(holds("StringNotEquals", json!("a@b"), None));
    }

    #[test]
    fn unknown_conditions_are_refused_by_name() {
        for (condition, why) in [
            (
                json!({ "Null": { "dynamodb:LeadingKeys": "true" } }),
                "the condition operator Null is not known to the local cloud",
            ),
            (
                json!({ "ForAllValues:StringLikeIfExists": { "dynamodb:LeadingKeys": "a" } }),
                "the condition operator ForAllValues:StringLikeIfExists is not known to the local cloud",
            ),
            (
                json!({ "StringEquals": { "aws:SourceIp": "a" } }),
                "the condition key aws:SourceIp is not known to the local cloud",
            ),
            (
                json!({ "StringLike": { "dynamodb:LeadingKeys": "a" } }),
                "dynamodb:LeadingKeys has many values: write ForAllValues:StringLike",
            ),
            (json!({ "StringLike": "a" }), "StringLike should be a map of condition keys"),
            (
                json!({ "StringLike": { "ses:FromAddress": [1] } }),
                "ses:FromAddress should be a string or a list of strings",
            ),
            (
                json!({ "StringLike": { "ses:FromAddress": "${aws:username}" } }),
                "ses:FromAddress: the local cloud knows no policy variables",
            ),
        ] {
            assert_eq!(PolicyCondition::parse_all(&condition).unwrap_err(), why);
        }
    }
}
