use serde_json::json;

use super::{CostTable, questions};
use crate::world::{
    ClientSocket, Guest, Presentation, Session, User, World,
    people::{Slide, vote},
};

/// A session of one slide from its beginning to its end.
pub(super) async fn measure(world: &World, table: &mut CostTable, ana: &User, presentation: &Presentation) {
    let session = create_session(world, table, ana, presentation).await;
    let _presenter = ana.socket(&session).await;
    table.answered("a presenter's ticket", "/tickets");
    world.quiet().await;
    table.handled("connect as presenter", "$connect");
    let (bo, mut socket) = join_session(world, table, &session).await;

    let slide = &presentation.slides[0];
    vote_repeatedly(world, table, &mut socket, slide).await;
    socket.catch_up().await;
    table.lines.heard("ping", 1).await;
    table.handled("ping", "ping");
    session.responses(slide).await;
    table.answered("read the answers to a slide, 1 answer", "/responses/slide/");
    session.show(slide).await;
    table.answered("show a slide for the first time", "/slide");
    session.show(slide).await;
    table.answered("show a slide", "/slide");
    questions::measure(world, table, ana, &session, &bo).await;
    let results = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    ana.client.put(&results, &json!({ "visible": false })).await.ok(200);
    table.answered("hide the results of a slide", "/results");
    world.quiet().await;
    socket.hang_up().await;
    world.quiet().await;
    table.handled("disconnect as participant", "$disconnect");
    session.go("end").await;
    table.answered("end a session", "/end");
}

async fn create_session(
    world: &World,
    table: &mut CostTable,
    ana: &User,
    presentation: &Presentation,
) -> Session {
    let session = ana.session(presentation).await;
    table.answered("create a session", "/sessions");
    session.go("start").await;
    table.answered("start a session", "/start");
    ana.client.get(&format!("/v1/sessions/{}", session.id)).await.ok(200);
    table.answered("read a session", &session.id);
    world.nobody().get(&format!("/v1/sessions/code/{}", session.code)).await.ok(200);
    table.answered("find a session by its code", &session.code);
    session
}

async fn join_session(world: &World, table: &mut CostTable, session: &Session) -> (Guest, ClientSocket) {
    let bo = session.join(world, Some("Bo")).await;
    table.answered("join by code", "/join");
    let mut socket = ClientSocket::open(&bo.websocket_url).await;
    socket.wait("session_state").await;
    table.handled("connect as participant", "$connect");
    world.quiet().await;
    (bo, socket)
}

async fn vote_repeatedly(world: &World, table: &mut CostTable, socket: &mut ClientSocket, slide: &Slide) {
    // one after the other: what the first has read is remembered for half a second
    for seq in 1..=6 {
        socket.send("response_submitted", vote(slide, "a", seq)).await;
        table.lines.heard("response_submitted", seq).await;
    }
    world.quiet().await;
    let votes = table.lines.all("handled", "response_submitted");
    table.rows.push(("vote, the first that an instance sees of a session", votes[0].clone()));
    let cheapest = votes.into_iter().min_by(|a, b| a.read.total_cmp(&b.read)).unwrap();
    table.rows.push(("vote", cheapest));
}
