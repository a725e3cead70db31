//! Expands the routes and messages of a function into an integration, a permission, and a route for each spelling.

use std::fmt::Write as _;

use anyhow::ensure;

use super::{TemplateSources, names, rows::NamedRows, text};

impl TemplateSources<'_> {
    /// The integration, the permission and the routes of an HTTP function.
    pub(super) fn http_routes(
        &self,
        id: &str,
        routes: &[String],
        exact_routes: &NamedRows<String>,
    ) -> anyhow::Result<String> {
        let mut text = format!(
            r#"  {id}Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref HttpApi
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt {id}.Arn
      PayloadFormatVersion: "2.0"
"#
        );
        text.push_str(&permission(id, "HttpApi"));
        text.push('\n');
        for row in routes {
            ensure!(
                !row.starts_with('/') && !row.ends_with('/'),
                "the route {row} must not begin or end in a slash"
            );
            for (prefix_name, prefix) in self.route_prefixes() {
                let (path, below) = match row.strip_suffix("/*") {
                    Some(path) => (path, true),
                    None => (row.as_str(), false),
                };
                let name = format!("{prefix_name}{}", names::pascal(path));
                // clients of the originals also send the path of a collection with a slash
                let spellings: &[(&str, &str)] =
                    if below { &[("Proxy", "/{proxy+}")] } else { &[("", ""), ("Slash", "/")] };
                for (suffix, end) in spellings {
                    text.push_str(&route(
                        &format!("{name}{suffix}"),
                        "HttpApi",
                        &format!("ANY {prefix}/{path}{end}"),
                        id,
                    )?);
                }
            }
        }
        for (name, path) in exact_routes.iter() {
            let key = if path.starts_with('/') { format!("ANY {path}") } else { path.clone() };
            text.push_str(&route(name, "HttpApi", &key, id)?);
        }
        Ok(text)
    }
}

/// The integration, the permission and the routes of a socket function.
pub(super) fn socket_routes(id: &str, messages: &[String]) -> anyhow::Result<String> {
    let mut text = format!(
        r#"  {id}Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref SocketApi
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{id}.Arn}}/invocations"
"#
    );
    text.push_str(&permission(id, "SocketApi"));
    text.push('\n');
    for message in messages {
        text.push_str(&route(&format!("Socket{}", names::pascal(message)), "SocketApi", message, id)?);
    }
    Ok(text)
}

/// Permits API Gateway to call the function.
fn permission(id: &str, api: &str) -> String {
    format!(
        r#"  {id}Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref {id}
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/*"
"#
    )
}

fn route(name: &str, api: &str, key: &str, function: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "  {name}Route:\n    Type: AWS::ApiGatewayV2::Route")?;
    writeln!(
        text,
        r#"    Properties: {{ApiId: !Ref {api}, RouteKey: {}, Target: !Sub "integrations/${{{function}Integration}}"}}"#,
        text::quoted(key)
    )?;
    Ok(text)
}
