//! Access patterns on the embedded engine, with the table of `template.yaml`.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod world;

use jiff::SignedDuration;
use model::{
    ParticipantId, ResponseId, Room, SessionId, join_code::JoinCode, plan::Plan,
    rate_limit::RateLimitOutcome, session::SessionStatus, slide::AnswerContent,
};
use store::{
    RateLimit, ReadConsistency, WriteOutcome,
    dynamodb::cost,
    identity::{
        due::IdentityDueWork,
        log_ins::{self, Login},
    },
    platform::{due, idempotency, rate_limits},
    presentations::Presentation,
    realtime::{
        connections::{self, Connection, ConnectionIdentity},
        tickets,
    },
    sessions::{
        self, Session, SessionCreateOutcome,
        due::SessionsDueWork,
        responses::{self, SlideResponse},
    },
};
use uuid::Uuid;

use world::{World, id, now, store_world};

fn session(n: u128, code: &str) -> Session {
    let presentation = Presentation::new(id(2), id(1), "Talk".into(), None, now());
    let made = now() + SignedDuration::from_secs(i64::try_from(n).unwrap());
    Session::new(id(n), &presentation, Plan::Enterprise, JoinCode::parse(code).unwrap(), made)
}

fn connection(n: u128, session: SessionId) -> Connection {
    let identity = ConnectionIdentity::Participant { participant: id(n), session, by: None };
    let id = format!("connection-{n}=");
    Connection { id, identity, display_name: None, connected_at: now(), presents_since: None }
}

fn vote(participant: u128, received: i64, seq: Option<i64>, option: &str) -> SlideResponse {
    let session = id(1);
    let slide = id(2);
    let participant = ParticipantId::from(Uuid::from_u128(participant));
    SlideResponse {
        id: ResponseId::derive(session, slide, participant),
        session,
        slide,
        participant,
        display_name: None,
        answer: AnswerContent::Selected(vec![option.into()]),
        seq,
        received,
        stored: received,
        hidden: false,
        flagged: false,
    }
}

#[tokio::test]
async fn a_join_code_is_reserved_until_its_session_ends() {
    let World { store, _cloud } = store_world().await;
    let first = session(10, "AAAAAA");
    assert_eq!(sessions::create(&store, &first).await.unwrap(), SessionCreateOutcome::Created);
    assert_eq!(
        sessions::create(&store, &session(11, "AAAAAA")).await.unwrap(),
        SessionCreateOutcome::CodeTaken
    );
    assert_eq!(sessions::get(&store, id(11), ReadConsistency::Strong, now()).await.unwrap(), None);

    let ended = Session {
        status: SessionStatus::Ended,
        ended_at: Some(now()),
        check_at: None,
        version: 2,
        ..first.clone()
    };
    assert_eq!(sessions::change(&store, &ended).await.unwrap(), WriteOutcome::Applied(()));
    assert_eq!(
        sessions::change(&store, &ended).await.unwrap(),
        WriteOutcome::ConditionFailed,
        "the version has changed"
    );
    let code = sessions::by_code(&store, &first.join_code, now()).await.unwrap().unwrap();
    assert!(code.ended && code.session == first.id);
    assert_eq!(
        sessions::create(&store, &session(12, "AAAAAA")).await.unwrap(),
        SessionCreateOutcome::Created
    );
}

#[tokio::test]
async fn session_lists_are_newest_first_with_bound_cursors() {
    let World { store, _cloud } = store_world().await;
    for n in 20..25 {
        sessions::create(&store, &session(n, &format!("AAAA{n}"))).await.unwrap();
    }
    let first = sessions::page_by_owner(&store, id(1), None, 2, None, now()).await.unwrap();
    let ids = |page: &store::Page<Session>| page.items.iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!(ids(&first), [id(24), id(23)]);
    let cursor = first.next.as_deref();
    let second = sessions::page_by_owner(&store, id(1), None, 2, cursor, now()).await.unwrap();
    assert_eq!(ids(&second), [id(22), id(21)]);
    assert!(
        sessions::page_by_owner(&store, id(9), None, 2, cursor, now()).await.is_err(),
        "a cursor of another owner"
    );
    let mut bent = cursor.unwrap().to_owned();
    bent.replace_range(0..1, if bent.starts_with('A') { "B" } else { "A" });
    assert!(
        sessions::page_by_owner(&store, id(1), None, 2, Some(&bent), now()).await.is_err(),
        "a modified cursor"
    );
    let held = sessions::page_by_presentation(&store, id(2), 3, None, now()).await.unwrap();
    assert_eq!(ids(&held), [id(24), id(23), id(22)]);
    let none =
        sessions::page_by_owner(&store, id(1), Some(SessionStatus::Active), 2, None, now()).await.unwrap();
    assert!(none.items.is_empty());
}

