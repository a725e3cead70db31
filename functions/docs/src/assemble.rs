//! One document of all subjects.

use std::collections::{BTreeMap, BTreeSet};

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
One backend for people (and AI) who talk live. Paths are written as `/v1/…`; `/api/v1/…` and `/api/…` are the same \
routes, with or without a trailing slash.

**Errors** have one body, `Error`; programs branch on `code`. 404 also means *not yours to know about*.

**Lists** answer `items` and `next`, the `cursor` of the next page.

**Live**: what happens in a session is told on a socket, described at [`/asyncapi.json`](/asyncapi.json) and to read at \
[`/redoc/events`](/redoc/events).

**Repeating**: a POST with an `Idempotency-Key` is answered again, not done again, when it is repeated with the same body.

**Signing in**: a bearer token, or cookies; writes with cookies also need the header `x-csrf`.";

/// What each subject is about, in the order in which a reader meets them.
const TAGS: [(&str, &str); 13] = [
    ("identity", "Accounts, log-ins and tokens"),
    ("presentations", "What a speaker prepares"),
    ("slides", "The slides of a presentation"),
    ("questions", "What an audience asks, and what it is answered"),
    ("assistant", "What a model writes"),
    ("images", "What slides show"),
    ("sessions", "Live sessions, and who is in them"),
    ("responses", "What an audience answers"),
    ("channels", "Channels of a team, and who is in them"),
    ("messages", "What a team writes"),
    ("realtime", "Tickets for the socket"),
    ("admin", "Accounts, sessions and use of a deployment, for its staff"),
    ("docs", "What this is, and whether it works"),
];

/// Merges what the subjects say about themselves, and adds what is true of all of them: how to sign in, the errors that
/// `entry` answers for everyone, the header of idempotency.
pub fn assemble_document(subjects: impl IntoIterator<Item = OpenApi>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Colloquy")
        .version(crate::VERSION)
        .description(Some(DESCRIPTION))
        .license(Some(License::new("Apache-2.0")))
        .build();
    let mut whole = OpenApiBuilder::new().info(info).servers(Some([Server::new("/")])).build();
    for mut subject in subjects {
        subject.tags = None;
        subject.servers = None;
        whole.merge(subject);
    }
    whole.tags = Some(TAGS.map(|(name, about)| new_tag(name, about)).to_vec());
    let components = whole.components.get_or_insert_with(Components::new);
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components.schemas.insert(FieldError::name().into_owned(), FieldError::schema());
    components.security_schemes.insert("bearer".into(), RefOr::T(bearer_scheme()));
    components.security_schemes.insert("cookie".into(), RefOr::T(cookie_scheme()));
    components.security_schemes.insert("participant".into(), RefOr::T(participant_scheme()));
    whole.security = Some(["bearer", "cookie"].map(security_requirement).to_vec());
    let free: BTreeSet<String> = components
        .schemas
        .iter()
        .filter(|(_, schema)| match schema {
            RefOr::T(Schema::Object(object)) => {
                object.schema_type == SchemaType::Type(Type::Object) && object.required.is_empty()
            }
            _ => false,
        })
        .map(|(name, _)| format!("#/components/schemas/{name}"))
        .collect();
    let examples = parse_examples();
    for (path, item) in &mut whole.paths.paths {
        complete_path(path, item, &free);
        add_examples(item, &examples);
    }
    whole
}

fn new_tag(name: &str, about: &str) -> Tag {
    TagBuilder::new().name(name).description(Some(about)).build()
}

fn bearer_scheme() -> SecurityScheme {
    token_scheme("The `access_token` of a log-in")
}

fn participant_scheme() -> SecurityScheme {
    token_scheme("The `participant_token` that joining a session gave")
}

fn token_scheme(about: &str) -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    SecurityScheme::Http(scheme.description(Some(about)).build())
}

fn cookie_scheme() -> SecurityScheme {
    let about = "Set by logging in. Writes also need the header `x-csrf` and an allowed origin.";
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("__Host-access", about)))
}

fn security_requirement(name: &str) -> SecurityRequirement {
    SecurityRequirement::new(name, [""; 0])
}

