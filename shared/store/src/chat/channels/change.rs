use super::{Channel, ChannelNameClaim, key, name_key};
use crate::{
    ConditionExpression, Item, Store, TransactOutcome, TransactWrite, UpdateExpression,
    dynamodb::error::Result,
};

/// The outcome of a change of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelChangeOutcome {
    Applied(Channel),
    /// The channel has changed since it was read, or was deleted. The caller reads it again.
    VersionConflict,
    NameTaken,
}

/// CHAT-6, CHAT-7, CHAT-8. Replaces a channel as it was read, and moves its name. Members are not touched, so
/// concurrent joins do not conflict. 2 write units, 2 for the index of public channels, and 4 more if the name changes.
pub async fn change(store: &Store, before: &Channel, after: Channel) -> Result<ChannelChangeOutcome> {
    let after = Channel { version: before.version + 1, ..after };
    let mut writes =
        vec![("channel", TransactWrite::update(key(before.id), update_expression(before, &after)?))];
    let folded = |channel: &Channel| channel.name.as_ref().map(model::channel::ChannelName::folded);
    let is_renamed = folded(before) != folded(&after);
    if let Some(name) = after.name.as_ref().filter(|_| is_renamed) {
        let claim = ChannelNameClaim { name: name.clone(), channel: after.id };
        writes.push(("new name", TransactWrite::put_new(&claim)?));
    }
    if let Some(name) = before.name.as_ref().filter(|_| is_renamed) {
        let owned = ConditionExpression::new("channel = :id").text(":id", before.id);
        writes.push(("old name", TransactWrite::delete(name_key(name), owned)));
    }
    Ok(match store.transact(writes).await? {
        TransactOutcome::Applied => ChannelChangeOutcome::Applied(after),
        TransactOutcome::Failed(failures) if failures.contains("channel") => {
            ChannelChangeOutcome::VersionConflict
        }
        TransactOutcome::Failed(_) => ChannelChangeOutcome::NameTaken,
    })
}

fn update_expression(before: &Channel, after: &Channel) -> Result<UpdateExpression> {
    let mut set =
        vec!["#name = :name", "description = :description", "updated_at = :now", "version = version + :one"];
    let mut remove = Vec::new();
    match after.archived_at {
        Some(_) => set.push("archived_at = :archived"),
        None => remove.push("archived_at"),
    }
    let listed = after.gsi1();
    match listed {
        Some(_) => set.extend(["gsi1pk = :index", "gsi1sk = :sort"]),
        None => remove.extend(["gsi1pk", "gsi1sk"]),
    }
    let mut expression = format!("SET {}", set.join(", "));
    if !remove.is_empty() {
        expression = format!("{expression} REMOVE {}", remove.join(", "));
    }
    let mut change = UpdateExpression::new(expression)
        .with_condition("version = :before")
        .name("#name", "name")
        .serialized(":name", &after.name)?
        .serialized(":description", &after.description)?
        .serialized(":now", &after.updated_at)?
        .number(":before", before.version)
        .number(":one", 1);
    if let Some(archived_at) = after.archived_at {
        change = change.serialized(":archived", &archived_at)?;
    }
    if let Some((index, sort)) = listed {
        change = change.text(":index", index).text(":sort", sort);
    }
    Ok(change)
}
