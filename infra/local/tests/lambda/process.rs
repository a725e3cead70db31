//! A function as a process.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
};

use local::template::FunctionSpec;

use crate::binaries;

/// Killed when it is dropped, whatever becomes of the test.
pub(crate) struct FunctionProcess(Child);

impl FunctionProcess {
    /// With its own environment and what Lambda adds, and nothing of this test's.
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

/// As deployed: every function has the keys of its own role. Only warnings are logged, for whoever reads why a test failed.
pub(crate) fn environment(function: &FunctionSpec) -> BTreeMap<String, String> {
    let mut environment = function.environment.clone();
    environment.insert("AWS_ACCESS_KEY_ID".into(), function.id.clone());
    environment.insert("LOG_LEVEL".into(), "warn".into());
    environment
}
