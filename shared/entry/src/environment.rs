//! The settings of a function. They come from the process's environment in a Lambda function, and from a map in the
//! local cloud, where all functions share one process.

use std::{collections::BTreeMap, fmt::Display, str::FromStr, sync::Arc};

use crate::{AwsConnections, Clock};

/// The reason why a function cannot start. It names the setting and never its value.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the setting {0} is missing: set it in the environment of the function")]
    MissingSetting(String),
    #[error("the setting {name} is invalid: {why}")]
    InvalidSetting { name: String, why: String },
    #[error("the pool of connections to the AWS services cannot be made: {0}")]
    NoConnections(String),
}

impl StartError {
    pub fn invalid(name: &str, why: impl Display) -> Self {
        Self::InvalidSetting { name: name.into(), why: why.to_string() }
    }
}

/// The settings and the clock of a function, which it reads once at start.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: Arc<BTreeMap<String, String>>,
    clock: Clock,
    connections: AwsConnections,
}

impl Environment {
    /// Returns the environment of this process and the clock of the system.
    pub fn from_process() -> Self {
        Self::new(std::env::vars().collect(), Clock::system())
    }

    pub fn new(variables: BTreeMap<String, String>, clock: Clock) -> Self {
        Self { variables: Arc::new(variables), clock, connections: AwsConnections::default() }
    }

    /// Shares the connections to the AWS services with the other functions of the process.
    #[must_use]
    pub fn with_connections(self, connections: AwsConnections) -> Self {
        Self { connections, ..self }
    }

    pub(crate) const fn connections(&self) -> &AwsConnections {
        &self.connections
    }

    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns a setting that is present and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns a setting.
    ///
    /// # Errors
    /// Returns `MissingSetting` if it is absent or empty.
    pub fn required(&self, name: &str) -> Result<&str, StartError> {
        self.get(name).ok_or_else(|| StartError::MissingSetting(name.into()))
    }

    /// Parses a setting, or returns the default if it is absent.
    ///
    /// # Errors
    /// Returns `InvalidSetting` if it cannot be parsed.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str, default: T) -> Result<T, StartError> {
        self.get(name).map_or(Ok(default), |text| text.parse().map_err(|why| StartError::invalid(name, why)))
    }
}