#[tokio::test]
async fn due_rows_are_found_until_postponed() {
    let World { store, _cloud } = store_world().await;
    sessions::create(&store, &session(30, "AAAAAA")).await.unwrap();
    let tomorrow = now() + SignedDuration::from_hours(25);
    assert!(due::list_due(&store, 10, None, now()).await.unwrap().0.is_empty());
    let found = due::list_due(&store, 10, None, tomorrow).await.unwrap().0;
    assert_eq!(found[0].work().unwrap(), due::DueWork::Sessions(SessionsDueWork::Session(id(30))));
    let lease = tomorrow + SignedDuration::from_secs(300);
    assert_eq!(due::postpone(&store, &found[0], lease).await.unwrap(), WriteOutcome::Applied(()));
    assert_eq!(
        due::postpone(&store, &found[0], lease).await.unwrap(),
        WriteOutcome::ConditionFailed,
        "it is postponed already"
    );
    assert!(due::list_due(&store, 10, None, tomorrow).await.unwrap().0.is_empty());
    let found = due::list_due(&store, 10, None, lease).await.unwrap().0;
    sessions::schedule_check(&store, id(30), tomorrow + SignedDuration::from_hours(1)).await.unwrap();
    assert!(due::list_due(&store, 10, None, tomorrow).await.unwrap().0.is_empty());
    let session = sessions::get(&store, id(30), ReadConsistency::Strong, now()).await.unwrap().unwrap();
    assert_eq!(session.check_at, Some(tomorrow + SignedDuration::from_hours(1)));
    assert_eq!(
        due::postpone(&store, &found[0], lease).await.unwrap(),
        WriteOutcome::ConditionFailed,
        "its job has rescheduled it"
    );
}

#[tokio::test]
async fn the_later_vote_wins_in_any_order() {
    let World { store, _cloud } = store_world().await;
    for (received, seq, option, written) in [
        (100, None, "a", true),
        (90, None, "b", false),
        (100, None, "a", true),
        (110, None, "c", true),
        (50, Some(1), "d", false),
        (120, Some(1), "e", true),
        (130, Some(1), "f", true),
        (140, Some(0), "x", false),
        (100, Some(2), "g", true),
    ] {
        let outcome = responses::put(&store, &vote(7, received, seq, option)).await.unwrap();
        assert_eq!(outcome == WriteOutcome::Applied(()), written, "{option}");
    }
    let all = responses::list_by_slide(&store, id(1), id(2), now()).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].answer.selected_options(), ["g"]);
}

#[tokio::test]
async fn a_vote_costs_one_write_unit_and_every_shard_is_counted() {
    let World { store, _cloud } = store_world().await;
    for n in 0..40 {
        let (outcome, cost) = cost::measure(responses::put(&store, &vote(n, 1, None, "a"))).await;
        assert_eq!(outcome.unwrap(), WriteOutcome::Applied(()));
        assert_eq!((cost.requests, cost.read_units, cost.write_units), (1, 0.0, 1.0));
    }
    assert_eq!(responses::list_by_slide(&store, id(1), id(2), now()).await.unwrap().len(), 40);
}

