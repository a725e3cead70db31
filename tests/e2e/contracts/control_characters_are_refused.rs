//! Sends control characters in each text of each operation and socket message (`model::text`). The fields come from the OpenAPI and
//! the AsyncAPI document, so a new field is checked, or is named in [`EXEMPT`].

use std::collections::BTreeSet;

use local::LocalOptions;
use model::slide::{SlideContent, SlideType};
use reqwest::Method;
use serde_json::{Value, json};

use super::every_route_answers_every_role::{RequestBody, RouteScene, find_allowed_caller};
use crate::world::{ApiClient, ClientSocket, User, World};

/// The account with this address is an admin (`FIRST_ADMIN_EMAIL`).
const ADMIN_EMAIL: &str = "admin@example.com";

/// A control character of C0, one that rings, two of C1. U+0085 is white space, so a rule that trims or splits may miss it.
const CONTROL_CHARACTERS: [char; 4] = ['\0', '\u{7}', '\u{85}', '\u{9f}'];

/// Fields that are no texts: the last name of the field, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("password", "a password is hashed exactly as it was typed"),
    ("current_password", "as `password`"),
    ("new_password", "as `password`"),
    ("token", "a reset token or an access token is compared or verified, and is not stored"),
    ("refresh_token", "a signed token is verified and not stored"),
    ("participant_token", "a signed token is verified and not stored"),
    ("link", "a signed token is verified and not stored"),
    ("cursor", "a cursor is verified and not stored"),
    ("file", "the bytes of an image"),
    ("ref", "the client's value returns in the answer and is not stored"),
];

/// Operations that report the character in another form than 422.
const REPORTED_OTHERWISE: &[(&str, &str)] =
    &[("validate_format", "the response says `valid: false` and nothing is stored")];

/// A text in a schema: its path, and a value that contains it.
#[derive(Debug)]
struct TextField {
    path: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Item,
}

impl TextField {
    /// Returns the path as an error names it, such as `content.options[0].text`.
    fn name(&self) -> String {
        let mut name = String::new();
        for step in &self.path {
            match step {
                Step::Field(field) => {
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(field);
                }
                Step::Item => name.push_str("[0]"),
            }
        }
        name
    }

    fn is_exempt(&self) -> bool {
        let last = self.path.iter().rev().find_map(|step| match step {
            Step::Field(field) => Some(field.as_str()),
            Step::Item => None,
        });
        last.is_none_or(|last| EXEMPT.iter().any(|(name, _)| *name == last))
    }
}

/// Finds the texts of a schema. Ids and fixed values cannot have control characters.
fn texts_of(document: &Value, schema: &Value) -> Vec<TextField> {
    let mut found = Vec::new();
    collect_texts(document, schema, &mut Vec::new(), &mut found);
    found
}

fn collect_texts(document: &Value, schema: &Value, path: &mut Vec<Step>, found: &mut Vec<TextField>) {
    let schema = resolve(document, schema);
    for choice in ["oneOf", "anyOf", "allOf"] {
        for schema in schema[choice].as_array().into_iter().flatten() {
            collect_texts(document, schema, path, found);
        }
    }
    let is_string = schema["type"] == "string"
        || schema["type"].as_array().is_some_and(|types| types.contains(&json!("string")));
    let is_fixed = schema["enum"].is_array() || schema["const"].is_string();
    let is_id = schema["format"] == "uuid"
        || schema["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("^[0-9a-f]{32}-"));
    if is_string && !is_fixed && !is_id && !found.iter().any(|field| field.path == *path) {
        found.push(TextField { path: path.clone() });
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        path.push(Step::Field(name.clone()));
        collect_texts(document, schema, path, found);
        path.pop();
    }
    if schema["items"].is_object() {
        path.push(Step::Item);
        collect_texts(document, &schema["items"], path, found);
        path.pop();
    }
}

fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("a reference into the document");
            resolve(document, document.pointer(pointer).expect("the schema of a reference"))
        }
        None => schema,
    }
}

/// Puts a text into a body, and what the field needs around it.
fn with_text(body: &Value, field: &TextField, text: &str) -> Value {
    let mut body = body.clone();
    let mut place = &mut body;
    for (index, step) in field.path.iter().enumerate() {
        match step {
            Step::Field(name) => {
                if index > 0 && !place.is_object() {
                    *place = required_siblings(&field.path[..index]);
                }
                place = &mut place[name.as_str()];
            }
            Step::Item => {
                if place.as_array().is_none_or(Vec::is_empty) {
                    *place = json!([null]);
                }
                place = &mut place[0];
            }
        }
    }
    *place = json!(text);
    body
}

