//! The job that answers a question.

use std::time::Duration;

use model::{
    QuestionId, SessionId, UserId,
    assistant::AssistantStatus,
    question::{QuestionStatus, wording_key},
    session::SessionStatus,
};
use protocol::job::AnswerQuestion;
use store::{
    identity::plan_usage,
    realtime::connections::ConnectionIdentity,
    sessions::questions::{self, Question},
};

use crate::world::SessionsWorld;

/// Longer than the lease of a worker that died. A queue delivers the job again after six timeouts of its function.
const AFTER_LEASE: Duration = Duration::from_mins(21);

async fn ask_question(world: &SessionsWorld, session: SessionId, text: &str) -> AnswerQuestion {
    let (participant, now) = (world.clock.new_id(), world.clock.now());
    let question = Question {
        id: QuestionId::derive(session, participant, &wording_key(text)),
        session,
        slide: None,
        participant,
        display_name: None,
        text: text.into(),
        status: QuestionStatus::Queued,
        merged_into: None,
        has_merged: false,
        pinned: false,
        flagged: false,
        upvotes: 0,
        upvotes_as_of: 0,
        assistant: AssistantStatus::Waiting,
        answer: None,
        draft: None,
        version: 1,
        asked_at: now,
        answer_by: Some(now),
    };
    questions::create(&world.app.store, &question, now).await.unwrap();
    AnswerQuestion { session, question: question.id }
}

async fn stored_question(world: &SessionsWorld, job: &AnswerQuestion) -> Question {
    questions::get(&world.app.store, job.session, job.question, world.clock.now()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redelivered_jobs_write_one_answer() {
    let world = SessionsWorld::start().await;
    let worker = sessions::answers(world.environment()).await.unwrap();
    let talk = world.start_talk(world.clock.new_id(), SessionStatus::Active).await;
    let job = ask_question(&world, talk.session.id, "Which heron is it?").await;
    let deliveries = (0..4).map(|_| world.deliver(&worker, &job));
    assert!(futures::future::join_all(deliveries).await.into_iter().all(|done| done));
    let answered = stored_question(&world, &job).await;
    assert_eq!(
        (answered.status, answered.assistant, answered.version),
        (QuestionStatus::Answered, AssistantStatus::Answered, 2)
    );
    assert!(world.deliver(&worker, &job).await);
    assert_eq!(stored_question(&world, &job).await, answered);
    let used = plan_usage::sum_ai_usage(&world.app.store, talk.session.id, world.clock.now()).await.unwrap();
    assert_eq!(used.calls, 1);
}

/// The function dies between any two of its writes. The next delivery ends with one published answer.
#[tokio::test]
async fn a_crash_at_any_step_leads_to_one_answer() {
    let world = SessionsWorld::start().await;
    let worker = sessions::answers(world.environment()).await.unwrap();
    let owner: UserId = world.clock.new_id();
    let talk = world.start_talk(owner, SessionStatus::Active).await;
    let session = talk.session.id;
    let mut crashes = 0;
    for steps in 1.. {
        let presenter =
            ConnectionIdentity::Account { user: owner, login: world.clock.new_id(), presents: Some(session) };
        let mut presenter_socket = world.open_socket(&format!("presenter-{steps}="), presenter).await;
        let job = ask_question(&world, session, &format!("Which heron has number {steps}?")).await;
        if world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none() {
            crashes += 1;
            world.clock.advance(AFTER_LEASE);
            assert!(world.deliver(&worker, &job).await, "after {steps} steps");
        } else {
            break;
        }
        let question = stored_question(&world, &job).await;
        assert_eq!(
            (question.assistant, question.answer_by),
            (AssistantStatus::Answered, None),
            "after {steps} steps"
        );
        let (frames, _) = presenter_socket.frames();
        let complete = frames
            .iter()
            .filter(|frame| frame["type"] == "ai_response" && frame["payload"]["is_complete"] == true)
            .filter(|frame| frame["payload"]["question_id"] == question.id.to_string());
        assert!(complete.count() >= 1, "not published after {steps} steps");
        let used = plan_usage::sum_ai_usage(&world.app.store, session, world.clock.now()).await.unwrap();
        assert_eq!(used.calls, u64::try_from(steps).unwrap(), "one call per question");
    }
    assert!(crashes > 10, "the job has more steps than {crashes}");
}

#[tokio::test]
async fn different_questions_get_different_answers() {
    let world = SessionsWorld::start().await;
    let worker = sessions::answers(world.environment()).await.unwrap();
    let talk = world.start_talk(world.clock.new_id(), SessionStatus::Active).await;
    for text in ["What is C#?", "What is C++?", "what is c++"] {
        let job = ask_question(&world, talk.session.id, text).await;
        assert!(world.deliver(&worker, &job).await, "{text}");
    }
    let used = plan_usage::sum_ai_usage(&world.app.store, talk.session.id, world.clock.now()).await.unwrap();
    assert_eq!(used.calls, 2);
}