#[tokio::test]
async fn a_final_response_is_not_replaced() {
    let World { store, _cloud } = store_world().await;
    let (first, cost) = cost::measure(responses::put_first(&store, &vote(7, 100, None, "a"))).await;
    assert_eq!(first.unwrap(), WriteOutcome::Applied(()));
    assert_eq!((cost.requests, cost.read_units, cost.write_units), (1, 0.0, 1.0));
    for later in [vote(7, 200, None, "b"), vote(7, 50, Some(9), "b"), vote(7, 100, None, "a")] {
        assert_eq!(responses::put_first(&store, &later).await.unwrap(), WriteOutcome::ConditionFailed);
    }
    assert_eq!(
        responses::put_first(&store, &vote(8, 100, None, "b")).await.unwrap(),
        WriteOutcome::Applied(())
    );
    let all = responses::list_by_slide(&store, id(1), id(2), now()).await.unwrap();
    assert_eq!(all.iter().filter(|answer| answer.answer.selected_options() == ["a"]).count(), 1);
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn a_connection_is_subscribed_until_it_closes() {
    let World { store, _cloud } = store_world().await;
    let session = id(1);
    let room = Room::Session(session);
    for n in 0..150 {
        connections::put(&store, &connection(1000 + n, session)).await.unwrap();
    }
    let tab = Connection { id: "another-tab=".into(), ..connection(1000, session) };
    connections::put(&store, &tab).await.unwrap();
    assert_eq!(connections::list_in_room(&store, room, now()).await.unwrap().len(), 151);
    assert!(connections::list_in_small_room(&store, room, 100, now()).await.unwrap().is_none());
    let mut sharded = 0;
    for shard in 0..store::dynamodb::key::ROOM_SHARDS {
        sharded += connections::list_in_shard(&store, room, shard, now()).await.unwrap().len();
    }
    assert_eq!(sharded, 151);
    assert_eq!(
        connections::list_by_holder(&store, room, Uuid::from_u128(1000), now()).await.unwrap().len(),
        2
    );
    connections::delete(&store, &tab).await.unwrap();
    assert_eq!(
        connections::list_by_holder(&store, room, Uuid::from_u128(1000), now()).await.unwrap().len(),
        1
    );
    assert!(connections::get(&store, "another-tab=", now()).await.unwrap().is_none());
    let much_later = now() + SignedDuration::from_hours(3);
    assert!(connections::list_in_room(&store, room, much_later).await.unwrap().is_empty(), "expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_spent_once() {
    let World { store, _cloud } = store_world().await;
    let until = now() + SignedDuration::from_secs(60);
    let tries = (0..20).map(|_| tickets::spend(&store, Uuid::from_u128(5), until, now()));
    let won = futures::future::try_join_all(tries).await.unwrap();
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_limit_resets_with_its_window() {
    let World { store, _cloud } = store_world().await;
    let limit = RateLimit { name: "test", max_attempts: 3, window: std::time::Duration::from_mins(1) };
    let tries = (0..10).map(|_| rate_limits::count_attempt(&store, limit, "ana", now()));
    let outcomes = futures::future::try_join_all(tries).await.unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == RateLimitOutcome::Allowed).count(), 3);
    let exceeded = RateLimitOutcome::Exceeded { retry_after: std::time::Duration::from_mins(1) };
    assert_eq!(rate_limits::check_attempts(&store, limit, "ana", now()).await.unwrap(), exceeded);
    let other = rate_limits::check_attempts(&store, limit, "ben", now()).await.unwrap();
    assert_eq!(other, RateLimitOutcome::Allowed);
    let next_window = now() + SignedDuration::from_secs(60);
    let again = rate_limits::count_attempt(&store, limit, "ana", next_window).await.unwrap();
    assert_eq!(again, RateLimitOutcome::Allowed);
}

#[tokio::test]
async fn an_idempotency_key_runs_once_and_stores_its_response() {
    let World { store, _cloud } = store_world().await;
    let begun = idempotency::claim(&store, "key", "body", now()).await.unwrap();
    assert!(matches!(begun, idempotency::IdempotencyClaim::Claimed));
    let again = idempotency::claim(&store, "key", "body", now()).await.unwrap();
    assert!(matches!(again, idempotency::IdempotencyClaim::Existing(record) if record.response.is_none()));
    let later = now() + SignedDuration::from_secs(60);
    let died = idempotency::claim(&store, "key", "body", later).await.unwrap();
    assert!(
        matches!(died, idempotency::IdempotencyClaim::Claimed),
        "the lock of the first request has expired"
    );
    let answer = idempotency::StoredResponse { status: 201, headers: Vec::new(), body: Some("{}".into()) };
    idempotency::finish(&store, "key", "body", answer.clone(), later).await.unwrap();
    let kept =
        idempotency::claim(&store, "key", "other", later + SignedDuration::from_secs(60)).await.unwrap();
    let idempotency::IdempotencyClaim::Existing(record) = kept else { panic!("{kept:?}") };
    assert_eq!((record.response, record.body_hash.as_str()), (Some(answer), "body"));
}

#[tokio::test]
async fn a_reset_lets_a_new_response_replace_the_old_one() {
    let World { store, _cloud } = store_world().await;
    responses::put_first(&store, &vote(7, 100, None, "a")).await.unwrap();
    let again = |received, option| vote(7, received, None, option);
    assert_eq!(
        responses::put_after_reset(&store, &again(90, "b"), 100).await.unwrap(),
        WriteOutcome::ConditionFailed
    );
    assert_eq!(
        responses::put_after_reset(&store, &again(200, "a"), 150).await.unwrap(),
        WriteOutcome::Applied(())
    );
    assert_eq!(
        responses::put_after_reset(&store, &again(210, "b"), 150).await.unwrap(),
        WriteOutcome::ConditionFailed
    );
    assert_eq!(
        responses::put_after_reset(&store, &vote(8, 210, None, "b"), 150).await.unwrap(),
        WriteOutcome::ConditionFailed
    );
    let all = responses::list_by_slide(&store, id(1), id(2), now()).await.unwrap();
    assert_eq!(all, [again(200, "a")]);
}

#[tokio::test]
async fn a_hidden_response_stays_hidden_until_replaced() {
    let World { store, _cloud } = store_world().await;
    let spam = vote(7, 100, Some(1), "a");
    responses::put(&store, &spam).await.unwrap();
    let hidden = responses::moderate(&store, &spam, Some(true), None).await.unwrap().applied().unwrap();
    assert!(hidden.hidden && !hidden.flagged);
    // A mark by a presenter who saw the answer before it was hidden neither hides nor shows it.
    let marked = responses::moderate(&store, &spam, None, Some(true)).await.unwrap().applied().unwrap();
    assert!(marked.hidden && marked.flagged);
    for again in [spam.clone(), vote(7, 200, Some(2), "a"), vote(7, 200, None, "a")] {
        assert_eq!(responses::put(&store, &again).await.unwrap(), WriteOutcome::ConditionFailed);
    }
    let kept = responses::get(&store, spam.session, spam.slide, spam.participant, now()).await.unwrap();
    assert_eq!(kept, Some(marked));
    assert_eq!(responses::put(&store, &vote(7, 300, Some(3), "b")).await.unwrap(), WriteOutcome::Applied(()));
    let late = responses::moderate(&store, &spam, Some(true), None).await.unwrap();
    assert_eq!(late, WriteOutcome::ConditionFailed, "another answer has replaced it");
}

#[tokio::test]
async fn a_delayed_write_records_its_storage_time() {
    let World { store, _cloud } = store_world().await;
    let answer = vote(7, 100, None, "a");
    responses::put(&store, &answer).await.unwrap();
    assert_eq!(responses::update_stored_at(&store, &answer, 900).await.unwrap(), WriteOutcome::Applied(()));
    let kept = responses::get(&store, answer.session, answer.slide, answer.participant, now()).await.unwrap();
    assert_eq!(kept.unwrap().stored, 900);
    let newer = vote(7, 200, None, "b");
    responses::put(&store, &newer).await.unwrap();
    assert_eq!(
        responses::update_stored_at(&store, &answer, 950).await.unwrap(),
        WriteOutcome::ConditionFailed,
        "another answer"
    );
}

#[tokio::test]
async fn an_ended_log_in_is_due_until_deleted() {
    let World { store, _cloud } = store_world().await;
    let login = Login {
        user: id(1),
        id: id(50),
        generation: 0,
        rotated_at: now(),
        created_at: now(),
        expires_at: now() + SignedDuration::from_hours(1),
        user_agent: None,
        ip: None,
        account_version: 1,
        ended_at: None,
    };
    log_ins::create(&store, &login).await.unwrap();
    log_ins::delete_ended(&store, login.user, login.id).await.unwrap();
    assert!(log_ins::get(&store, login.user, login.id, now()).await.unwrap().is_some(), "it has not ended");
    assert!(log_ins::end(&store, login.user, login.id, now()).await.unwrap());
    assert!(!log_ins::end(&store, login.user, login.id, now()).await.unwrap(), "it has ended already");
    assert!(log_ins::get(&store, login.user, login.id, now()).await.unwrap().is_none());
    assert!(log_ins::get_strong(&store, login.user, login.id, now()).await.unwrap().is_none());
    assert!(log_ins::list(&store, login.user, now()).await.unwrap().is_empty());
    assert_eq!(log_ins::rotate(&store, &login, now()).await.unwrap(), WriteOutcome::ConditionFailed);

    assert!(
        due::list_due(&store, 10, None, now()).await.unwrap().0.is_empty(),
        "the request that ended it may still be running"
    );
    let later = now() + SignedDuration::from_secs(61);
    let found = due::list_due(&store, 10, None, later).await.unwrap().0;
    assert_eq!(
        found[0].work().unwrap(),
        due::DueWork::Identity(IdentityDueWork::EndedLogin(login.user, login.id))
    );
    log_ins::delete_ended(&store, login.user, login.id).await.unwrap();
    assert!(due::list_due(&store, 10, None, later).await.unwrap().0.is_empty());
    assert!(
        !log_ins::end(&store, login.user, login.id, now()).await.unwrap(),
        "ending a missing log-in creates nothing"
    );
    assert!(due::list_due(&store, 10, None, later).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn an_ended_session_leaves_the_join_index() {
    let World { store, _cloud } = store_world().await;
    let first = session(40, "AAAAAA");
    sessions::create(&store, &first).await.unwrap();
    sessions::cancel_check(&store, first.id).await.unwrap();
    let later = now() + SignedDuration::from_hours(48);
    assert_eq!(due::list_due(&store, 10, None, later).await.unwrap().0.len(), 1, "it has not ended");
    let ended = Session { status: SessionStatus::Ended, ended_at: Some(now()), version: 2, ..first.clone() };
    sessions::change(&store, &ended).await.unwrap();
    sessions::cancel_check(&store, first.id).await.unwrap();
    assert!(due::list_due(&store, 10, None, later).await.unwrap().0.is_empty());
    assert!(sessions::get(&store, first.id, ReadConsistency::Strong, now()).await.unwrap().is_some());
}
