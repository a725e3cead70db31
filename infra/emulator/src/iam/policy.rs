//! Identity-based policies, and their decision about a request.

use serde_json::Value;

use super::{
    AccessRequest,
    condition::PolicyCondition,
    json::{refuse_unknown_elements, string_or_list},
    pattern::{is_arn_pattern, matches_action, matches_arn},
};

/// A policy document as attached to a role.
#[derive(Clone, Debug)]
pub struct IamPolicy {
    statements: Vec<PolicyStatement>,
}

/// A document with an element that the local cloud does not know. The whole document is refused. If the element were
/// ignored, the local cloud and AWS would decide differently.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct IamPolicyError(String);

#[derive(Clone, Debug)]
struct PolicyStatement {
    is_allow: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<PolicyCondition>,
}

/// The decision of all policies of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyDecision {
    Allowed,
    /// No statement allows the request.
    NotAllowed,
    /// A statement denies the request. Other statements cannot allow it.
    Denied,
}

/// The version of the policy language. The older version, 2008-10-17, has no variables and is refused.
const VERSION: &str = "2012-10-17";

impl IamPolicy {
    /// Parses a document whose intrinsics are resolved.
    ///
    /// # Errors
    /// Names the statement and the element that is not known.
    pub fn parse(document: &Value) -> Result<Self, IamPolicyError> {
        let document =
            document.as_object().ok_or_else(|| IamPolicyError("is not a policy document".to_owned()))?;
        refuse_unknown_elements(document, &["Version", "Id", "Statement"]).map_err(IamPolicyError)?;
        if document.get("Version").and_then(Value::as_str) != Some(VERSION) {
            return Err(IamPolicyError(format!("Version should be {VERSION:?}")));
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement) => vec![statement],
            None => return Err(IamPolicyError("Statement is missing".to_owned())),
        };
        let parsed = statements.into_iter().enumerate().map(|(position, statement)| {
            PolicyStatement::parse(statement)
                .map_err(|why| IamPolicyError(format!("Statement[{position}]: {why}")))
        });
        Ok(Self { statements: parsed.collect::<Result<_, _>>()? })
    }
}

/// Decides as AWS does. A request is refused unless a statement allows it, and an explicit deny is final.
pub(crate) fn decide(policies: &[IamPolicy], request: &AccessRequest<'_>) -> PolicyDecision {
    let mut decision = PolicyDecision::NotAllowed;
    for statement in policies.iter().flat_map(|policy| &policy.statements) {
        if !statement.applies_to(request) {
            continue;
        }
        if !statement.is_allow {
            return PolicyDecision::Denied;
        }
        decision = PolicyDecision::Allowed;
    }
    decision
}

impl PolicyStatement {
    fn parse(statement: &Value) -> Result<Self, String> {
        let statement = statement.as_object().ok_or("is not a map")?;
        refuse_unknown_elements(statement, &["Sid", "Effect", "Action", "Resource", "Condition"])?;
        let element = |name: &str| statement.get(name).unwrap_or(&Value::Null);
        let is_allow = match element("Effect").as_str() {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err("Effect should be Allow or Deny".to_owned()),
        };
        let actions = string_or_list(element("Action"), "Action")?;
        if let Some(action) = actions.iter().find(|action| *action != "*" && !action.contains(':')) {
            return Err(format!("Action: {action:?} is not SERVICE:ACTION"));
        }
        let resources = string_or_list(element("Resource"), "Resource")?;
        if let Some(resource) = resources.iter().find(|resource| !is_arn_pattern(resource)) {
            return Err(format!("Resource: {resource:?} is not an ARN"));
        }
        Ok(Self {
            is_allow,
            actions,
            resources,
            conditions: PolicyCondition::parse_all(element("Condition"))?,
        })
    }

