//! Secrets Manager, as far as a template uses it: `{{resolve:secretsmanager:ID:SecretString:KEY}}`.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use rand::RngExt as _;
use serde_json::{Map, Value, json};

use super::{SamTemplate, TemplateError, TemplateResult};

/// The secrets of a local cloud, by the logical id of their resource. Clones share one store.
#[derive(Clone, Default)]
pub struct LocalSecrets {
    values: Arc<Mutex<BTreeMap<String, Value>>>,
    file: Option<Arc<PathBuf>>,
}

impl LocalSecrets {
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Stores the secrets in a file that only its owner can read, so that tokens stay valid after a restart.
    pub fn in_file(path: &Path) -> anyhow::Result<Self> {
        let values = match std::fs::read_to_string(path) {
            Ok(text) => {
                serde_json::from_str(&text).with_context(|| format!("{} is not readable", path.display()))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        Ok(Self { values: Arc::new(Mutex::new(values)), file: Some(Arc::new(path.to_owned())) })
    }

    /// Generates a secret by `GenerateSecretString`. A secret that exists only gets the fields of a newer template.
    fn create_if_missing(&self, id: &str, generate: &Value) -> anyhow::Result<()> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secret = match generate["SecretStringTemplate"].as_str() {
            Some(text) => serde_json::from_str::<Map<String, Value>>(text).context("SecretStringTemplate")?,
            None => Map::new(),
        };
        let length = generate["PasswordLength"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(32);
        let key = generate["GenerateStringKey"].as_str().unwrap_or("value");
        secret.insert(key.to_owned(), json!(alphanumeric(length)));
        if let Some(existing) = values.get(id).and_then(Value::as_object) {
            if secret.keys().all(|field| existing.contains_key(field)) {
                return Ok(());
            }
            secret.extend(existing.clone());
        }
        values.insert(id.to_owned(), Value::Object(secret));
        let text = serde_json::to_string_pretty(&*values)?;
        drop(values);
        match &self.file {
            Some(path) => write_private(path, &text).with_context(|| path.display().to_string()),
            None => Ok(()),
        }
    }

    /// Replaces the dynamic references in a text.
    pub(super) fn resolve_references(&self, text: &str, path: &str) -> TemplateResult<String> {
        const OPEN: &str = "{{resolve:";
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (reference, after) = after
                .split_once("}}")
                .ok_or_else(|| TemplateError::new(path, "a {{resolve: without a }}"))?;
            filled.push_str(before);
            filled.push_str(&self.resolve_reference_value(reference, path)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn resolve_reference_value(&self, reference: &str, path: &str) -> TemplateResult<String> {
        let unknown = || {
            TemplateError::new(path, format!("the local cloud cannot resolve {{{{resolve:{reference}}}}}"))
        };
        let arn_and_key = reference.strip_prefix("secretsmanager:").ok_or_else(unknown)?;
        let (arn, key) = arn_and_key.split_once(":SecretString:").ok_or_else(unknown)?;
        let id = arn.rsplit(':').next().unwrap_or(arn);
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key.trim_end_matches(':');
        let secret = values.get(id).ok_or_else(unknown)?;
        if key.is_empty() {
            return Ok(secret.to_string());
        }
        secret[key].as_str().map(str::to_owned).ok_or_else(unknown)
    }
}

impl SamTemplate {
    /// Generates the secrets that the template declares and that do not exist yet.
    pub fn generate_secrets(&self) -> anyhow::Result<()> {
        for resource in self.resources("AWS::SecretsManager::Secret")? {
            self.secrets.create_if_missing(resource.id, resource.property("GenerateSecretString"))?;
        }
        Ok(())
    }
}

fn alphanumeric(length: usize) -> String {
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(length).map(char::from).collect()
}

/// Writes a file that others can never read, not even while it is written, and that is never incomplete.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let unfinished = path.with_extension("new");
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    std::fs::rename(unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_generated_once_and_stays_private() {
        let file = std::env::temp_dir().join(format!("colloquy-secrets-{}", rand::random::<u64>()));
        let generate = json!({"SecretStringTemplate": "{\"previous\": \"\"}", "GenerateStringKey": "current", "PasswordLength": 64});
        let resolve = || {
            let secrets = LocalSecrets::in_file(&file).unwrap();
            secrets.create_if_missing("Signing", &generate).unwrap();
            let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:Signing";
            let text = format!(
                "{{{{resolve:secretsmanager:{arn}:SecretString:current}}}},{{{{resolve:secretsmanager:{arn}:SecretString:previous}}}}"
            );
            secrets.resolve_references(&text, "here").unwrap()
        };
        let first = resolve();
        assert_eq!(first.len(), 65);
        assert!(first.ends_with(','));
        assert_eq!(resolve(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn an_unknown_reference_names_its_path() {
        let error = LocalSecrets::in_memory().resolve_references("{{resolve:ssm:/a}}", "A.B").unwrap_err();
        assert_eq!(error.to_string(), "template: A.B: the local cloud cannot resolve {{resolve:ssm:/a}}");
    }
}