/// Returns a valid object for a field that the usual body of its operation does not have.
fn required_siblings(path: &[Step]) -> Value {
    match path.last() {
        Some(Step::Field(name)) if name == "quiet_hours" => {
            json!({ "from": "22:00", "to": "07:00", "time_zone": "UTC" })
        }
        _ => json!({}),
    }
}

/// Collects what is wrong, so that one run names all fields.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn check_refusal(&mut self, what: &str, field: &str, status: u16, body: &Value) {
        let fields = body["fields"].as_array().into_iter().flatten();
        let named: Vec<&str> = fields.filter_map(|error| error["field"].as_str()).collect();
        // an invalid item may be named by its list
        let is_named = named.contains(&field) || named.contains(&field.trim_end_matches("[0]"));
        if status != 422 || !is_named {
            self.0.push(format!("{what}: {field} is answered by {status} {body}"));
        }
    }
}

/// Contents of slides with all their texts, and the fields of each.
fn slide_contents(document: &Value) -> Vec<(SlideType, Value, Vec<TextField>)> {
    let schema = document.pointer("/components/schemas/SlideContent").expect("the schema of slide contents");
    let variants = schema["oneOf"].as_array().expect("the types of slides");
    let found: Vec<_> = SlideType::ALL
        .iter()
        .map(|kind| {
            let variant =
                variants.iter().find(|variant| variant["properties"]["type"]["enum"][0] == kind.as_str());
            let content = &variant.expect("a schema of each type of slide")["properties"]["content"];
            let mut fields = texts_of(document, content);
            for field in &mut fields {
                field.path.insert(0, Step::Field("content".into()));
            }
            (*kind, SlideContent::default_for(*kind).to_value(), fields)
        })
        .collect();
    let texts: BTreeSet<String> =
        found.iter().flat_map(|(_, _, fields)| fields).map(TextField::name).collect();
    for known in
        ["content.options[0].text", "content.question", "content.conclusions[0]", "content.image_url"]
    {
        assert!(texts.contains(known), "{known} is not found in the document: {texts:?}");
    }
    found
}

struct Sweep<'w> {
    world: &'w World,
    scene: RouteScene,
    document: Value,
    faults: Faults,
}

