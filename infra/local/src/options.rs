//! The options of a local cloud.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use emulator::DataLocation;
use entry::Clock;

use crate::functions::FunctionRegistry;

/// The options of [`LocalCloud::start`](crate::LocalCloud::start). The defaults suit a test.
#[derive(Clone)]
pub struct LocalOptions {
    /// The port of the gateway; 0 takes a free port.
    pub port: u16,
    pub data: DataLocation,
    /// The seed of injected faults. `None` injects none.
    pub chaos: Option<u64>,
    /// With chaos, the share of frames to clients that are lost, duplicated or reordered (0 to 1).
    pub chaos_frames: f64,
    /// The URL of an Invoke API that runs the functions. `None` runs them in this process.
    pub lambda: Option<reqwest::Url>,
    /// The template. `None` reads `template.yaml` in the working directory, or else the template of the build.
    pub template: Option<PathBuf>,
    /// Parameters of the template, in addition to those that the local cloud sets.
    pub parameters: BTreeMap<String, String>,
    pub clock: Clock,
    /// The time until a failed message is delivered again. AWS waits for the visibility timeout, which takes minutes.
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
