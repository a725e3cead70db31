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

/// Returns the members of the channel that a text mentions, in the order of the text. The author is left out.
///
/// A text without `@` needs no request. Other texts need two requests, which cost half a read unit for each name and
/// each member, and 1 read unit more for each that is not found.
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
    let mut owners: Vec<UserId> =
        found.iter().map(|entry| entry.owner).filter(|owner| *owner != author).collect();
    // a user who just changed their user name can have two entries for a moment
    owners.sort_unstable();
    owners.dedup();
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let members = find_members(app, channel, &owners).await?;
    let entry_of = |name: &Username| found.iter().find(|entry| has_username(entry, name));
    let is_member = |entry: &&DirectoryEntry| members.iter().any(|member| member.user == entry.owner);
    let mentioned = names.iter().filter_map(entry_of).filter(is_member);
    Ok(mentioned
        .map(|entry| MentionedMember { user: entry.owner, username: entry.username.as_str().into() })
        .collect())
}

fn has_username(entry: &DirectoryEntry, name: &Username) -> bool {
    entry.username.folded() == name.folded()
}

/// Returns the users with these names. Reads names that are not found again strongly, because they may have just been
/// chosen.
async fn find_entries(app: &App, names: &[Username]) -> Result<Vec<DirectoryEntry>, Error> {
    let now = app.clock.now();
    let mut found = directory::list_by_usernames(&app.store, names, ReadConsistency::Eventual, now).await?;
    let is_missing = |name: &&Username| !found.iter().any(|entry| has_username(entry, name));
    let missing: Vec<Username> = names.iter().filter(is_missing).cloned().collect();
    found.extend(directory::list_by_usernames(&app.store, &missing, ReadConsistency::Strong, now).await?);
    Ok(found)
}

/// Returns which of the users are members of the channel. Reads users that are not found again strongly, because they
/// may have just been added.
async fn find_members(app: &App, channel: ChannelId, users: &[UserId]) -> Result<Vec<ChannelMember>, Error> {
    let now = app.clock.now();
    let mut found = memberships::get_many(&app.store, channel, users, now).await?;
    let is_missing = |user: &&UserId| !found.iter().any(|member| member.user == **user);
    let missing: Vec<UserId> = users.iter().filter(is_missing).copied().collect();
    let strong_reads =
        missing.iter().map(|user| memberships::get(&app.store, channel, *user, ReadConsistency::Strong, now));
    found.extend(try_join_all(strong_reads).await?.into_iter().flatten());
    Ok(found)
}
