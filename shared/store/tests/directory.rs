//! The team's directory on the embedded engine. It follows every change of an account.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod world;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use model::{
    ExpectedVersion, UserId,
    user::{AccountRestriction, AccountState, RestrictionKind, Username},
};
use serde::{Deserialize, Serialize};
use store::{
    Item, Key, PageRequest, ReadConsistency, Store, WriteOutcome,
    dynamodb::key::{PartitionKey, SortKey},
    identity::{
        audit_log::{AuditEntry, AuditTarget},
        known_networks::KnownNetwork,
        login_revocations::LoginRevocation,
        users::{self, DirectoryEntry, ProfileUpdate, User, UserSaveOutcome, directory, list_by_usernames},
    },
};

use testkit::samples;
use world::{World, id, now, store_world};

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn new_user(n: u128, username: Option<&str>) -> User {
    let name = format!("Number {n}");
    User { username: username.map(self::name), name, ..samples::identity::user(id(n), &n.to_string(), now()) }
}

fn revocation(user: &User) -> LoginRevocation {
    LoginRevocation::of_change(user, id(7), None, now())
}

async fn sign_up(store: &Store, user: &User) {
    let login = samples::identity::login(user.id, id(1), now());
    let network = KnownNetwork::new(user.id, "192.0.2.1".into(), now());
    assert_eq!(users::create(store, user, &login, &network, None).await.unwrap(), UserSaveOutcome::Applied);
}

/// Replaces an account as its owner does.
async fn replace(store: &Store, user: UserId, change: impl FnOnce(User) -> User) -> User {
    let before = users::get_strong(store, user, now()).await.unwrap().unwrap();
    let after = later(&before, change(before.clone()));
    assert_eq!(users::replace(store, &before, &after).await.unwrap(), UserSaveOutcome::Applied);
    after
}

/// Replaces an account as an admin does, with an audit entry.
async fn replace_as_admin(store: &Store, user: UserId, change: impl FnOnce(User) -> User) -> User {
    let before = users::get_strong(store, user, now()).await.unwrap().unwrap();
    let after = later(&before, change(before.clone()));
    let action = AuditEntry {
        id: id(u128::try_from(after.updated_at.as_nanosecond()).unwrap()),
        action: "test".into(),
        admin: id(99),
        target_type: AuditTarget::User,
        target: user.to_string(),
        reason: None,
        metadata: serde_json::Value::Null,
        created_at: now(),
    };
    assert_eq!(
        users::replace_with_audit(store, &before, &after, &action, None).await.unwrap(),
        UserSaveOutcome::Applied
    );
    after
}

fn later(before: &User, after: User) -> User {
    User {
        updated_at: before.updated_at + SignedDuration::from_millis(1),
        version: before.version + 1,
        ..after
    }
}

async fn listed_usernames(store: &Store, at: Timestamp) -> Vec<String> {
    let page = directory::page(store, &PageRequest::internal(100), at).await.unwrap();
    assert_eq!(page.next, None);
    page.items.iter().map(|entry| entry.username.to_string()).collect()
}

async fn directory_entry(store: &Store, username: &str) -> Option<DirectoryEntry> {
    list_by_usernames(store, &[name(username)], ReadConsistency::Eventual, now()).await.unwrap().pop()
}

#[tokio::test]
async fn users_are_listed_by_user_name() {
    let World { store, _cloud } = store_world().await;
    for (n, username) in [(1, Some("Zoe")), (2, Some("ana")), (3, None), (4, Some("Bo_1"))] {
        sign_up(&store, &new_user(n, username)).await;
    }
    assert_eq!(listed_usernames(&store, now()).await, ["ana", "Bo_1", "Zoe"]);
    let mut found = Vec::new();
    let mut request = PageRequest::internal(1);
    loop {
        let page = directory::page(&store, &request, now()).await.unwrap();
        found.extend(page.items.into_iter().map(|entry| entry.owner));
        if page.next.is_none() {
            break;
        }
        request = request.at(page.next);
    }
    assert_eq!(found, [id(2), id(4), id(1)]);

    let asked = ["ZOE", "zoe", "ana", "nobody"].map(name);
    let mut found = list_by_usernames(&store, &asked, ReadConsistency::Strong, now()).await.unwrap();
    found.sort_by_key(|entry| entry.owner);
    let found: Vec<_> = found.iter().map(|entry| (entry.owner, entry.name.as_str())).collect();
    assert_eq!(found, [(id(1), "Number 1"), (id(2), "Number 2")]);
}

