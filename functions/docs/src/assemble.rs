//! The OpenAPI document of all functions.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use entry::http::ErrorBody;
use model::FieldError;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, ContentBuilder, License, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
        Schema, Tag,
        info::InfoBuilder,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        schema::{Components, ObjectBuilder, SchemaType, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        server::Server,
        tag::TagBuilder,
    },
};

/// The response of each operation in a run of all of them, written by `tests/e2e/contracts/every_operation_has_an_example`.
const EXAMPLES: &str = include_str!("examples.json");

const DESCRIPTION: &str = "\
One backend for live presentations, polls, questions and team chat. Paths are written as `/v1/…`. The prefixes `/api/v1` and `/api` \
lead to the same operations, and a trailing slash is ignored.

**Errors.** Every error has the body `ErrorBody`. Branch on `code`, because `message` may change. A 404 is also the response for a \
resource that the caller may not know about.

**Lists.** A list has `items` and `next`. Send `next` as `cursor` to get the next page. It is `null` on the last page.

**Events.** A socket publishes what happens in a session or in a team. [`/asyncapi.json`](/asyncapi.json) describes it, and \
[`/redoc/events`](/redoc/events) is its reference.

**Retries.** Send a POST with an `Idempotency-Key`. A retry with the same key and the same body gets the first response, and the \
operation is not performed again.

**Concurrent changes.** A response with one slide, presentation or channel, or with the caller's account, has an `ETag`. Send it as \
`If-Match` with a change, and the change is refused with 412 `PRECONDITION_FAILED` if the resource has changed since. The tag of a \
presentation stands for its own fields, its notes and the order of its slides, the tag of a slide for its type and content, the tag \
of a channel for its own properties. A presentation does not change with the content of a slide, nor a slide with its position, nor a \
channel with its members. `If-None-Match` is not supported for them.

**Authentication.** Send an access token as a bearer token, or the cookies of the login. Writes with cookies also need the header \
`x-csrf`, with any value.";

/// The beginning of a reference to a schema.
const SCHEMA_PATH: &str = "#/components/schemas/";
/// The response of a write that has a cookie but no proof of its origin.
const CSRF_REFUSED: &str =
    "`CSRF_REFUSED`: a write with cookies needs the header `x-csrf` and an allowed origin.";

/// The areas of the API and their descriptions, in the order of the document.
const TAGS: [(&str, &str); 13] = [
    ("identity", "Accounts, login sessions and tokens."),
    ("presentations", "Presentations of a speaker."),
    ("slides", "Slides of a presentation."),
    ("questions", "Questions of the audience, and their answers."),
    ("assistant", "Texts and slides that a model writes."),
    ("images", "Images for slides."),
    ("sessions", "Live sessions and their participants."),
    ("responses", "Responses of the audience to slides."),
    ("channels", "Channels of the team and their members."),
    ("messages", "Messages in channels."),
    ("realtime", "Tickets that open a socket."),
    ("admin", "Accounts, sessions and usage, for moderators and admins."),
    ("docs", "Documents and health of the API."),
];

/// Merges the documents of all functions into one. Adds the parts that all operations share: the security schemes, the
/// errors of the crate `entry`, and the headers `Idempotency-Key`, `ETag` and `If-Match`.
pub fn assemble_document(parts: impl IntoIterator<Item = OpenApi>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Colloquy")
        .version(crate::VERSION)
        .description(Some(DESCRIPTION))
        .license(Some(License::new("Apache-2.0")))
        .build();
    let mut whole = OpenApiBuilder::new().info(info).servers(Some([Server::new("/")])).build();
    for mut part in parts {
        part.tags = None;
        part.servers = None;
        whole.merge(part);
    }
    whole.tags = Some(TAGS.map(|(name, description)| new_tag(name, description)).to_vec());
    let components = whole.components.get_or_insert_with(Components::new);
    components.schemas = mem::take(&mut components.schemas)
        .into_iter()
        .map(|(name, schema)| (page_schema_name(&name).unwrap_or(name), schema))
        .collect();
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components.schemas.insert(FieldError::name().into_owned(), FieldError::schema());
    components.security_schemes.insert("bearer".into(), RefOr::T(bearer_scheme()));
    components.security_schemes.insert("cookie".into(), RefOr::T(cookie_scheme()));
    components.security_schemes.insert("participant".into(), RefOr::T(participant_scheme()));
    whole.security = Some(["bearer", "cookie"].map(security_requirement).to_vec());
    let schemas_without_required_fields: BTreeSet<String> = components
        .schemas
        .iter()
        .filter(|(_, schema)| match schema {
            RefOr::T(Schema::Object(object)) => {
                object.schema_type == SchemaType::Type(Type::Object) && object.required.is_empty()
            }
            _ => false,
        })
        .map(|(name, _)| format!("{SCHEMA_PATH}{name}"))
        .collect();
    let examples = parse_examples();
    for (path, item) in &mut whole.paths.paths {
        complete_path(path, item, &schemas_without_required_fields);
        add_examples(item, &examples);
    }
    whole
}

