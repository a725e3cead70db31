//! A function as a process.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
};

use local::template::FunctionSpec;

use crate::binaries;

/// A running function. Dropping it kills the process, also if the test fails.
pub(crate) struct FunctionProcess(Child);

impl FunctionProcess {
    /// Starts a function with its own environment and the variables of Lambda. The environment of the test is not
    /// inherited.
    pub(crate) fn start(function: &FunctionSpec, runtime_api: &str) -> Self {
        Self(command(&function.binary, &environment(function), runtime_api).spawn().unwrap())
    }
}

impl Drop for FunctionProcess {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

pub(crate) fn command(binary: &str, environment: &BTreeMap<String, String>, runtime_api: &str) -> Command {
    let mut command = Command::new(binaries::build_and_locate(binary));
    command.env_clear().envs(environment).env("AWS_LAMBDA_RUNTIME_API", runtime_api);
    command.stdin(Stdio::null());
    command
}

/// The environment of a deployed function, with the key of its own role. Only warnings are logged, which help if the
/// test fails.
pub(crate) fn environment(function: &FunctionSpec) -> BTreeMap<String, String> {
    let mut environment = function.environment.clone();
    environment.insert("AWS_ACCESS_KEY_ID".into(), function.id.clone());
    environment.insert("LOG_LEVEL".into(), "warn".into());
    environment
}
