//! Limits of plans, and the set of super admins, on the embedded engine with the table of `template.yaml`.

mod world;

use futures::future::join_all;
use jiff::SignedDuration;
use model::{ParticipantId, SessionId, plan::Quota, user::UserRole};
use store::{
    WriteOutcome,
    identity::{
        known_networks::KnownNetwork,
        log_ins::Login,
        login_revocations::LoginRevocation,
        plan_usage::{
            AiCallCost, AiCallReservation, AiUsage, get_used, record_ai_call, release_ai_call,
            reserve_ai_call, sum_ai_usage,
        },
        users::{self, User, UserSaveOutcome},
    },
    sessions::participants::{self, AddParticipantOutcome, Participant},
};

use testkit::samples;
use world::{World, id, now, store_world};

fn spent_tokens() -> AiCallCost {
    let provider = "extractive".into();
    let model = "bm25".into();
    AiCallCost { tokens_in: 100, tokens_out: 20, cost_micros: 7, provider, model }
}

const AI: Quota = Quota::AiCallsPerSession;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_reservation_counts_once() {
    let World { store, _cloud } = store_world().await;
    let session: SessionId = id(1);
    let asked = (0..10).map(|_| reserve_ai_call(&store, session, "question-1", Some(10), None, now()));
    let reserved: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(reserved.iter().filter(|outcome| **outcome == AiCallReservation::Reserved).count(), 1);
    assert_eq!(reserved.iter().filter(|outcome| **outcome == AiCallReservation::AlreadyReserved).count(), 9);
    assert_eq!(get_used(&store, session, AI, now()).await.unwrap(), 1);

    let asked: Vec<String> = (0..30).map(|n| format!("other-{n}")).collect();
    let asked = asked.iter().map(|key| reserve_ai_call(&store, session, key, Some(10), None, now()));
    let reserved: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(reserved.iter().filter(|outcome| **outcome == AiCallReservation::Reserved).count(), 9);
    assert_eq!(
        reserved.iter().filter(|outcome| **outcome == AiCallReservation::SessionQuotaExceeded(10)).count(),
        21
    );
    assert_eq!(sum_ai_usage(&store, session, now()).await.unwrap().calls, 10);
    // A reserved call stays reserved when the quota is used up.
    let again = reserve_ai_call(&store, session, "question-1", Some(10), None, now()).await.unwrap();
    assert_eq!(again, AiCallReservation::AlreadyReserved);
}

#[tokio::test]
async fn failed_ai_calls_are_not_counted() {
    let World { store, _cloud } = store_world().await;
    let session: SessionId = id(1);
    let bo: ParticipantId = id(2);
    let reserve = |key: &'static str| reserve_ai_call(&store, session, key, Some(3), Some((bo, 2)), now());
    assert_eq!(reserve("a").await.unwrap(), AiCallReservation::Reserved);
    assert_eq!(reserve("b").await.unwrap(), AiCallReservation::Reserved);
    assert_eq!(reserve("c").await.unwrap(), AiCallReservation::ParticipantQuotaExceeded(2));
    assert_eq!(get_used(&store, session, AI, now()).await.unwrap(), 2, "a refused call is not counted");
    let of_eve = reserve_ai_call(&store, session, "d", Some(2), Some((id(3), 2)), now()).await.unwrap();
    assert_eq!(of_eve, AiCallReservation::SessionQuotaExceeded(2));

    for _ in 0..2 {
        release_ai_call(&store, session, "a", now()).await.unwrap();
        assert_eq!(get_used(&store, session, AI, now()).await.unwrap(), 1);
    }
    assert_eq!(reserve("c").await.unwrap(), AiCallReservation::Reserved);
    for written in [WriteOutcome::Applied(()), WriteOutcome::ConditionFailed] {
        assert_eq!(record_ai_call(&store, session, "b", &spent_tokens()).await.unwrap(), written);
    }
    assert_eq!(
        record_ai_call(&store, session, "a", &spent_tokens()).await.unwrap(),
        WriteOutcome::ConditionFailed
    );
    release_ai_call(&store, session, "b", now()).await.unwrap();
    let usage = AiUsage { calls: 2, tokens_in: 100, tokens_out: 20, cost_micros: 7 };
    assert_eq!(sum_ai_usage(&store, session, now()).await.unwrap(), usage);
    assert_eq!(get_used(&store, session, AI, now()).await.unwrap(), 2);
}