    fn applies_to(&self, request: &AccessRequest<'_>) -> bool {
        self.actions.iter().any(|action| matches_action(action, request.action))
            && self.resources.iter().any(|resource| matches_arn(resource, request.resource))
            && self.conditions.iter().all(|condition| condition.holds(request))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::iam::ContextKey;

    const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/Table";

    fn policy(statements: &Value) -> IamPolicy {
        IamPolicy::parse(&json!({ "Version": "2012-10-17", "Statement": statements })).unwrap()
    }

    fn request<'a>(action: &'a str, resource: &'a str) -> AccessRequest<'a> {
        AccessRequest { action, resource, context: None }
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        assert_eq!(decide(&[], &request("dynamodb:GetItem", TABLE)), PolicyDecision::NotAllowed);
        let other = policy(&json!({ "Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": TABLE }));
        assert_eq!(decide(&[other], &request("dynamodb:GetItem", TABLE)), PolicyDecision::NotAllowed);
    }

    #[test]
    fn an_action_is_allowed_on_its_resource() {
        let policies = [policy(
            &json!([{ "Effect": "Allow", "Action": ["dynamodb:Get*", "dynamodb:Query"], "Resource": TABLE }]),
        )];
        assert_eq!(decide(&policies, &request("dynamodb:GetItem", TABLE)), PolicyDecision::Allowed);
        assert_eq!(decide(&policies, &request("dynamodb:Query", TABLE)), PolicyDecision::Allowed);
        let index = format!("{TABLE}/index/gsi1");
        assert_eq!(decide(&policies, &request("dynamodb:Query", &index)), PolicyDecision::NotAllowed);
        assert_eq!(decide(&policies, &request("dynamodb:PutItem", TABLE)), PolicyDecision::NotAllowed);
    }

    #[test]
    fn an_explicit_deny_wins() {
        let all = policy(&json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }));
        let deny = policy(&json!({ "Effect": "Deny", "Action": "dynamodb:*", "Resource": TABLE }));
        for policies in [[all.clone(), deny.clone()], [deny, all]] {
            assert_eq!(decide(&policies, &request("dynamodb:GetItem", TABLE)), PolicyDecision::Denied);
            let queue = "arn:aws:sqs:us-east-1:000000000000:q";
            assert_eq!(decide(&policies, &request("sqs:SendMessage", queue)), PolicyDecision::Allowed);
        }
    }

    #[test]
    fn a_condition_limits_only_its_statement() {
        let policies = [policy(&json!([
            { "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE,
              "Condition": { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["USER#*"] } } },
            { "Sid": "Mails", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE,
              "Condition": { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": "EMAIL#*" } } },
        ]))];
        let decide = |keys: &[&str]| {
            let keys = keys.iter().map(|&key| key.to_owned()).collect();
            let context = Some((ContextKey::LeadingKeys, keys));
            decide(&policies, &AccessRequest { action: "dynamodb:GetItem", resource: TABLE, context })
        };
        assert_eq!(decide(&["USER#1"]), PolicyDecision::Allowed);
        assert_eq!(decide(&["EMAIL#1", "EMAIL#2"]), PolicyDecision::Allowed);
        assert_eq!(decide(&["SESSION#1"]), PolicyDecision::NotAllowed);
        // no single statement allows both
        assert_eq!(decide(&["USER#1", "EMAIL#1"]), PolicyDecision::NotAllowed);
    }

    #[test]
    fn unknown_elements_are_refused_by_name() {
        let statement = |element: &str, value: Value| {
            let mut statement = json!({ "Effect": "Allow", "Action": "a:B", "Resource": "*" });
            statement[element] = value;
            json!({ "Version": "2012-10-17", "Statement": [statement] })
        };
        for (document, why) in [
            (json!("AmazonDynamoDBFullAccess"), "is not a policy document"),
            (json!({ "DynamoDBCrudPolicy": {} }), "DynamoDBCrudPolicy is not known to the local cloud"),
            (json!({ "Statement": [] }), "Version should be \"2012-10-17\""),
            (json!({ "Version": "2012-10-17" }), "Statement is missing"),
            (statement("NotAction", json!("a:C")), "Statement[0]: NotAction is not known to the local cloud"),
            (statement("Principal", json!("*")), "Statement[0]: Principal is not known to the local cloud"),
            (statement("Effect", json!("allow")), "Statement[0]: Effect should be Allow or Deny"),
            (
                statement("Action", json!("GetItem")),
                "Statement[0]: Action: \"GetItem\" is not SERVICE:ACTION",
            ),
            (statement("Action", Value::Null), "Statement[0]: Action is missing"),
            (statement("Resource", json!("Table")), "Statement[0]: Resource: \"Table\" is not an ARN"),
            (
                statement("Resource", json!("arn:aws:s3:::b/${aws:username}")),
                "Statement[0]: Resource: the local cloud knows no policy variables",
            ),
            (
                statement("Condition", json!({ "Bool": { "aws:SecureTransport": "true" } })),
                "Statement[0]: the condition operator Bool is not known to the local cloud",
            ),
        ] {
            assert_eq!(IamPolicy::parse(&document).unwrap_err().to_string(), why);
        }
    }
}