/// `free` are the schemas that an empty object is of: whoever takes one takes no body at all for it.
fn complete_path(path: &str, item: &mut PathItem, free: &BTreeSet<String>) {
    let PathItem { get, put, post, delete, patch, .. } = item;
    if let Some(operation) = post {
        operation.parameters.get_or_insert_default().push(idempotency_key_parameter());
        add_response(
            operation,
            "409",
            "`CONFLICT`: the first request with this `Idempotency-Key` is still running; \
             `IDEMPOTENCY_ANSWER_NOT_KEPT`: it is done, and its answer was too large to keep",
        );
        add_response(operation, "422", "`IDEMPOTENCY_KEY_REUSED`: it came with another body before");
    }
    let reads = get.iter_mut().map(|operation| (operation, false));
    let writes = [put, post, delete, patch].into_iter().flatten().map(|operation| (operation, true));
    for (operation, writes) in reads.chain(writes) {
        if let Some(RefOr::T(body)) = operation.request_body.as_mut()
            && body.content.values().any(|content| is_body_optional(content, free))
        {
            body.required = None;
        }
        add_error_responses(path, operation, writes);
        describe_operation(operation);
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

fn is_body_optional(content: &RefOr<Content>, free: &BTreeSet<String>) -> bool {
    let RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) = content else { return false };
    free.contains(&schema.ref_location)
}

/// What `entry` answers, whatever the operation.
fn add_error_responses(path: &str, operation: &mut Operation, writes: bool) {
    // Whoever cannot be refused for want of a credential needs none.
    if operation.security.is_none() && !operation.responses.responses.contains_key("401") {
        operation.security = Some(vec![SecurityRequirement::default()]);
    }
    if writes {
        add_response(operation, "403", "`CSRF_REFUSED`: a cookie without its proof");
    }
    if operation.request_body.is_some() {
        add_response(operation, "400", "Not JSON");
        add_response(operation, "413", "Too large");
        add_response(operation, "415", "Not `application/json`");
        add_response(operation, "422", "Wrong fields");
    }
    if path.starts_with("/v1/") {
        add_response(operation, "500", "A mistake of ours");
        add_response(operation, "503", "A dependency failed; try again after `Retry-After` seconds");
    }
}

/// Adds an answer that the operation itself says nothing about.
fn add_response(operation: &mut Operation, status: &str, about: &str) {
    operation.responses.responses.entry(status.into()).or_insert_with(|| RefOr::T(error_response(about)));
}

/// What the status means is all that most answers have to say.
fn describe_operation(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            response.description = status_description(status).into();
        }
    }
}

fn error_response(about: &str) -> Response {
    let body = Ref::from_schema_name(ErrorBody::name());
    let content = ContentBuilder::new().schema(Some(body)).build();
    ResponseBuilder::new().description(about).content("application/json", content).build()
}

fn status_description(status: &str) -> &'static str {
    match status {
        "200" => "As asked",
        "201" => "Created",
        "202" => "Accepted: it will be done",
        "204" => "Done, and nothing to say",
        "401" => "No credential, or none that counts any more",
        "403" => "Known, and may not",
        "404" => "No such thing, or not yours",
        "409" => "Not in this state",
        "422" => "Wrong fields",
        "429" => "Too often; try again after `Retry-After` seconds",
        "503" => "A dependency failed",
        _ => "See `code`",
    }
}

fn idempotency_key_parameter() -> RefOr<utoipa::openapi::path::Parameter> {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("Any text of one's own: repeated with it, the request is done once."))
        .schema(Some(Schema::Object(text.build())));
    RefOr::T(parameter.build())
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
    fn what_is_true_of_all_is_said_of_each() {
        let document = serde_json::to_value(assemble_document([crate::openapi()])).unwrap();
        assert_eq!(document["info"]["title"], "Colloquy");
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert!(document["components"]["schemas"]["ErrorBody"]["properties"]["code"].is_object());
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
        assert!(document["paths"]["/health"]["get"]["responses"]["200"].is_object());
    }
}
