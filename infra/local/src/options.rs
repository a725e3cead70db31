//! How to start a local cloud.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use emulator::DataLocation;
use entry::Clock;

use crate::functions::FunctionRegistry;

/// What [`Local::start`](crate::Local::start) takes; the default is what a test wants.
#[derive(Clone)]
pub struct LocalOptions {
    /// Port of the front; 0 takes a free one.
    pub port: u16,
    pub data: DataLocation,
    /// Seed of misbehaviour; `None` behaves.
    pub chaos: Option<u64>,
    /// With chaos: of the frames to clients, this share is lost, doubled or out of order (0 to 1).
    pub chaos_frames: f64,
    /// An Invoke API that runs the functions, instead of this process.
    pub lambda: Option<reqwest::Url>,
    /// Else `template.yaml` of the working directory, else the one this was built with.
    pub template: Option<PathBuf>,
    /// Parameters of the template, on top of those that the local cloud sets.
    pub parameters: BTreeMap<String, String>,
    pub clock: Clock,
    /// When a message that failed is tried again: soon, where AWS waits for the visibility timeout (minutes).
    /// `None` waits as AWS does.
    pub retry_after: Option<Duration>,
    pub functions: FunctionRegistry,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            port: 0,
            data: DataLocation::Memory,
            chaos: None,
            chaos_frames: 0.0,
            lambda: None,
            template: None,
            parameters: BTreeMap::new(),
            clock: Clock::system(),
            retry_after: Some(Duration::from_secs(1)),
            functions: FunctionRegistry::all(),
        }
    }
}
