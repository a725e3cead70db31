//! What a socket was sent.

use emulator::OutboundFrame;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

/// The frames that a socket was sent. Each method takes the frames that no earlier call has taken.
pub struct SentFrames(UnboundedReceiver<OutboundFrame>);

impl SentFrames {
    pub(crate) const fn new(receiver: UnboundedReceiver<OutboundFrame>) -> Self {
        Self(receiver)
    }

    pub fn all(&mut self) -> Vec<OutboundFrame> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }

    /// Returns the frames, and whether the socket was closed.
    pub fn frames(&mut self) -> (Vec<Value>, bool) {
        let all = self.all();
        let is_closed = all.iter().any(|sent| matches!(sent, OutboundFrame::Close { .. }));
        let frames = all.into_iter().filter_map(|sent| match sent {
            OutboundFrame::Text(text) => Some(serde_json::from_str(&text).expect("frames are JSON")),
            OutboundFrame::Close { .. } => None,
        });
        (frames.collect(), is_closed)
    }

    /// Returns the payloads of the events of this type.
    pub fn payloads_of(&mut self, kind: &str) -> Vec<Value> {
        let (frames, _) = self.frames();
        frames
            .into_iter()
            .filter(|frame| frame["type"] == kind)
            .map(|mut frame| frame["payload"].take())
            .collect()
    }
}
