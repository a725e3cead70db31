//! The machine that measured the figures.

use std::{fmt, fs, thread};

use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct MachineInfo {
    pub cores: usize,
    pub cpu: String,
    pub kernel: String,
    /// The build of the load generator. The deployment may have another.
    pub build: &'static str,
}

impl MachineInfo {
    pub(crate) fn current() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            cpu: cpu.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            kernel: kernel.map_or_else(
                || std::env::consts::OS.to_owned(),
                |release| format!("{} {}", std::env::consts::OS, release.trim()),
            ),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

impl fmt::Display for MachineInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cores, {}, {}, {} build", self.cores, self.cpu, self.kernel, self.build)
    }
}

/// The limit of open files of this process, if the system has one.
pub(crate) fn open_files() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
