//! The limit of open files of this process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit of macOS for a process that may have any number (`OPEN_MAX`).
const FALLBACK_LIMIT: u64 = 10_240;

/// Raises the soft limit of open files to the hard one. Each socket and each request in progress needs a descriptor, and shells
/// start with 1,024 (Linux) or 256 (macOS). If the system refuses, the limit stays as it is, and the listener reports it when it is
/// reached.
pub fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = [maximum, maximum.map_or(Some(FALLBACK_LIMIT), |most| Some(most.min(FALLBACK_LIMIT)))];
    for limit in wanted {
        if current.is_none() || limit.is_some_and(|limit| current >= Some(limit)) {
            return;
        }
        if setrlimit(Resource::Nofile, Rlimit { current: limit, maximum }).is_ok() {
            return;
        }
    }
    tracing::warn!(limit = ?current, "the limit of open files cannot be raised: set it with `ulimit -n`");
}
