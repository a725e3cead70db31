/// What decides whether a direct channel is in the list of one of its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectChannelState {
    /// The number of the last message. 0 if the channel has no messages.
    pub seq: u64,
    /// The last message when the member hid the channel. A new message shows the channel again without a write. 0 for
    /// the member who did not open the channel, so that it appears with its first message.
    pub hidden_through: Option<u64>,
    /// The member blocked the other one.
    pub is_blocked: bool,
    /// The account of the other member is neither banned nor deleted.
    pub is_other_active: bool,
}

impl DirectChannelState {
    /// Whether the channel is listed. A channel with an account that is gone is listed only if it has messages.
    pub fn is_listed(self) -> bool {
        let is_shown = self.hidden_through.is_none_or(|hidden| self.seq > hidden);
        !self.is_blocked && is_shown && (self.is_other_active || self.seq > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_channel_is_listed_until_it_is_hidden_blocked_or_empty() {
        let state = |seq, hidden_through, is_blocked, is_other_active| DirectChannelState {
            seq,
            hidden_through,
            is_blocked,
            is_other_active,
        };
        for (state, is_listed) in [
            (state(0, None, false, true), true),
            (state(0, Some(0), false, true), false),
            (state(1, Some(0), false, true), true),
            (state(7, Some(7), false, true), false),
            (state(8, Some(7), false, true), true),
            (state(8, None, true, true), false),
            (state(0, None, false, false), false),
            (state(1, None, false, false), true),
        ] {
            assert_eq!(state.is_listed(), is_listed, "{state:?}");
        }
    }
}
