use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{
    ApiClient, ApiResponse, Guest, Session, User, World,
    users::{Presentation, Slide},
};

const NAMES: [&str; 12] = ["Bo", "Cy", "Di", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo", "Kim", "Łucja", "מאיה"];

/// Free-text responses, each hostile or difficult in a different way.
const TEXTS: [&str; 12] = [
    "Herons stand still for hours; patience is their whole method.",
    "<script>alert('herons')</script> & \"quotes\"",
    "=HYPERLINK(\"http://example.com\";\"click\")",
    "אני אוהבת אנפות, כי הן סבלניות",
    "🦩🦩🦩 more flamingos please 👩‍👩‍👧‍👦",
    "Reeds, water, patience. And reeds again.",
    "Stârcii cenușii pescuiesc în apă mică.",
    "patience",
    "Water levels; the weather; wetlands that are left alone",
    "I would like to hear more about wetlands and about the reeds, since no one ever explains why they matter so much to a bird that mostly eats fish, and because the photographs were lovely.",
    "+40 721 000 000",
    "-",
];

struct EndedTalk {
    ana: User,
    presentation: Presentation,
    session: Session,
    guests: Vec<Guest>,
}

fn slides() -> Vec<Value> {
    let long = "An option of as many characters as an option may have, which is two hundred, so that a reader of the report sees how a long label is broken into lines beside its bar and not over it, to the very last.";
    let option = |text: &str| json!({ "text": text });
    vec![
        json!({ "type": "content", "content": { "text": "# Herons of the delta\n\nA talk." } }),
        json!({ "type": "question_choice", "content": {
            "question": "Which of these have you seen yourself?",
            "options": [option("Grey heron"), option("Purple heron 💜"), option("أنفة الليل"), option(long), option("None & <b>never</b>")],
            "allow_multiple": true,
        }}),
        json!({ "type": "scale", "content": {
            "question": "How much do you know about wetlands?", "min": 0, "max": 10, "min_label": "nothing", "max_label": "everything",
        }}),
        json!({ "type": "ranking", "content": {
            "question": "What should be protected first?",
            "options": [option("Reed beds"), option("Shallow water"), option("Old trees")],
        }}),
        json!({ "type": "quiz", "content": {
            "question": "Which is the largest heron?",
            "options": [option("Goliath heron"), option("Grey heron"), option("Bittern")], "correct": ["opt1"], "points": 1000,
        }}),
        json!({ "type": "question_text", "content": { "question": "What would you like to hear more about?" } }),
        json!({ "type": "question_choice", "content": {
            "question": "Shall we meet again?", "options": [option("Yes"), option("No")],
        }}),
        json!({ "type": "conclusion", "content": { "title": "To take home", "conclusions": ["Leave the reeds alone."] } }),
    ]
}

fn advance_minute(world: &World) {
    world.local_cloud().clock().advance(Duration::from_mins(1));
}

impl EndedTalk {
    /// Plays twelve people in ten minutes. They join, respond to the slides, and ask questions.
    async fn play(world: &World) -> Self {
        let ana = world.user("ana").await;
        ana.verify_email(world).await;
        let talk = json!({ "title": "Herons & <reeds>: אנפות", "speaker_notes": "Herons nest in old reed beds. They fish at dawn." });
        let made = ana.client.post("/v1/presentations", &talk).await.ok(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let mut presentation =
            Presentation { id, slug: made["slug"].as_str().unwrap().to_owned(), slides: Vec::new() };
        for slide in slides() {
            let path = format!("/v1/presentations/{}/slides", presentation.id);
            let slide = ana.client.post(&path, &slide).await.ok(201);
            presentation.slides.push(Slide { id: slide["id"].as_str().unwrap().to_owned() });
        }
        let session = ana.create_session(&presentation).await;
        let mut talk = Self { ana, presentation, session, guests: Vec::new() };
        for name in &NAMES[..8] {
            talk.guests.push(talk.session.join(world, Some(name)).await);
        }
        talk.session.transition("start").await;
        talk.submit_responses(world).await;
        talk.ask_questions(world).await;
        talk
    }

    async fn submit_responses(&mut self, world: &World) {
        advance_minute(world);
        for name in &NAMES[8..] {
            self.guests.push(self.session.join(world, Some(name)).await);
        }
        let selected = |ids: &[&str]| json!({ "selected": ids });
        for slide in 1..=6 {
            self.session.show_slide(&self.presentation.slides[slide]).await;
            for (place, guest) in self.guests.iter().enumerate() {
                if place % 4 == 0 {
                    world.local_cloud().clock().advance(Duration::from_secs(3));
                }
                let content = match slide {
                    1 => selected([&["opt1", "opt3"][..], &["opt4"], &["opt1", "opt2"]][place % 3]),
                    2 => json!({ "value": ([2, 4, 7, 7, 8, 5][place % 6]) }),
                    3 if place < 9 => {
                        json!({ "ranking": ([["opt2", "opt1", "opt3"], ["opt1", "opt3", "opt2"]][place % 2]) })
                    }
                    4 => selected(&[["opt1", "opt2", "opt1", "opt1"][place % 4]]),
                    5 => json!({ "text": TEXTS[place] }),
                    // the last slide gets no response
                    _ => continue,
                };
                let body = json!({
                    "session_id": self.session.id, "slide_id": self.presentation.slides[slide].id, "content": content,
                });
                guest.client.post("/v1/responses", &body).await.ok(201);
            }
            advance_minute(world);
        }
        self.session.show_slide(&self.presentation.slides[7]).await;
    }

    async fn ask_questions(&self, world: &World) {
        let path = format!("/v1/sessions/{}/questions", self.session.id);
        let ask = |text: &str| json!({ "question_text": text });
        let first = self.guests[0].client.post(&path, &ask("Where do herons nest?")).await.ok(201);
        let second = self.guests[1].client.post(&path, &ask("What does the <b>tour</b> cost?")).await.ok(201);
        let hidden = self.guests[2].client.post(&path, &ask("Who let you speak?")).await.ok(201);
        world.wait_for_jobs().await;
        let of = |question: &Value| format!("{path}/{}", question["question_id"].as_str().unwrap());
        for guest in &self.guests[3..6] {
            guest.client.put(&format!("{}/upvote", of(&second)), &json!({})).await.ok(204);
        }
        let reply = json!({ "response_text": "It is free, and starts at six." });
        self.ana.client.post(&format!("{}/answer", of(&second)), &reply).await.ok(200);
        self.ana.client.patch(&of(&hidden), &json!({ "status": "hidden" })).await.ok(200);
        assert!(first["question_id"].is_string());
        world.wait_for_jobs().await;
    }

    fn path(&self, what: &str) -> String {
        format!("/v1/sessions/{}/{what}", self.session.id)
    }

    async fn report(&self) -> Value {
        self.ana.client.get(&self.path("report")).await.ok(200)
    }

    /// Returns how many mails announce the report.
    fn mail_count(&self, world: &World) -> usize {
        let all = world.local_cloud().emulator().ses().emails();
        all.iter().filter(|mail| mail.to.contains(&self.ana.email) && mail.subject.contains("report")).count()
    }
}

async fn get_page(client: &ApiClient, path: &str) -> ApiResponse {
    client.request(Method::GET, path).header("accept", "text/html,application/xhtml+xml").send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_with_a_report() {
    let Some(world) = World::local_only("the report").await else { return };
    let talk = EndedTalk::play(&world).await;
    let mut presenter = talk.ana.connect_to_session(&talk.session).await;
    talk.ana.client.get(&talk.path("report")).await.refused(409, "CONFLICT");
    let statistics = talk.ana.client.get(&talk.path("statistics")).await.ok(200);
    let ended = talk.ana.client.post(&talk.path("finalize"), &json!({})).await.ok(202);
    assert_eq!((&ended["report"], &ended["session"]["status"]), (&json!("pending"), &json!("ended")));
    let pending = talk.ana.client.get(&talk.path("report")).await;
    assert!(pending.status == 200 || pending.ok(202)["status"] == "pending", "{}", pending.text);
    presenter.wait_for("report_ready").await;
    world.wait_for_jobs().await;

    let report = talk.report().await;
    let audience = &report["audience"];
    assert_eq!((&audience["participants"], &audience["answered"]), (&json!(12), &json!(12)), "{audience}");
    assert_eq!(audience["responses"], 12 + 12 + 9 + 12 + 12);
    let slides = report["slides"].as_array().unwrap();
    assert_eq!(slides.len(), 8, "{slides:#?}");
    let votes = |slide: usize| -> BTreeMap<&str, u64> {
        let options = slides[slide]["options"].as_array().unwrap();
        options.iter().map(|one| (one["id"].as_str().unwrap(), one["votes"].as_u64().unwrap())).collect()
    };
    assert_eq!(votes(1), [("opt1", 8), ("opt2", 4), ("opt3", 4), ("opt4", 4), ("opt5", 0)].into());
    assert_eq!(slides[1]["top_choice"], json!(["Grey heron"]));
    assert_eq!((&slides[2]["average"], votes(2)["7"]), (&json!(5.5), 4));
    assert_eq!(slides[3]["options"][0]["points"], 5 * 2 + 4 * 3, "{}", slides[3]);
    assert_eq!((&slides[4]["right_rate"], votes(4)["opt1"]), (&json!(75.0), 9));
    assert_eq!(slides[4]["answer_rate"], 100.0);
    let leader = &report["leaderboard"][0];
    assert_eq!((&leader["rank"], leader["display_name"].is_string()), (&json!(1), true), "{leader}");
    assert_eq!((&slides[5]["texts_total"], slides[5]["texts"].as_array().unwrap().len()), (&json!(12), 12));
    assert_eq!(slides[5]["words"][0], json!({ "word": "patience", "count": 3 }), "{}", slides[5]["words"]);
    assert_eq!((&slides[6]["responses"], &slides[6]["top_choice"]), (&json!(0), &json!([])));
    let sum = |name: &str| {
        report["participation"][name].as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>()
    };
    assert_eq!((sum("joins"), sum("answers")), (12, 57));
    let questions = report["questions"].as_array().unwrap();
    assert_eq!((questions.len(), &report["questions_total"]), (2, &json!(2)), "what is hidden is left out");
    assert!(!report.to_string().contains("Who let you speak"));
    assert_eq!(report["ai"]["providers"][0]["provider"], "extractive", "{}", report["ai"]);

    // the statistics of the running session agree with the report
    assert_eq!(statistics["total_responses"], 57, "{statistics}");
    for (counted, slide) in statistics["slides"].as_array().unwrap().iter().zip(&slides[1..]) {
        for field in ["responses", "answer_rate", "average_answer_seconds", "top_choice"] {
            assert_eq!(counted[field], slide[field], "{field}: {counted} {slide}");
        }
    }
    assert_eq!(statistics["average_text_length"], slides[5]["average_text_length"]);

    // the mail is sent once, also if the presenter asks again
    assert_eq!(talk.mail_count(&world), 1);
    let again = talk.ana.client.post(&talk.path("finalize"), &json!({})).await.ok(202);
    assert_eq!(again["report"], "ready");
    world.wait_for_jobs().await;
    world.local_cloud().clock().advance(Duration::from_secs(61));
    world.wait_for_jobs().await;
    assert_eq!((talk.mail_count(&world), talk.report().await), (1, report));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_a_printable_page() {
    let Some(world) = World::local_only("the page of a report").await else { return };
    let talk = EndedTalk::play(&world).await;
    let mut presenter = talk.ana.connect_to_session(&talk.session).await;
    talk.session.transition("end").await;
    let waiting = get_page(&talk.ana.client, &talk.path("report")).await;
    assert!(waiting.status == 200 || waiting.text.contains("is being written"), "{}", waiting.text);
    presenter.wait_for("report_ready").await;
    let shown = get_page(&talk.ana.client, &talk.path("report")).await;
    shown.ok(200);
    store_page(&shown.text);
    assert_eq!(shown.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = shown.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    for never in ["<script", "<b>tour", "<b>never", "http://", "https://", "src=", " style=", " onload"] {
        assert!(!shown.text.replace("http://example.com", "").contains(never), "{never}");
    }
    // the timeline, a column chart, a cloud, and a bar for each option
    assert_eq!(shown.text.matches("class=\"chart\"").count(), 2);
    assert_eq!(shown.text.matches("class=\"cloud\"").count(), 1);
    assert_eq!(shown.text.matches("class=\"bar\"").count(), 5 + 3 + 3 + 2 + 9);
    for said in ["&lt;script&gt;alert", "Goliath heron", "No answers", "It is free, and starts at six."] {
        assert!(shown.text.contains(said), "{said}");
    }
    let asked = talk.ana.client.get(&talk.path("report?format=html")).await;
    assert_eq!(asked.text, shown.text);
    talk.ana.client.get(&talk.path("report?format=pdf")).await.refused(422, "VALIDATION_ERROR");
}

/// Writes the page to `target/tmp/report.html` for manual inspection.
fn store_page(page: &str) {
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.html"), page).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_are_exported_as_rows() {
    let Some(world) = World::local_only("the export").await else { return };
    let talk = EndedTalk::play(&world).await;
    let sheet = talk.ana.client.get(&talk.path("export?format=csv")).await;
    sheet.ok(200);
    assert_eq!(sheet.header("content-type"), Some("text/csv; charset=utf-8"));
    let named = sheet.header("content-disposition").unwrap();
    assert_eq!(named, format!("attachment; filename=\"colloquy-{}-responses.csv\"", talk.session.code));
    let mark = b"\xEF\xBB\xBFslide_title,slide_type,";
    assert!(sheet.bytes.starts_with(mark), "Excel needs the byte order mark: {}", sheet.text);
    let mut reader = csv::Reader::from_reader(sheet.text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(ToOwned::to_owned).collect();
    assert_eq!(header[..5], ["slide_title", "slide_type", "participant_name", "content", "timestamp"]);
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect()).collect();
    assert_eq!(rows.len(), 57);
    let order: Vec<(u32, jiff::Timestamp)> =
        rows.iter().map(|row| (row[5].parse().unwrap(), row[4].parse().unwrap())).collect();
    assert!(order.is_sorted(), "by slide, then by time: {order:?}");
    let contents: Vec<&str> = rows.iter().map(|row| row[3].as_str()).collect();
    for said in
        [TEXTS[0], TEXTS[1], TEXTS[3], TEXTS[4], "Shallow water > Reed beds > Old trees", "Goliath heron"]
    {
        assert!(contents.contains(&said), "{said}");
    }
    // no cell is a formula
    assert!(contents.contains(&format!("'{}", TEXTS[2]).as_str()) && contents.contains(&"'+40 721 000 000"));
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }

    let asked = talk.ana.client.get(&talk.path("export?format=csv&what=questions")).await;
    asked.ok(200);
    assert!(asked.bytes.starts_with(b"\xEF\xBB\xBFquestion,status,"), "{}", asked.text);
    assert!(std::str::from_utf8(&asked.bytes).is_ok_and(|text| text.ends_with("\r\n")), "{}", asked.text);

    let bytes = talk.ana.client.get(&talk.path("export?format=json")).await.bytes;
    assert!(bytes.starts_with(b"[{\"") && bytes.ends_with(b"}]"), "JSON has no byte order mark");
    let json = talk.ana.client.get(&talk.path("export?format=json")).await.ok(200);
    assert_eq!(json.as_array().unwrap().len(), 57);
    let quiz = &talk.presentation.slides[4].id;
    let one = talk.ana.client.get(&talk.path(&format!("export?format=json&slide_id={quiz}"))).await.ok(200);
    let earned = one.as_array().unwrap().iter().filter(|row| row["points"].as_u64() > Some(0)).count();
    assert_eq!((one.as_array().unwrap().len(), earned), (12, 9));
    let questions = talk.ana.client.get(&talk.path("export?format=json&what=questions")).await.ok(200);
    assert_eq!(questions.as_array().unwrap().len(), 3, "hidden ones too");
    talk.ana.client.get(&talk.path("export?part=2")).await.refused(404, "RESOURCE_NOT_FOUND");

    // no other account may read it
    talk.session.transition("end").await;
    world.wait_for_jobs().await;
    let eve = world.user("eve").await;
    for what in ["report", "report?format=html", "export", "export?what=questions", "statistics"] {
        eve.client.get(&talk.path(what)).await.refused(404, "RESOURCE_NOT_FOUND");
        talk.guests[0].client.get(&talk.path(what)).await.refused(401, "UNAUTHORIZED");
    }
    for what in ["report", "export", "export?what=questions", "statistics"] {
        world.anonymous().get(&talk.path(what)).await.refused(401, "UNAUTHORIZED");
    }
    eve.client.post(&talk.path("finalize"), &json!({})).await.refused(404, "RESOURCE_NOT_FOUND");
}

/// The link in the e-mail opens one report. Without it, a browser is sent to a page to sign in.
#[tokio::test]
async fn the_link_in_the_email_opens_the_report() {
    let Some(world) = World::local_only("e-mails").await else { return };
    let ana = world.user("ana").await;
    ana.verify_email(&world).await;
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let (_, session) = ana.start_session(1).await;
        let mut presenter = ana.connect_to_session(&session).await;
        session.transition("end").await;
        presenter.wait_for("report_ready").await;
        sessions.push(session);
    }
    world.wait_for_jobs().await;
    let emails = world.local_cloud().emulator().ses().emails();
    let links: Vec<String> = sessions
        .iter()
        .map(|session| {
            let path = format!("/v1/sessions/{}/report?format=html&link=", session.id);
            let mut lines = emails.iter().flat_map(|mail| mail.text.iter().flat_map(|text| text.lines()));
            let link = lines
                .find_map(|line| line.split_once(&path))
                .unwrap_or_else(|| panic!("no link {path} in {emails:?}"));
            format!("{path}{}", link.1)
        })
        .collect();
    let browser = world.anonymous();
    for link in &links {
        let page = browser.get(link).await;
        page.ok(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "the link stays with its reader");
    }
    // the link of one session opens no other, and nothing but the report
    let proof = links[0].split_once("&link=").unwrap().1;
    let path =
        |session: usize, what: &str| format!("/v1/sessions/{}/{what}link={proof}", sessions[session].id);
    browser.get(&path(1, "report?format=json&")).await.refused(401, "UNAUTHORIZED");
    browser.get(&path(0, "export?")).await.refused(401, "UNAUTHORIZED");
    for link in
        [path(1, "report?format=html&"), path(0, "report?format=html&x=1&").replace("link=", "link=x")]
    {
        let sent_on = browser.get(&link).await;
        assert_eq!(sent_on.status, 303, "{link}");
        let to_sign_in = format!("{}/sign-in?next=/v1/sessions/", world.url());
        assert!(sent_on.header("location").unwrap().starts_with(&to_sign_in), "{link}");
    }
    assert!(browser.get("/sign-in").await.text.contains("Sign in"));
    // Ana revokes the link of one report, which she goes on to read
    let eve = world.user("eve").await;
    let revoked = format!("/v1/sessions/{}/report/links", sessions[0].id);
    eve.client.delete(&revoked).await.refused(404, "RESOURCE_NOT_FOUND");
    browser.get(&links[0]).await.ok(200);
    for _ in 0..2 {
        ana.client.delete(&revoked).await.ok(204);
    }
    let json = |link: &str| link.replace("format=html", "format=json");
    browser.get(&json(&links[0])).await.refused(401, "UNAUTHORIZED");
    assert_eq!(browser.get(&links[0]).await.status, 303);
    ana.client.get(&json(&links[0])).await.ok(200);
    browser.get(&json(&links[1])).await.ok(200);
    // after 30 days it is over
    world.local_cloud().clock().advance(Duration::from_hours(30 * 24 + 1));
    browser.get(&json(&links[1])).await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_session_that_never_started_has_no_report() {
    let Some(world) = World::local_only("no report").await else { return };
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(1).await;
    let session = ana.create_session(&presentation).await;
    let path = format!("/v1/sessions/{}", session.id);
    let ended = ana.client.post(&format!("{path}/finalize"), &json!({})).await.ok(202);
    assert_eq!((&ended["report"], &ended["session"]["end_reason"]), (&json!("none"), &json!("cancelled")));
    world.wait_for_jobs().await;
    let refused = ana.client.get(&format!("{path}/report")).await.refused(404, "RESOURCE_NOT_FOUND");
    assert!(refused["message"].as_str().unwrap().contains("cancelled"), "{refused}");
    assert!(
        world.local_cloud().emulator().ses().emails().iter().all(|mail| !mail.subject.contains("report"))
    );
}