fn new_tag(name: &str, description: &str) -> Tag {
    TagBuilder::new().name(name).description(Some(description)).build()
}

fn bearer_scheme() -> SecurityScheme {
    token_scheme("The `access_token` of a login session.")
}

fn participant_scheme() -> SecurityScheme {
    token_scheme("The `participant_token` that joining a session returns.")
}

fn token_scheme(description: &str) -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    SecurityScheme::Http(scheme.description(Some(description)).build())
}

fn cookie_scheme() -> SecurityScheme {
    let description =
        "The cookie that a login sets. Writes also need the header `x-csrf` and an allowed origin.";
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("__Host-access", description)))
}

fn security_requirement(name: &str) -> SecurityRequirement {
    SecurityRequirement::new(name, [""; 0])
}

/// Adds the parameters, responses and descriptions that operations share. An operation whose body has no required field
/// also accepts a request without a body.
fn complete_path(path: &str, item: &mut PathItem, schemas_without_required_fields: &BTreeSet<String>) {
    let PathItem { get, put, post, delete, patch, .. } = item;
    if let Some(operation) = post {
        operation.parameters.get_or_insert_default().push(idempotency_key_parameter());
        add_response(
            operation,
            "409",
            "`CONFLICT`: the first request with this `Idempotency-Key` is still running. \
             `IDEMPOTENCY_ANSWER_NOT_KEPT`: the first request is done, but its response was too large to store.",
        );
        add_response(
            operation,
            "422",
            "`IDEMPOTENCY_KEY_REUSED`: an earlier request with this `Idempotency-Key` had another body.",
        );
    }
    let reads = get.iter_mut().map(|operation| (operation, false));
    let writes = [put, post, delete, patch].into_iter().flatten().map(|operation| (operation, true));
    for (operation, is_write) in reads.chain(writes) {
        if let Some(RefOr::T(body)) = operation.request_body.as_mut()
            && body.content.values().any(|content| is_body_optional(content, schemas_without_required_fields))
        {
            body.required = None;
        }
        complete_entity_tags(operation);
        add_error_responses(path, operation, is_write);
        describe_operation(operation);
        rename_page_references(operation);
    }
}

/// Describes `ETag` and `If-Match`. An operation declares the header `ETag` of its response, and 412 if it takes `If-Match`.
fn complete_entity_tags(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && let Some(RefOr::T(header)) = response.headers.get_mut("ETag")
        {
            header.description = Some("The version of the resource, for `If-Match`.".into());
        }
    }
    if operation.responses.responses.contains_key("412") {
        operation.parameters.get_or_insert_default().push(if_match_parameter());
        add_response(
            operation,
            "400",
            "The body is not valid JSON, or `If-Match` is not a list of entity tags.",
        );
    }
}

/// A successful response of an operation.
#[derive(Deserialize)]
struct ResponseExample {
    status: u16,
    content_type: Option<String>,
    body: Value,
}

/// Returns the examples by operation id.
fn parse_examples() -> BTreeMap<String, ResponseExample> {
    serde_json::from_str(EXAMPLES).unwrap_or_default()
}

fn add_examples(item: &mut PathItem, examples: &BTreeMap<String, ResponseExample>) {
    let PathItem { get, put, post, delete, patch, .. } = item;
    for operation in [get, put, post, delete, patch].into_iter().flatten() {
        let Some(id) = &operation.operation_id else { continue };
        let Some(ResponseExample { status, content_type: Some(content_type), body }) = examples.get(id)
        else {
            continue;
        };
        let response = operation.responses.responses.get_mut(&status.to_string());
        let Some(RefOr::T(response)) = response else { continue };
        // an image has no example, because the body would be its bytes
        if let Some(RefOr::T(content)) = response.content.get_mut(content_type)
            && !body.is_null()
        {
            content.example = Some(body.clone());
        }
    }
}

fn is_body_optional(content: &RefOr<Content>, schemas_without_required_fields: &BTreeSet<String>) -> bool {
    let RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) = content else { return false };
    schemas_without_required_fields.contains(&schema.ref_location)
}

