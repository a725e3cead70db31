use serde_json::json;

use super::{CostTable, questions};
use crate::world::{
    ClientSocket, Guest, Presentation, Session, User, World,
    users::{Slide, vote_payload},
};

/// Runs a session with one slide from its creation to its end.
pub(super) async fn measure(world: &World, table: &mut CostTable, ana: &User, presentation: &Presentation) {
    let session = create_session(world, table, ana, presentation).await;
    let _presenter = ana.connect_to_session(&session).await;
    table.add_request("a presenter's ticket", "/tickets");
    world.wait_for_jobs().await;
    table.add_message("connect as presenter", "$connect");
    let (bo, mut socket) = join_session(world, table, &session).await;

    let slide = &presentation.slides[0];
    vote_repeatedly(world, table, &mut socket, slide).await;
    socket.receive_until_pong().await;
    table.lines.wait_for("ping", 1).await;
    table.add_message("ping", "ping");
    session.responses_to_slide(slide).await;
    table.add_request("read the answers to a slide, 1 answer", "/responses/slide/");
    session.show_slide(slide).await;
    table.add_request("show a slide for the first time", "/slide");
    session.show_slide(slide).await;
    table.add_request("show a slide", "/slide");
    questions::measure(world, table, ana, &session, &bo).await;
    let results = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    ana.client.put(&results, &json!({ "visible": false })).await.ok(200);
    table.add_request("hide the results of a slide", "/results");
    world.wait_for_jobs().await;
    socket.close().await;
    world.wait_for_jobs().await;
    table.add_message("disconnect as participant", "$disconnect");
    session.transition("end").await;
    table.add_request("end a session", "/end");
}

async fn create_session(
    world: &World,
    table: &mut CostTable,
    ana: &User,
    presentation: &Presentation,
) -> Session {
    let session = ana.create_session(presentation).await;
    table.add_request("create a session", "/sessions");
    session.transition("start").await;
    table.add_request("start a session", "/start");
    ana.client.get(&format!("/v1/sessions/{}", session.id)).await.ok(200);
    table.add_request("read a session", &session.id);
    world.anonymous().get(&format!("/v1/sessions/code/{}", session.code)).await.ok(200);
    table.add_request("find a session by its code", &session.code);
    session
}

async fn join_session(world: &World, table: &mut CostTable, session: &Session) -> (Guest, ClientSocket) {
    let bo = session.join(world, Some("Bo")).await;
    table.add_request("join by code", "/join");
    let mut socket = ClientSocket::open(&bo.websocket_url).await;
    socket.wait_for("session_state").await;
    table.add_message("connect as participant", "$connect");
    world.wait_for_jobs().await;
    (bo, socket)
}

async fn vote_repeatedly(world: &World, table: &mut CostTable, socket: &mut ClientSocket, slide: &Slide) {
    // sequentially, because the instance remembers the reads of the first vote for half a second
    for seq in 1..=6 {
        socket.send("response_submitted", vote_payload(slide, "a", seq)).await;
        table.lines.wait_for("response_submitted", seq).await;
    }
    world.wait_for_jobs().await;
    let votes = table.lines.all("handled", "response_submitted");
    table.rows.push(("vote, the first of a session on an instance", votes[0].clone()));
    let cheapest = votes.into_iter().min_by(|a, b| a.read.total_cmp(&b.read)).unwrap();
    table.rows.push(("vote", cheapest));
}