#[tokio::test]
async fn the_directory_follows_account_changes() {
    let World { store, _cloud } = store_world().await;
    let ana: UserId = id(2);
    sign_up(&store, &new_user(1, Some("bob"))).await;
    sign_up(&store, &new_user(2, Some("ana"))).await;

    // Another spelling, another name, no name, and a name again.
    replace(&store, ana, |user| User { username: Some(name("ANA")), ..user }).await;
    assert_eq!(listed_usernames(&store, now()).await, ["ANA", "bob"]);
    replace(&store, ana, |user| User { username: Some(name("cyd")), ..user }).await;
    assert_eq!(listed_usernames(&store, now()).await, ["bob", "cyd"]);
    replace(&store, ana, |user| User { username: None, ..user }).await;
    assert_eq!(listed_usernames(&store, now()).await, ["bob"]);
    replace(&store, ana, |user| User { username: Some(name("ana")), ..user }).await;
    assert_eq!(directory_entry(&store, "cyd").await, None);

    let avatar = Some("https://example.com/a.png".to_owned());
    let edit = ProfileUpdate { name: Some("Ana".into()), avatar: Some(avatar.clone()), organization: None };
    let WriteOutcome::Applied(edited) =
        users::update_profile(&store, ana, &edit, &ExpectedVersion::Any, now()).await.unwrap()
    else {
        panic!("ana has an account")
    };
    assert_eq!((edited.name.as_str(), &edited.avatar), ("Ana", &avatar));
    assert_eq!(users::get_strong(&store, ana, now()).await.unwrap(), Some(edited));
    let shown = directory_entry(&store, "ana").await.unwrap();
    assert_eq!((shown.name.as_str(), &shown.avatar), ("Ana", &avatar));
    replace_as_admin(&store, ana, |user| User { name: "Ana Lima".into(), ..user }).await;
    assert_eq!(directory_entry(&store, "ana").await.unwrap().name, "Ana Lima");

    // A temporary ban ends without a write.
    let hour = now() + SignedDuration::from_hours(1);
    let banned =
        |until| AccountRestriction { kind: RestrictionKind::Ban, until, reason: Some("noise".into()) };
    replace_as_admin(&store, ana, |user| User { restriction: Some(banned(Some(hour))), ..user }).await;
    assert_eq!(listed_usernames(&store, now()).await, ["bob"]);
    assert_eq!(listed_usernames(&store, hour).await, ["ana", "bob"]);
    assert!(
        !format!("{:?}", directory_entry(&store, "ana").await).contains("noise"),
        "the reason is not shown to the team"
    );
    // A permanent ban ends when an admin lifts it.
    replace_as_admin(&store, ana, |user| User { restriction: Some(banned(None)), ..user }).await;
    assert_eq!(listed_usernames(&store, hour).await, ["bob"]);
    assert!(!directory_entry(&store, "ana").await.unwrap().is_listed(hour));
    replace_as_admin(&store, ana, |user| User { restriction: None, ..user }).await;
    assert_eq!(listed_usernames(&store, now()).await, ["ana", "bob"]);
    replace_as_admin(&store, ana, |user| User { status: AccountState::Disabled, ..user }).await;
    assert_eq!(listed_usernames(&store, now()).await, ["bob"]);
    assert_eq!(
        users::update_profile(&store, ana, &edit, &ExpectedVersion::Any, now()).await.unwrap(),
        WriteOutcome::ConditionFailed
    );
    let user = replace_as_admin(&store, ana, |user| User { status: AccountState::Active, ..user }).await;
    assert_eq!(listed_usernames(&store, now()).await, ["ana", "bob"]);

    assert_eq!(
        users::erase(&store, &user, &revocation(&user), hour).await.unwrap(),
        UserSaveOutcome::Applied
    );
    assert_eq!(listed_usernames(&store, now()).await, ["bob"]);
    assert_eq!(directory_entry(&store, "ana").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_account_changes_are_not_lost() {
    let World { store, _cloud } = store_world().await;
    let ana: UserId = id(2);
    sign_up(&store, &new_user(2, None)).await;
    let renamed = ProfileUpdate { name: Some("Ana".into()), ..ProfileUpdate::default() };
    let pictured =
        ProfileUpdate { avatar: Some(Some("https://example.com/a.png".into())), ..ProfileUpdate::default() };
    let employed = ProfileUpdate { organization: Some(Some("Herons".into())), ..ProfileUpdate::default() };
    let before = users::get_strong(&store, ana, now()).await.unwrap().unwrap();
    let after = later(&before, User { username: Some(name("ana")), ..before.clone() });
    // A user name is set while other fields change. The profile updates succeed in either order, and the replacement
    // only over the version that it read.
    let edits = [&renamed, &pictured, &employed];
    let (named, edited) = tokio::join!(
        users::replace(&store, &before, &after),
        join_all(edits.map(|edit| users::update_profile(
            &store,
            ana,
            edit,
            &ExpectedVersion::Any,
            now() + SignedDuration::from_secs(1)
        ))),
    );
    assert!(edited.into_iter().all(|edit| matches!(edit.unwrap(), WriteOutcome::Applied(_))));
    if named.unwrap() == UserSaveOutcome::VersionConflict {
        replace(&store, ana, |user| User { username: Some(name("ana")), ..user }).await;
    }
    let user = users::get_strong(&store, ana, now()).await.unwrap().unwrap();
    assert_eq!((user.name.as_str(), user.organization.as_deref()), ("Ana", Some("Herons")));
    let shown = directory_entry(&store, "ana").await.unwrap();
    assert_eq!((shown.name, shown.avatar), (user.name, user.avatar.clone()));
    assert!(user.avatar.is_some());

    // The same for an account with a user name.
    let edits =
        ["A", "B", "C"].map(|name| ProfileUpdate { name: Some(name.into()), ..ProfileUpdate::default() });
    let cleared = ProfileUpdate { avatar: Some(None), ..ProfileUpdate::default() };
    let edits = edits.iter().chain([&cleared]);
    for edit in
        join_all(edits.map(|edit| users::update_profile(&store, ana, edit, &ExpectedVersion::Any, now())))
            .await
    {
        assert!(matches!(edit.unwrap(), WriteOutcome::Applied(_)));
    }
    let user = users::get_strong(&store, ana, now()).await.unwrap().unwrap();
    let shown = directory_entry(&store, "ana").await.unwrap();
    assert_eq!((&shown.name, &shown.avatar), (&user.name, &None));
    assert_eq!(user.avatar, None);
}

#[tokio::test]
async fn a_change_in_the_same_millisecond_is_a_conflict() {
    let World { store, _cloud } = store_world().await;
    sign_up(&store, &new_user(2, None)).await;
    let before = users::get_strong(&store, id(2), now()).await.unwrap().unwrap();
    let employed = ProfileUpdate { organization: Some(Some("Herons".into())), ..ProfileUpdate::default() };
    let WriteOutcome::Applied(employed) =
        users::update_profile(&store, id(2), &employed, &ExpectedVersion::Any, now()).await.unwrap()
    else {
        panic!("the account is active")
    };
    assert_eq!((employed.updated_at, employed.version), (before.updated_at, before.version + 1));
    let renamed = User { name: "Ana".into(), ..before.clone() };
    assert_eq!(users::replace(&store, &before, &renamed).await.unwrap(), UserSaveOutcome::VersionConflict);
    assert_eq!(users::get_strong(&store, id(2), now()).await.unwrap(), Some(employed));
}

/// A claim from the time before the directory.
#[derive(Serialize, Deserialize)]
struct LegacyUsernameClaim {
    username: Username,
    owner: UserId,
}

impl Item for LegacyUsernameClaim {
    const KIND: &'static str = "username_claim";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::Username(&self.username.folded()), &SortKey::Self_)
    }
}

#[tokio::test]
async fn a_legacy_user_name_claim_is_listed_after_the_next_change() {
    let World { store, _cloud } = store_world().await;
    sign_up(&store, &new_user(2, Some("ana"))).await;
    store.put(&LegacyUsernameClaim { username: name("ana"), owner: id(2) }).await.unwrap();
    assert_eq!(users::id_by_username(&store, &name("ANA"), now()).await.unwrap(), Some(id(2)));
    assert_eq!(directory_entry(&store, "ana").await.unwrap().owner, id(2));
    assert!(listed_usernames(&store, now()).await.is_empty());
    replace(&store, id(2), |user| User { name: "Ana".into(), ..user }).await;
    assert_eq!(listed_usernames(&store, now()).await, ["ana"]);
}