/// Adds the errors that the crate `entry` returns for every operation.
fn add_error_responses(path: &str, operation: &mut Operation, is_write: bool) {
    // An operation that never returns 401 needs no credentials.
    if operation.security.is_none() && !operation.responses.responses.contains_key("401") {
        operation.security = Some(vec![SecurityRequirement::default()]);
    }
    if is_write {
        add_response(operation, "403", CSRF_REFUSED);
    }
    if operation.request_body.is_some() {
        for status in ["400", "413", "415", "422"] {
            add_response(operation, status, status_description(status));
        }
    }
    if path.starts_with("/v1/") {
        for status in ["500", "503"] {
            add_response(operation, status, status_description(status));
        }
    }
}

/// Adds a response, unless the operation documents the status itself.
fn add_response(operation: &mut Operation, status: &str, description: &str) {
    operation
        .responses
        .responses
        .entry(status.into())
        .or_insert_with(|| RefOr::T(error_response(description)));
}

/// Describes the responses for which the meaning of the status is description enough.
fn describe_operation(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            response.description = status_description(status).into();
        }
    }
}

fn error_response(description: &str) -> Response {
    let body = Ref::from_schema_name(ErrorBody::name());
    let content = ContentBuilder::new().schema(Some(body)).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

fn status_description(status: &str) -> &'static str {
    match status {
        "200" => "Success.",
        "201" => "Created.",
        "202" => "Accepted. The operation continues in the background.",
        "204" => "Success. The response has no body.",
        "400" => "The body is not valid JSON.",
        "401" => "Not authenticated. The token is missing, invalid or expired.",
        "403" => "Not permitted.",
        "404" => "Not found.",
        "409" => "The current state does not permit the operation.",
        "412" => "The resource has changed since the client read it.",
        "413" => "The body is too large.",
        "415" => "The content type is not `application/json`.",
        "422" => "A field is invalid. `fields` names it.",
        "429" => "Too many requests. Retry after `Retry-After` seconds.",
        "500" => "Internal error.",
        "503" => "A dependency failed. Retry after `Retry-After` seconds.",
        _ => "See `code`.",
    }
}

fn idempotency_key_parameter() -> RefOr<utoipa::openapi::path::Parameter> {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "A unique text of the client. A retry with the same text gets the response of the first request.",
        ))
        .schema(Some(Schema::Object(text.build())));
    RefOr::T(parameter.build())
}

fn if_match_parameter() -> RefOr<utoipa::openapi::path::Parameter> {
    let parameter = ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "The `ETag` of the resource as the client read it, a list of such tags, or `*` for any version.",
        ))
        .schema(Some(Schema::Object(ObjectBuilder::new().schema_type(Type::String).build())));
    RefOr::T(parameter.build())
}

/// Returns `MessagePage` for `Page_Message`, the name that utoipa gives to a generic type. A `ToSchema` of
/// `store::Page` cannot choose the name, because utoipa appends the type parameter to it at each use.
fn page_schema_name(name: &str) -> Option<String> {
    name.strip_prefix("Page_").map(|item| format!("{item}Page"))
}

/// Renames the references to pages in the responses of an operation. Pages are used nowhere else.
fn rename_page_references(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        for content in response.content.values_mut() {
            if let RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) = content
                && let Some(name) =
                    reference.ref_location.strip_prefix(SCHEMA_PATH).and_then(page_schema_name)
            {
                reference.ref_location = format!("{SCHEMA_PATH}{name}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_in_the_document() {
        assert!(parse_examples().len() > 100);
        let document = serde_json::to_value(assemble_document([crate::openapi()])).unwrap();
        let health = &document["paths"]["/health"]["get"]["responses"]["200"]["content"]["application/json"];
        assert_eq!(health["example"]["status"], "healthy");
    }

    #[test]
    fn pages_are_named_after_their_items() {
        assert_eq!(page_schema_name("Page_Message").as_deref(), Some("MessagePage"));
        assert_eq!(page_schema_name("PageNumbers"), None);
    }

    #[test]
    fn the_document_contains_the_shared_parts() {
        let document = serde_json::to_value(assemble_document([crate::openapi()])).unwrap();
        assert_eq!(document["info"]["title"], "Colloquy");
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert!(document["components"]["schemas"]["ErrorBody"]["properties"]["code"].is_object());
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
        assert!(document["paths"]["/health"]["get"]["responses"]["200"].is_object());
    }
}
