//! Holds a chosen call to the services, so that a test can let its caller die there, or let something else happen in between.
//!
//! Calls are counted where they arrive. The count does not depend on how a socket or an executor splits the work, so that a test
//! reaches every boundary between two calls, in every run.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Notify, watch};

/// On which side of a call the caller is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallSide {
    /// The service has not seen the call.
    Before,
    /// The service has carried out the call, but its response is not sent.
    After,
}

/// The barrier of one emulator. Clones are the same barrier.
#[derive(Clone, Default)]
pub struct CallBarrier(Arc<Mutex<Option<Arc<Hold>>>>);

struct Hold {
    /// Calls that still pass.
    passing: AtomicUsize,
    side: CallSide,
    is_reached: Notify,
    end: watch::Sender<Option<HoldEnd>>,
}

#[derive(Clone, Copy)]
enum HoldEnd {
    Resumed,
    Abandoned,
}

impl CallBarrier {
    /// Holds the `number`-th call from now on, counted from 1. All other calls pass.
    pub fn hold(&self, number: usize, side: CallSide) -> HeldCall {
        let hold = Arc::new(Hold {
            passing: AtomicUsize::new(number),
            side,
            is_reached: Notify::new(),
            end: watch::Sender::new(None),
        });
        *self.current() = Some(Arc::clone(&hold));
        HeldCall { barrier: self.clone(), hold }
    }

    /// Carries out a call; `None` where its caller was abandoned.
    pub(crate) async fn pass<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        let hold = self.current().clone().filter(|hold| hold.is_next());
        let Some(hold) = hold else { return Some(call.await) };
        if hold.side == CallSide::Before {
            hold.wait_for_end().await?;
            return Some(call.await);
        }
        let response = call.await;
        hold.wait_for_end().await?;
        Some(response)
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Arc<Hold>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// Counts a call; is it the one to hold?
    fn is_next(&self) -> bool {
        let left =
            self.passing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left == Ok(1)
    }

    async fn wait_for_end(&self) -> Option<()> {
        self.is_reached.notify_one();
        let mut end = self.end.subscribe();
        let end = end.wait_for(Option::is_some).await.ok()?;
        matches!(*end, Some(HoldEnd::Resumed)).then_some(())
    }
}

/// A call that is or will be held. Dropping this abandons the caller.
pub struct HeldCall {
    barrier: CallBarrier,
    hold: Arc<Hold>,
}

impl HeldCall {
    /// Waits until the call is held.
    pub async fn reached(&self) {
        self.hold.is_reached.notified().await;
    }

    /// Lets the call go on.
    pub fn resume(&self) {
        self.hold.end.send_replace(Some(HoldEnd::Resumed));
    }
}

impl Drop for HeldCall {
    fn drop(&mut self) {
        self.hold.end.send_if_modified(|end| {
            let is_open = end.is_none();
            end.get_or_insert(HoldEnd::Abandoned);
            is_open
        });
        self.barrier.current().take_if(|current| Arc::ptr_eq(current, &self.hold));
    }
}
