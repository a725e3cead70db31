//! The memory that one function instance keeps between events.

pub mod count_scheduler;
pub mod removal_cache;
pub mod session_cache;

use std::sync::{Arc, Mutex};

use model::refused_joins::RefusedJoins;

use self::{count_scheduler::CountScheduler, removal_cache::RemovalCache, session_cache::SessionCache};

/// The memory of one function instance. Cheap to clone. Every clone refers to the same memory.
#[derive(Clone, Default)]
pub struct InstanceState {
    pub session_cache: SessionCache,
    pub removal_cache: RemovalCache,
    pub count_scheduler: CountScheduler,
    pub refused_joins: Arc<Mutex<RefusedJoins>>,
}
