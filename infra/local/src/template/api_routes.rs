//! The routes of the HTTP API and of the WebSocket API, with their functions.

use std::collections::{BTreeMap, BTreeSet};

use super::{SamTemplate, TemplateError, TemplateResource, TemplateResult};

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// A route key such as `ANY /v1/auth/{proxy+}`.
    pub key: String,
    /// The logical id of the function.
    pub function: String,
}

/// The WebSocket API.
#[derive(Clone, Debug)]
pub struct SocketApi {
    /// The logical id, which is also the id of the API here.
    pub id: String,
    /// The stage. Clients connect to `/{stage}`.
    pub stage: String,
    /// The field of a message's body that selects the route, as in `$request.body.type`.
    pub selection: Vec<String>,
    /// The logical id of the function of each route key.
    pub routes: BTreeMap<String, String>,
}

impl SamTemplate {
    pub fn http_routes(&self) -> TemplateResult<Vec<HttpRoute>> {
        let mut routes = Vec::new();
        for route in self.routes_of_protocol("HTTP")? {
            let key = self.required_text(route, "RouteKey")?;
            let well_formed = key == "$default"
                || key.split_once(' ').is_some_and(|(method, path)| {
                    method.bytes().all(|byte| byte.is_ascii_uppercase()) && path.starts_with('/')
                });
            if !well_formed {
                return Err(TemplateError::new(
                    route.property_path("RouteKey"),
                    format!("{key:?} does not have the form METHOD /path"),
                ));
            }
            routes.push(HttpRoute { key, function: self.target_function(route)? });
        }
        Ok(routes)
    }

    /// Returns `None` if the template has no WebSocket API.
    pub fn socket_api(&self) -> TemplateResult<Option<SocketApi>> {
        let apis = self.resources("AWS::ApiGatewayV2::Api")?;
        let Some(api) = apis.into_iter().find(|api| api.property("ProtocolType") == "WEBSOCKET") else {
            return Ok(None);
        };
        let expression = self.required_text(api, "RouteSelectionExpression")?;
        let selection = expression.strip_prefix("$request.body.").ok_or_else(|| {
            TemplateError::new(api.property_path("RouteSelectionExpression"), "must be $request.body.FIELD")
        })?;
        let stages = self.resources("AWS::ApiGatewayV2::Stage")?;
        let mut names = Vec::new();
        for stage in stages {
            if self.required_text(stage, "ApiId")? == api.id {
                names.push(self.required_text(stage, "StageName")?);
            }
        }
        let [stage] = names.as_slice() else {
            return Err(TemplateError::new(format!("Resources.{}", api.id), "must have exactly one stage"));
        };
        let mut routes = BTreeMap::new();
        for route in self.routes_of_protocol("WEBSOCKET")? {
            routes.insert(self.required_text(route, "RouteKey")?, self.target_function(route)?);
        }
        Ok(Some(SocketApi {
            id: api.id.to_owned(),
            stage: stage.clone(),
            selection: selection.split('.').map(str::to_owned).collect(),
            routes,
        }))
    }

    fn routes_of_protocol(&self, protocol: &str) -> TemplateResult<Vec<TemplateResource<'_>>> {
        let mut found = Vec::new();
        for route in self.resources("AWS::ApiGatewayV2::Route")? {
            let api = self.required_text(route, "ApiId")?;
            let api = self
                .resource(&api)
                .ok_or_else(|| TemplateError::new(route.property_path("ApiId"), "the API does not exist"))?;
            if api.property("ProtocolType") == protocol {
                found.push(route);
            }
        }
        Ok(found)
    }

    /// The function of a route. The API must be permitted to invoke it, because a missing permission is a 500 on AWS.
    fn target_function(&self, route: TemplateResource<'_>) -> TemplateResult<String> {
        let path = route.property_path("Target");
        let target = self.required_text(route, "Target")?;
        let integration = target.strip_prefix("integrations/").and_then(|id| self.resource(id));
        let integration = integration
            .ok_or_else(|| TemplateError::new(&path, format!("{target:?} is not an integration")))?;
        let uri = self.required_text(integration, "IntegrationUri")?;
        let uri = uri.strip_suffix("/invocations").unwrap_or(&uri);
        let name = uri.rsplit(':').next().unwrap_or_default();
        for function in self.resources("AWS::Serverless::Function")? {
            if self.physical_name(function)? == name {
                if !self.invocable_functions()?.contains(name) {
                    let why = format!("no AWS::Lambda::Permission lets API Gateway invoke {}", function.id);
                    return Err(TemplateError::new(path, why));
                }
                return Ok(function.id.to_owned());
            }
        }
        Err(TemplateError::new(
            integration.property_path("IntegrationUri"),
            format!("{uri:?} names no function"),
        ))
    }

    fn invocable_functions(&self) -> TemplateResult<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for permission in self.resources("AWS::Lambda::Permission")? {
            if permission.property("Principal") == "apigateway.amazonaws.com" {
                names.insert(self.required_text(permission, "FunctionName")?);
            }
        }
        Ok(names)
    }

    fn required_text(&self, resource: TemplateResource<'_>, property: &str) -> TemplateResult<String> {
        let path = resource.property_path(property);
        self.resolve_text(resource.property(property), &path)?
            .ok_or_else(|| TemplateError::new(path, "is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LocalSecrets, tests::repository_template};
    use super::*;

    #[test]
    fn the_routes_of_the_repository_lead_to_their_functions() {
        let template = repository_template();
        let routes = template.http_routes().unwrap();
        let function = |key: &str| routes.iter().find(|route| route.key == key).unwrap().function.as_str();
        assert_eq!(function("ANY /v1/auth/{proxy+}"), "ApiIdentity");
        assert_eq!(function("$default"), "ApiDocs");

        let socket = template.socket_api().unwrap().unwrap();
        assert_eq!((socket.stage.as_str(), socket.selection.as_slice()), ("live", &["type".to_owned()][..]));
        assert_eq!(socket.routes["$connect"], "SocketConnections");
        assert_eq!(socket.routes["response_submitted"], "SocketSessions");
    }

    #[test]
    fn a_function_without_permission_is_refused() {
        let permission = "FunctionName: !Ref ApiIdentity\n      Principal: ";
        let text = include_str!("../../../../template.yaml")
            .replace(&format!("{permission}apigateway.amazonaws.com"), &format!("{permission}x"));
        let error = SamTemplate::parse(&text, LocalSecrets::in_memory()).unwrap().http_routes().unwrap_err();
        assert!(
            error.to_string().ends_with("no AWS::Lambda::Permission lets API Gateway invoke ApiIdentity"),
            "{error}"
        );
    }

    #[test]
    fn a_malformed_route_is_refused() {
        let text =
            include_str!("../../../../template.yaml").replace("ANY /v1/slides/{proxy+}", "ANY_v1_slides");
        let error = SamTemplate::parse(&text, LocalSecrets::in_memory()).unwrap().http_routes().unwrap_err();
        let expected = "template: Resources.V1SlidesProxyRoute.Properties.RouteKey: \"ANY_v1_slides\" does not have the form METHOD /path";
        assert_eq!(error.to_string(), expected);
    }
}
