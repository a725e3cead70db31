//! The job that counts up-votes.

use model::{ParticipantId, QuestionId, SessionId, question::QuestionStatus, session::SessionStatus};
use protocol::job::CountUpvotes;
use sessions::{instance_state::InstanceState, questions::ask};
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
    questions::list_upvoters(&world.app.store, question.session, question.id, world.clock.now())
        .await
        .unwrap()
}

/// The function dies between any two of its writes. When the participant asks again, their up-vote of the merge target
/// is stored.
#[tokio::test]
async fn asking_a_merged_question_upvotes_its_target() {
    let world = SessionsWorld::start().await;
    let session = world.start_talk(world.clock.new_id(), SessionStatus::Active).await.session.id;
    let first = store_question(&world, session, world.clock.new_id(), TEXT).await;
    for steps in 1.. {
        let participant = world.clock.new_id();
        let state = InstanceState::default();
        let asking =
            Box::pin(ask::store_question(&world.app, &state, ask_request(session, participant, TEXT)));
        let is_done = world.cloud.run_until_crash(steps, asking).await.is_some();
        let merged = store_question(&world, session, participant, TEXT).await;
        assert_eq!((merged.status, merged.merged_into), (QuestionStatus::Merged, Some(first.id)));
        assert!(upvoters(&world, &first).await.contains(&participant), "after {steps} steps");
        if is_done {
            assert!(steps > 5, "asking has more steps than {steps}");
            break;
        }
    }
}

/// An up-vote that arrives while its question is being merged counts for the merge target.
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
    // the participant who asked it in other words, and the late voter
    assert_eq!(counted.unwrap().upvotes, 2);
}