impl Sweep<'_> {
    /// Sends a body, and checks that it is refused and that the table is not written.
    async fn send(&mut self, operation: &str, method: &str, path: &str, field: &str, body: Option<&Value>) {
        let caller = find_allowed_caller(&self.scene, self.world, operation);
        let request = caller.request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let response = request.send().await;
        if response.status == 429 {
            // a limit that counts attempts before it looks at the text
            self.faults.0.push(format!("{operation}: {field} is answered by 429"));
            return;
        }
        if REPORTED_OTHERWISE.iter().any(|(known, _)| *known == operation) {
            assert_eq!((response.status, &response.body()["valid"]), (200, &json!(false)), "{operation}");
        } else {
            self.faults.check_refusal(operation, field, response.status, &response.body());
        }
        let cost = response.header("x-colloquy-cost").unwrap_or_default();
        if !cost.contains("wru=0") {
            self.faults.0.push(format!("{operation}: {field} is refused after a write: {cost}"));
        }
    }

    async fn sweep_bodies(&mut self) {
        let slides = slide_contents(&self.document);
        let paths = self.document["paths"].as_object().unwrap().clone();
        for (template, methods) in &paths {
            for (method, operation) in methods.as_object().unwrap() {
                let id = operation["operationId"].as_str().expect("an operationId");
                let path = self.scene.path(template);
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                let fields = texts_of(&self.document, schema);
                let Some(RequestBody::Json(valid)) = self.scene.request_body(id) else { continue };
                for field in fields.iter().filter(|field| !field.is_exempt()) {
                    for control in CONTROL_CHARACTERS {
                        let mut body = with_text(&valid, field, &format!("ab{control}cd"));
                        if id == "log_in" {
                            // the first of the three names counts
                            body["password"] = json!("correct horse battery staple");
                        }
                        self.send(id, method, &path, &field.name(), Some(&body)).await;
                    }
                }
                let properties = &resolve(&self.document, schema)["properties"];
                if !(properties["content"].is_object() && properties["type"].is_object()) {
                    continue;
                }
                for (kind, content, fields) in &slides {
                    let valid = json!({ "type": kind, "content": content });
                    for field in fields {
                        for control in CONTROL_CHARACTERS {
                            let body = with_text(&valid, field, &format!("ab{control}cd"));
                            self.send(id, method, &path, &field.name(), Some(&body)).await;
                        }
                    }
                }
            }
        }
    }

    async fn sweep_queries(&mut self) {
        let paths = self.document["paths"].as_object().unwrap().clone();
        for (template, methods) in &paths {
            for (method, operation) in methods.as_object().unwrap() {
                let id = operation["operationId"].as_str().expect("an operationId");
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
                    let name = parameter["name"].as_str().expect("a name");
                    let fields = texts_of(&self.document, &parameter["schema"]);
                    if fields.is_empty() || EXEMPT.iter().any(|(exempt, _)| *exempt == name) {
                        continue;
                    }
                    for control in ["%00", "%07", "%C2%85", "%C2%9F"] {
                        let path = self.scene.path(template);
                        let path = path.split('?').next().unwrap_or_default();
                        let required = match id {
                            "search_messages" if name != "q" => "&q=herons".into(),
                            "list_responses_of_slide" => format!("&session_id={}", self.scene.session.id),
                            _ => String::new(),
                        };
                        let path = format!("{path}?{name}=ab{control}cd{required}");
                        let body = match self.scene.request_body(id) {
                            Some(RequestBody::Json(body)) if id != "validate_format" => Some(body),
                            _ => None,
                        };
                        self.send_query(id, method, &path, name, body.as_ref()).await;
                    }
                }
            }
        }
    }

    /// A parameter whose type has no control characters, such as a date, is refused as part of the `query`.
    async fn send_query(
        &mut self,
        operation: &str,
        method: &str,
        path: &str,
        name: &str,
        body: Option<&Value>,
    ) {
        let before = self.faults.0.len();
        self.send(operation, method, path, name, body).await;
        let is_named_query = |fault: &String| fault.contains(r#""field":"query""#) && fault.contains(" 422 ");
        if self.faults.0[before..].iter().all(is_named_query) {
            self.faults.0.truncate(before);
        }
    }

    /// Sends the texts of each socket message to the connection that may send it.
    async fn sweep_socket(&mut self, socket: &mut ClientSocket, types: &[&str], slide: &str) {
        let document: Value = serde_json::from_str(include_str!("../../../infra/asyncapi.json")).unwrap();
        let messages = document["components"]["messages"].as_object().expect("messages");
        let mut swept = BTreeSet::new();
        for (name, message) in messages.iter().filter(|(name, _)| name.ends_with(".command")) {
            let kind = name.trim_end_matches(".command");
            let payload = &message["payload"]["properties"]["payload"];
            let mut valid = message["examples"][0]["payload"]["payload"].clone();
            let mut fields = texts_of(&document, payload);
            if payload_has_content(&document, payload) {
                valid["slide_id"] = json!(slide);
                valid["content"] = json!({});
                fields.push(TextField {
                    path: ["content", "text"].map(|name| Step::Field(name.into())).into(),
                });
            }
            for field in fields.iter().filter(|field| !field.is_exempt()) {
                assert!(
                    types.contains(&kind),
                    "no connection of this test may send {kind}, which has a text"
                );
                swept.insert(kind);
                for control in CONTROL_CHARACTERS {
                    let payload = with_text(&valid, field, &format!("ab{control}cd"));
                    let reference = format!("{kind} {} {control:?}", field.name());
                    let frame = json!({ "type": kind, "payload": payload, "ref": reference });
                    socket.send_text(&frame.to_string()).await;
                    let error = socket.wait_for_error(&json!(reference)).await;
                    self.faults.check_refusal(&reference, &field.name(), 422, &error);
                }
            }
        }
        assert_eq!(swept, types.iter().copied().collect(), "each of these messages has a text");
    }

    /// Checks that no text of the sweep is in any response.
    async fn check_that_nothing_is_stored(&self) {
        let clients: [&ApiClient; 3] =
            [&self.scene.owner.client, &self.scene.admin.client, &self.scene.guest.client];
        for (template, methods) in self.document["paths"].as_object().unwrap() {
            if methods["get"].is_null() || template.contains("/images/") {
                continue;
            }
            let path = self.scene.path(template);
            for client in clients {
                let text = client.get(&path).await.text;
                let stored = CONTROL_CHARACTERS.iter().find(|control| {
                    text.contains(**control) || text.contains(&format!("\\u{:04x}", u32::from(**control)))
                });
                assert_eq!(stored, None, "{path} returns a control character: {text}");
            }
        }
    }
}

