//! Writes the settings for functions that another process runs: `cargo lambda watch --env-file`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context as _;

use crate::template::{FunctionSpec, write_private};

/// Writes the environment of the functions to a file. All functions get this file, so a setting whose value differs
/// between two functions is left out.
pub(crate) fn write_environment_file(functions: &[FunctionSpec], file: &Path) -> anyhow::Result<()> {
    let mut settings = BTreeMap::new();
    let mut differ = BTreeSet::new();
    for (name, value) in functions.iter().flat_map(|function| &function.environment) {
        if settings.insert(name.as_str(), value.as_str()).is_some_and(|other| other != value) {
            differ.insert(name.as_str());
        }
    }
    settings.retain(|name, _| !differ.contains(name));
    // `cargo lambda watch` sets the name of each function
    differ.remove("AWS_LAMBDA_FUNCTION_NAME");
    if !differ.is_empty() {
        tracing::warn!(settings = ?differ, "these settings differ between functions and are left out of {}", file.display());
    }
    let lines = settings
        .iter()
        .map(|(name, value)| env_file_line(name, value))
        .collect::<anyhow::Result<String>>()?;
    write_private(file, &lines).with_context(|| file.display().to_string())
}

/// A line of the file. The quotes are those of a shell. The reader in `cargo lambda watch` (env-file-reader 0.3)
/// refuses a file with an unquoted space in a value, and knows no escape within these quotes.
fn env_file_line(name: &str, value: &str) -> anyhow::Result<String> {
    anyhow::ensure!(
        !value.contains(['\'', '\n']),
        "{name} has a quote or a line break, which the file format does not allow"
    );
    Ok(format!("{name}='{value}'\n"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn function(name: &str, own: &[(&str, &str)]) -> FunctionSpec {
        let lambda_name = [("AWS_LAMBDA_FUNCTION_NAME", name)];
        let own = own.iter().chain(&lambda_name);
        FunctionSpec {
            id: name.into(),
            name: name.into(),
            arn: String::new(),
            binary: name.into(),
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            environment: own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    #[test]
    fn common_variables_are_written_and_quoted() {
        let functions = [
            function("a", &[("SENDER", "Colloquy <a@example.com>"), ("EMPTY", ""), ("TWO", "1")]),
            function("b", &[("ONLY_B", "$HOME #"), ("TWO", "2")]),
            function("c", &[("TWO", "1")]),
        ];
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lambda.env");
        write_environment_file(&functions, &file).unwrap();
        let written = std::fs::read_to_string(&file).unwrap();
        assert_eq!(written, "EMPTY=''\nONLY_B='$HOME #'\nSENDER='Colloquy <a@example.com>'\n");
        let error =
            write_environment_file(&[function("a", &[("NAME", "it's")])], &file).unwrap_err().to_string();
        assert!(error.contains("NAME has a quote"), "{error}");
    }
}
