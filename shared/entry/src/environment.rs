//! Settings as they come in: the process's environment in a Lambda, a map in the local cloud, where a dozen doors share
//! one process.

use std::{collections::BTreeMap, fmt::Display, str::FromStr, sync::Arc};

use crate::Clock;

/// Why a door cannot start. Names the setting, never its value.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the setting {0} is missing")]
    MissingSetting(String),
    #[error("the setting {name} is wrong: {why}")]
    InvalidSetting { name: String, why: String },
}

impl StartError {
    pub fn invalid(name: &str, why: impl Display) -> Self {
        Self::InvalidSetting { name: name.into(), why: why.to_string() }
    }
}

/// Where a door reads its settings and its time, once, at start.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: Arc<BTreeMap<String, String>>,
    clock: Clock,
}

impl Environment {
    /// The environment of this process and the system's clock.
    pub fn from_process() -> Self {
        Self::new(std::env::vars().collect(), Clock::system())
    }

    pub fn new(variables: BTreeMap<String, String>, clock: Clock) -> Self {
        Self { variables: Arc::new(variables), clock }
    }

    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A setting that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn required(&self, name: &str) -> Result<&str, StartError> {
        self.get(name).ok_or_else(|| StartError::MissingSetting(name.into()))
    }

    /// A setting in its type, or the default where it is absent.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str, default: T) -> Result<T, StartError> {
        self.get(name).map_or(Ok(default), |text| text.parse().map_err(|why| StartError::invalid(name, why)))
    }
}
