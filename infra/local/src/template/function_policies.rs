//! The policies of the functions' roles.

use std::collections::BTreeMap;

use emulator::IamPolicy;
use serde_json::Value;

use super::{SamTemplate, TemplateError, TemplateResource, TemplateResult};

impl SamTemplate {
    /// The policies of each function, by its logical id. Policies that SAM adds for logs and queues are left out,
    /// because the pollers here need no permission.
    pub fn roles(&self) -> TemplateResult<BTreeMap<String, Vec<IamPolicy>>> {
        let functions = self.resources("AWS::Serverless::Function")?.into_iter();
        functions.map(|function| Ok((function.id.to_owned(), self.policies(function)?))).collect()
    }

    /// The policies of the function's role, or those from which SAM makes a role.
    fn policies(&self, function: TemplateResource<'_>) -> TemplateResult<Vec<IamPolicy>> {
        for property in ["PermissionsBoundary", "ManagedPolicyArns"] {
            Self::refuse_property(function, property)?;
        }
        if function.property("Role").is_null() {
            return self.policy_documents(function, |policy| policy);
        }
        // the long form of `!GetAtt WorkerRole.Arn`
        let id = function.property("Role")["Fn::GetAtt"][0].as_str();
        let role = id.and_then(|id| self.resource(id)).filter(|role| role.kind() == "AWS::IAM::Role");
        let Some(role) = role else {
            let why = "must be !GetAtt of a role in this template";
            return Err(TemplateError::new(function.property_path("Role"), why));
        };
        for property in ["PermissionsBoundary", "ManagedPolicyArns"] {
            Self::refuse_property(role, property)?;
        }
        self.policy_documents(role, |policy| &policy["PolicyDocument"])
    }

    fn refuse_property(resource: TemplateResource<'_>, property: &str) -> TemplateResult<()> {
        if resource.property(property).is_null() {
            return Ok(());
        }
        let why = "the local cloud does not know its permissions: list them in Policies";
        Err(TemplateError::new(resource.property_path(property), why))
    }

    /// The documents in the `Policies` of a function or a role.
    fn policy_documents(
        &self,
        of: TemplateResource<'_>,
        document: fn(&Value) -> &Value,
    ) -> TemplateResult<Vec<IamPolicy>> {
        let path = of.property_path("Policies");
        let policies = match self.resolve(of.property("Policies"), &path)? {
            Value::Null => Vec::new(),
            Value::Array(policies) => policies,
            policy => vec![policy],
        };
        let policy = |(position, policy): (usize, &Value)| {
            let path = format!("{path}[{position}]");
            if let Some(name) = policy.as_str() {
                let why =
                    format!("the local cloud does not know the permissions of {name}: list them in Policies");
                return Err(TemplateError::new(path, why));
            }
            IamPolicy::parse(document(policy)).map_err(|error| TemplateError::new(path, error.to_string()))
        };
        policies.iter().enumerate().map(policy).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LocalSecrets, SamTemplate, tests::repository_template};

    const TEXT: &str = r#"
Resources:
  Jobs: {Type: AWS::SQS::Queue}
  WorkerRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: function
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: [sqs:SendMessage], Resource: [!GetAtt Jobs.Arn]}
  Worker:
    Type: AWS::Serverless::Function
    Properties: {Role: !GetAtt WorkerRole.Arn}
"#;

    fn roles(text: &str) -> Result<usize, String> {
        let template = SamTemplate::parse(text, LocalSecrets::in_memory()).unwrap();
        let roles = template.roles().map_err(|error| error.to_string())?;
        Ok(roles["Worker"].len())
    }

    #[test]
    fn every_function_of_the_repository_has_its_policies() {
        let template = repository_template();
        let roles = template.roles().unwrap();
        assert_eq!(roles.len(), template.resources("AWS::Serverless::Function").unwrap().len());
        assert!(roles.values().all(|policies| !policies.is_empty()));
    }

    #[test]
    fn policies_are_read_and_unknown_elements_name_their_path() {
        assert_eq!(roles(TEXT), Ok(1));
        let at = |path: &str, why: &str| Err(format!("template: Resources.{path}: {why}"));
        for (old, new, expected) in [
            (
                "Action:",
                "NotAction:",
                at(
                    "WorkerRole.Properties.Policies[0]",
                    "Statement[0]: NotAction is not known to the local cloud",
                ),
            ),
            (
                "      Policies:",
                "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonSQSFullAccess]\n      Policies:",
                at(
                    "WorkerRole.Properties.ManagedPolicyArns",
                    "the local cloud does not know its permissions: list them in Policies",
                ),
            ),
            (
                "{Role: !GetAtt WorkerRole.Arn}",
                "{Role: \"arn:aws:iam::000000000000:role/Admin\"}",
                at("Worker.Properties.Role", "must be !GetAtt of a role in this template"),
            ),
            (
                "{Role: !GetAtt WorkerRole.Arn}",
                "{Policies: [AmazonSQSFullAccess]}",
                at(
                    "Worker.Properties.Policies[0]",
                    "the local cloud does not know the permissions of AmazonSQSFullAccess: list them in Policies",
                ),
            ),
            ("{Role: !GetAtt WorkerRole.Arn}", "{MemorySize: 512}", Ok(0)),
            (
                "Jobs.Arn",
                "Other.Arn",
                at(
                    "WorkerRole.Properties.Policies[0].PolicyDocument.Statement[0].Resource[0]",
                    "there is no parameter or resource Other",
                ),
            ),
        ] {
            assert_eq!(roles(&TEXT.replace(old, new)), expected, "{new}");
        }
    }
}