fn payload_has_content(document: &Value, payload: &Value) -> bool {
    resolve(document, payload)["properties"]["content"].is_object()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_characters_are_refused() {
    let options = LocalOptions {
        parameters: [("FirstAdminEmail".to_owned(), ADMIN_EMAIL.to_owned())].into(),
        ..LocalOptions::default()
    };
    let Some(world) = World::local_only_with("control characters", options).await else { return };
    let admin = User::register_as(&world, "admin", ADMIN_EMAIL).await;
    let scene = RouteScene::create_with_member(&world, &admin).await;
    let document = serde_json::to_value(local::openapi::assembled_openapi()).unwrap();
    let mut sweep = Sweep { world: &world, scene, document, faults: Faults::default() };
    sweep.sweep_bodies().await;
    sweep.sweep_queries().await;

    // answers to a slide that takes a text, over HTTP and on the socket
    let talker = world.user("talker").await;
    let presentation = talker.create_presentation(0).await;
    let slides = format!("/v1/presentations/{}/slides", presentation.id);
    let slide = talker.client.post(&slides, &json!({ "type": "question_text" })).await.ok(201);
    let slide = slide["id"].as_str().expect("an id");
    let session = talker.create_session(&presentation).await;
    session.transition("start").await;
    let (guest, mut socket) = session.join_and_connect(&world, "Bo").await;
    for control in CONTROL_CHARACTERS {
        let answer = json!({
            "session_id": session.id, "slide_id": slide, "content": { "text": format!("ab{control}cd") },
        });
        let response = guest.client.post("/v1/responses", &answer).await;
        sweep.faults.check_refusal("submit_response", "content.text", response.status, &response.body());
    }
    let types = ["ask_question", "join", "question_asked", "response_submitted", "submit_response"];
    sweep.sweep_socket(&mut socket, &types, slide).await;
    let results = format!("/v1/responses/slide/{slide}?session_id={}", session.id);
    assert_eq!(talker.client.get(&results).await.ok(200)["total"], 0, "no answer is stored");

    sweep.check_that_nothing_is_stored().await;
    assert!(sweep.faults.0.is_empty(), "{}", sweep.faults.0.join("\n"));
}

/// Windows clients send `\r\n`. One form is stored, so that texts are compared and counted alike.
#[tokio::test]
async fn line_breaks_have_one_form() {
    let world = World::start().await;
    let ana = world.teammate("ana").await;
    let (sent, stored) = ("a\r\n\tb\r\n\r\nc", "a\n\tb\n\nc");
    let talk = json!({ "title": "Herons", "description": sent, "speaker_notes": sent });
    let talk = ana.client.post("/v1/presentations", &talk).await.ok(201);
    assert_eq!((&talk["description"], &talk["speaker_notes"]), (&json!(stored), &json!(stored)));
    let path = format!("/v1/presentations/{}", talk["id"].as_str().expect("an id"));
    let changed = ana.client.put(&path, &json!({ "description": sent, "speaker_notes": sent })).await.ok(200);
    assert_eq!((&changed["description"], &changed["speaker_notes"]), (&json!(stored), &json!(stored)));
    let slide = json!({ "type": "content", "content": { "text": sent } });
    let slide = ana.client.post(&format!("{path}/slides"), &slide).await.ok(201);
    assert_eq!(slide["content"]["text"], stored);
    let channel = ana.create_public_channel().await;
    let described = json!({ "description": sent });
    let channel_path = format!("/v1/channels/{}", channel.id);
    assert_eq!(ana.client.patch(&channel_path, &described).await.ok(200)["description"], stored);
    assert_eq!(ana.send_message(&channel, sent).await["content"], stored);
    let draft = json!({ "content": sent });
    assert_eq!(ana.client.put(&format!("{channel_path}/draft"), &draft).await.ok(200)["content"], stored);
}
