use model::{
    ParticipantId, QuestionId, SessionId, question::QuestionStatus as Asked, session::SessionStatus,
};
use protocol::job::CountUpvotes;
use sessions::{InstanceState, questions::ask};
use store::sessions::questions::{self, Question};

use crate::world::SessionsWorld;

const TEXT: &str = "Which heron is the tallest?";

async fn store_question(
    world: &SessionsWorld,
    session: SessionId,
    participant: ParticipantId,
    text: &str,
) -> Question {
    ask::store_question(&world.app, &InstanceState::default(), ask_request(session, participant, text))
        .await
        .unwrap()
}

fn ask_request(session: SessionId, participant: ParticipantId, text: &str) -> ask::IncomingQuestion<'_> {
    ask::IncomingQuestion { session, participant, display_name: None, slide: None, network: None, text }
}

async fn upvoters(world: &SessionsWorld, question: &Question) -> Vec<ParticipantId> {
    let (session, now) = (question.session, world.clock.now());
    questions::list_upvoters(&world.app.store, session, question.id, now).await.unwrap()
}

/// Wherever the function dies: whoever asks again what another one asked wants it answered.
#[tokio::test]
async fn asking_a_merged_question_upvotes_its_target() {
    let world = SessionsWorld::start().await;
    let session = world.start_talk(world.clock.new_id(), SessionStatus::Active).await.session.id;
    let first = store_question(&world, session, world.clock.new_id(), TEXT).await;
    for steps in 1.. {
        let (participant, hot) = (world.clock.new_id(), InstanceState::default());
        let asking = Box::pin(ask::store_question(&world.app, &hot, ask_request(session, participant, TEXT)));
        let done = world.cloud.run_until_crash(steps, asking).await.is_some();
        let merged = store_question(&world, session, participant, TEXT).await;
        assert_eq!((merged.status, merged.merged_into), (Asked::Merged, Some(first.id)));
        assert!(upvoters(&world, &first).await.contains(&participant), "after {steps} steps");
        if done {
            assert!(steps > 5, "it has more steps than {steps}");
            break;
        }
    }
}

/// One that comes while its question is being merged is counted where that went.
#[tokio::test]
async fn an_upvote_of_a_merged_question_moves_to_its_target() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let session = world.start_talk(world.clock.new_id(), SessionStatus::Active).await.session.id;
    let first = store_question(&world, session, world.clock.new_id(), TEXT).await;
    let merged = store_question(&world, session, world.clock.new_id(), "Which heron is the TALLEST?").await;
    let late: ParticipantId = world.clock.new_id();
    questions::set_upvote(&world.app.store, session, merged.id, late, true).await.unwrap();
    let count = |question: QuestionId| CountUpvotes { session, question };
    assert!(world.deliver(&worker, &count(merged.id)).await);
    assert!(world.queued_jobs::<CountUpvotes>().contains(&count(first.id)));
    assert!(world.deliver(&worker, &count(first.id)).await);
    let counted = questions::get(&world.app.store, session, first.id, world.clock.now()).await.unwrap();
    // who asked it in other words, and the late one
    assert_eq!(counted.unwrap().upvotes, 2);
}
