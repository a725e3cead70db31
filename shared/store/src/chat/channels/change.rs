use super::{Channel, ChannelNameClaim, key, name_key};
use crate::{ConditionExpression, Item, Store, TransactWrite, UpdateExpression, dynamodb::error::Result};

/// What changing a channel came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelChangeOutcome {
    Applied(Channel),
    /// It was changed in between, or is gone: read it again.
    VersionConflict,
    NameTaken,
}

/// Y1, Y2, Y3: what a channel is, over what was read; its name moves with it. Who is in it is not touched: people join meanwhile. 2
/// write units, 2 for the index of public channels; 4 more for a name.
pub async fn change(store: &Store, before: &Channel, after: Channel) -> Result<ChannelChangeOutcome> {
    let mut writes = vec![TransactWrite::update(key(before.id), update_expression(before, &after)?)];
    let folded = |channel: &Channel| channel.name.as_ref().map(model::channel::ChannelName::folded);
    let moves = folded(before) != folded(&after);
    if let Some(name) = after.name.as_ref().filter(|_| moves) {
        writes.push(TransactWrite::put_new(&ChannelNameClaim { name: name.clone(), channel: after.id })?);
    }
    if let Some(name) = before.name.as_ref().filter(|_| moves) {
        let ours = ConditionExpression::new("channel = :id").text(":id", before.id);
        writes.push(TransactWrite::delete(name_key(name), ours));
    }
    Ok(match store.transact(writes).await? {
        Ok(()) => ChannelChangeOutcome::Applied(after),
        Err(lost) if lost.contains(&0) => ChannelChangeOutcome::VersionConflict,
        Err(_) => ChannelChangeOutcome::NameTaken,
    })
}

fn update_expression(before: &Channel, after: &Channel) -> Result<UpdateExpression> {
    let mut set = vec!["#name = :name", "description = :description", "updated_at = :now"];
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
        .with_condition("updated_at = :before")
        .name("#name", "name")
        .serialized(":name", &after.name)?
        .serialized(":description", &after.description)?
        .serialized(":now", &after.updated_at)?
        .serialized(":before", &before.updated_at)?;
    if let Some(archived_at) = after.archived_at {
        change = change.serialized(":archived", &archived_at)?;
    }
    if let Some((index, sort)) = listed {
        change = change.text(":index", index).text(":sort", sort);
    }
    Ok(change)
}