fn new_participant(n: u128) -> Participant {
    samples::sessions::participant(id(1), id(n), now())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_participant_takes_one_seat() {
    let World { store, _cloud } = store_world().await;
    let people: Vec<_> = (0..12).map(|n| new_participant(n % 6)).collect();
    let added = join_all(people.iter().map(|one| participants::add(&store, one, Some(4), now()))).await;
    let added: Vec<_> = added.into_iter().map(Result::unwrap).collect();
    assert_eq!(added.iter().filter(|outcome| **outcome == AddParticipantOutcome::Added).count(), 4);
    assert_eq!(participants::count(&store, id(1)).await.unwrap(), 4);
    assert_eq!(get_used(&store, id(1), Quota::ParticipantsPerSession, now()).await.unwrap(), 4);
    // A participant who has joined is never refused. Nothing is counted without a limit.
    let there =
        people.iter().zip(&added).find(|(_, outcome)| **outcome == AddParticipantOutcome::Added).unwrap().0;
    assert_eq!(
        participants::add(&store, there, Some(4), now()).await.unwrap(),
        AddParticipantOutcome::AlreadyJoined
    );
    let unlimited = participants::add(&store, &new_participant(99), None, now()).await;
    assert_eq!(unlimited.unwrap(), AddParticipantOutcome::Added);
    assert_eq!(get_used(&store, id(1), Quota::ParticipantsPerSession, now()).await.unwrap(), 4);
    let none = participants::add(&store, &new_participant(98), Some(0), now()).await;
    assert_eq!(none.unwrap(), AddParticipantOutcome::Full(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_participant_frees_one_seat() {
    let World { store, _cloud } = store_world().await;
    let remove = |n: u128| participants::remove(&store, id(1), id(n), now());
    assert_eq!(remove(1).await.unwrap(), WriteOutcome::ConditionFailed, "there is no such participant");
    assert_eq!(
        participants::add(&store, &new_participant(1), Some(1), now()).await.unwrap(),
        AddParticipantOutcome::Added
    );
    assert_eq!(
        participants::add(&store, &new_participant(2), Some(1), now()).await.unwrap(),
        AddParticipantOutcome::Full(1)
    );
    for removed in join_all((0..4).map(|_| remove(1))).await {
        assert_eq!(removed.unwrap(), WriteOutcome::Applied(()));
    }
    assert_eq!(get_used(&store, id(1), Quota::ParticipantsPerSession, now()).await.unwrap(), 0);
    assert_eq!(
        participants::add(&store, &new_participant(2), Some(1), now()).await.unwrap(),
        AddParticipantOutcome::Added
    );
    assert_eq!(remove(1).await.unwrap(), WriteOutcome::Applied(()), "again");
    assert_eq!(get_used(&store, id(1), Quota::ParticipantsPerSession, now()).await.unwrap(), 1);
    // A session without a limit counts no seats.
    let other = Participant { session: id(9), ..new_participant(3) };
    assert_eq!(participants::add(&store, &other, None, now()).await.unwrap(), AddParticipantOutcome::Added);
    assert_eq!(participants::remove(&store, id(9), id(3), now()).await.unwrap(), WriteOutcome::Applied(()));
    let gone = participants::get(&store, id(9), id(3), now()).await.unwrap().unwrap();
    assert_eq!(gone.removed_at, Some(now()));
}

fn super_admin(n: u128) -> (User, Login) {
    let user =
        User { email: None, role: UserRole::SuperAdmin, ..samples::identity::user(id(n), "Root", now()) };
    let login = samples::identity::login(user.id, id(n), now());
    (user, login)
}

fn network(user: &User) -> KnownNetwork {
    KnownNetwork::new(user.id, "192.0.2.1".into(), now())
}

fn revocation(user: &User) -> LoginRevocation {
    LoginRevocation::of_change(user, id(7), None, now())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_super_admin_always_remains() {
    let World { store, _cloud } = store_world().await;
    let people: Vec<_> = (1..5).map(super_admin).collect();
    let create =
        async |(user, login): &(User, Login)| users::create(&store, user, login, &network(user), None).await;
    let made = join_all(people.iter().map(create)).await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|outcome| **outcome == UserSaveOutcome::Applied).count(), 1);
    assert_eq!(made.iter().filter(|outcome| **outcome == UserSaveOutcome::SuperAdminExists).count(), 3);
    let root =
        people.into_iter().zip(made).find(|(_, outcome)| *outcome == UserSaveOutcome::Applied).unwrap().0.0;

    // An admin is no super admin.
    let (admin, login) = super_admin(10);
    let admin = User { role: UserRole::Admin, ..admin };
    assert_eq!(
        users::create(&store, &admin, &login, &network(&admin), None).await.unwrap(),
        UserSaveOutcome::Applied
    );
    assert_eq!(
        users::erase(&store, &root, &revocation(&root), now()).await.unwrap(),
        UserSaveOutcome::LastAdmin
    );

    let other = User {
        role: UserRole::SuperAdmin,
        updated_at: now() + SignedDuration::from_millis(1),
        version: 2,
        ..admin.clone()
    };
    assert_eq!(users::replace(&store, &admin, &other).await.unwrap(), UserSaveOutcome::Applied);
    let (of_root, of_other) = (revocation(&root), revocation(&other));
    let left = join_all([
        users::erase(&store, &root, &of_root, now()),
        users::erase(&store, &other, &of_other, now()),
    ])
    .await;
    let left: Vec<_> = left.into_iter().map(Result::unwrap).collect();
    assert!(
        left == [UserSaveOutcome::Applied, UserSaveOutcome::LastAdmin]
            || left == [UserSaveOutcome::LastAdmin, UserSaveOutcome::Applied],
        "{left:?}"
    );
}
