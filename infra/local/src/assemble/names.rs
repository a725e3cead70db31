//! Derives names from logical ids.

/// Turns `WorkerSessions` into `worker-sessions`.
pub(super) fn kebab(id: &str) -> String {
    words(id).join("-").to_lowercase()
}

/// Turns `ChatQueue` into `CHAT_QUEUE`.
pub(super) fn screaming_snake(id: &str) -> String {
    words(id).join("_").to_uppercase()
}

/// Turns `submit_response` into `SubmitResponse`, and `admin/messages` into `AdminMessages`.
pub(super) fn pascal(name: &str) -> String {
    let words = name.split(|separator: char| !separator.is_ascii_alphanumeric());
    words
        .filter_map(|word| word.split_at_checked(1))
        .map(|(first, rest)| first.to_ascii_uppercase() + rest)
        .collect()
}

fn words(id: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = id;
    while !rest.is_empty() {
        let end = rest.char_indices().skip(1).find(|(_, letter)| letter.is_uppercase());
        let (word, after) = rest.split_at(end.map_or(rest.len(), |(index, _)| index));
        words.push(word);
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_ids() {
        assert_eq!(kebab("WorkerSessions"), "worker-sessions");
        assert_eq!(screaming_snake("MessageProcessingQueue"), "MESSAGE_PROCESSING_QUEUE");
        assert_eq!(pascal("get_online_users"), "GetOnlineUsers");
        assert_eq!(pascal("admin/messages"), "AdminMessages");
        assert_eq!(pascal("$connect"), "Connect");
    }
}
