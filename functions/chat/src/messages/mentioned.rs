use entry::App;
use model::{ChannelId, Error, UserId, message::content, user::Username};
use store::{
    members,
    messages::Mentioned,
    users::directory::{self, Entry},
};

/// Members of the channel whom a text mentions, in its order; never its author. No request where there is no `@`; with one, two
/// requests, and half a read unit for each name and each member.
pub(super) async fn mentioned(
    app: &App,
    channel: ChannelId,
    author: UserId,
    text: &str,
) -> Result<Vec<Mentioned>, Error> {
    let now = app.clock.now();
    let names = content::mentions(text);
    let names: Vec<Username> = names.iter().filter_map(|name| Username::typed(name).ok()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<Entry> = directory::by_usernames(&app.store, &names, now).await?;
    let mut owners: Vec<UserId> = found.iter().map(|entry| entry.owner).filter(|it| *it != author).collect();
    // one who has just changed their name may have two for a moment
    owners.sort_unstable();
    owners.dedup();
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let members = members::get_many(&app.store, channel, &owners, now).await?;
    let of = |name: &Username| found.iter().find(|entry| entry.username.folded() == name.folded());
    let is_member = |entry: &&Entry| members.iter().any(|member| member.user == entry.owner);
    let mentioned = names.iter().filter_map(of).filter(is_member);
    Ok(mentioned
        .map(|entry| Mentioned { user: entry.owner, username: entry.username.as_str().into() })
        .collect())
}
