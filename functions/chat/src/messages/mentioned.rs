use entry::App;
use futures::future::try_join_all;
use model::{ChannelId, Error, UserId, message::content, user::Username};
use store::{
    ReadConsistency,
    chat::{
        memberships::{self, ChannelMember},
        messages::MentionedMember,
    },
    identity::users::directory::{self, DirectoryEntry},
};

/// Members of the channel whom a text mentions, in its order; never its author. No request where there is no `@`; with one, two
/// requests, and half a read unit for each name and each member; 1 more for each that is not found.
pub(super) async fn resolve_mentions(
    app: &App,
    channel: ChannelId,
    author: UserId,
    text: &str,
) -> Result<Vec<MentionedMember>, Error> {
    let names = content::find_mentions(text);
    let names: Vec<Username> = names.iter().filter_map(|name| Username::parse(name).ok()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found = find_entries(app, &names).await?;
    let mut owners: Vec<UserId> = found.iter().map(|entry| entry.owner).filter(|it| *it != author).collect();
    // one who has just changed their name may have two for a moment
    owners.sort_unstable();
    owners.dedup();
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let members = find_members(app, channel, &owners).await?;
    let of = |name: &Username| found.iter().find(|entry| has_username(entry, name));
    let is_member = |entry: &&DirectoryEntry| members.iter().any(|member| member.user == entry.owner);
    let mentioned = names.iter().filter_map(of).filter(is_member);
    Ok(mentioned
        .map(|entry| MentionedMember { user: entry.owner, username: entry.username.as_str().into() })
        .collect())
}

fn has_username(entry: &DirectoryEntry, name: &Username) -> bool {
    entry.username.folded() == name.folded()
}

/// The accounts of these names. What was not found is asked for once more: it may have been chosen a moment ago.
async fn find_entries(app: &App, names: &[Username]) -> Result<Vec<DirectoryEntry>, Error> {
    let now = app.clock.now();
    let mut found = directory::list_by_usernames(&app.store, names, ReadConsistency::Eventual, now).await?;
    let is_missing = |name: &&Username| !found.iter().any(|entry| has_username(entry, name));
    let missing: Vec<Username> = names.iter().filter(is_missing).cloned().collect();
    found.extend(directory::list_by_usernames(&app.store, &missing, ReadConsistency::Strong, now).await?);
    Ok(found)
}

/// Those of them who are in the channel. Who was not found is asked for once more: they may have been added a moment ago.
async fn find_members(app: &App, channel: ChannelId, users: &[UserId]) -> Result<Vec<ChannelMember>, Error> {
    let now = app.clock.now();
    let mut found = memberships::get_many(&app.store, channel, users, now).await?;
    let is_missing = |user: &&UserId| !found.iter().any(|member| member.user == **user);
    let missing: Vec<UserId> = users.iter().filter(is_missing).copied().collect();
    let again =
        missing.iter().map(|user| memberships::get(&app.store, channel, *user, ReadConsistency::Strong, now));
    found.extend(try_join_all(again).await?.into_iter().flatten());
    Ok(found)
}
