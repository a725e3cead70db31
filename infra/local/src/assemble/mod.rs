//! Assembles `template.yaml` from the files of `infra/template`, one file per product.
//!
//! A section whose name begins with a capital letter is CloudFormation. The assembler copies its text, comments
//! included, and replaces each line `# assembled: X`. The other sections are tables.
//!
//! | table | a row becomes | file |
//! | --- | --- | --- |
//! | `queues` | a queue, its dead-letter queue, two alarms, a variable of all functions, two outputs | `queues.rs` |
//! | `functions` | a function, its role, its permission, integration and routes, its alarm | `functions.rs`, `permissions.rs`, `routes.rs` |
//! | `alarms` | an alarm | `alarms.rs` |
//! | `dashboard` | a widget | `dashboard.rs` |
//! | `route_prefixes` | no resource; each HTTP route is served under each prefix | `routes.rs` |
//! | `signing_environment` | a variable of each function with `signs_tokens` | `functions.rs` |
//!
//! The assembler writes text. Serializing a tree of values was rejected, because that loses the comments of copied
//! sections and the layout that makes a review possible.

mod alarms;
mod dashboard;
mod functions;
mod names;
mod permissions;
mod queues;
mod routes;
mod rows;
mod sources;
mod text;

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, bail, ensure};
use queues::QueueRow;
use serde_yaml_ng::Value as Yaml;
use sources::{SECTIONS, SourceFile};

const HEADER: &str = "\
# Assembled from infra/template/*.yaml by `cargo run -- template`. Edit those files, not this one.
";

/// Writes the template that the files in `folder` describe to `file`, if its content differs.
///
/// The command writes the file instead of printing it. `cargo run -- template > template.yaml` would empty the template
/// before cargo compiles this crate, which embeds it.
pub fn write(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let text = assemble(folder)?;
    if fs::read_to_string(file).is_ok_and(|current| current == text) {
        return Ok(());
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Returns the template that the files in `folder` describe.
///
/// Fails on an invalid row, on a queue that no file declares, and on a logical id of two resources.
pub fn assemble(folder: &Path) -> anyhow::Result<String> {
    let sources = sources::read(folder)?;
    let all = TemplateSources::new(&sources);
    let mut text = HEADER.to_owned();
    for section in SECTIONS {
        let mut body = String::new();
        for source in &sources {
            let copied = source.section(section);
            if section == "Resources" {
                let tables = all.resources(source).with_context(|| source.path.display().to_string())?;
                let parts: Vec<&str> = [copied, &tables]
                    .into_iter()
                    .map(str::trim_end)
                    .filter(|part| !part.is_empty())
                    .collect();
                let resources = parts.join("\n\n");
                write!(body, "\n  # ---- {}\n\n{}\n", source.name(), resources.trim_start_matches('\n'))?;
            } else {
                body.push_str(copied);
            }
        }
        ensure!(!body.is_empty(), "no file has a section {section}");
        // a section of one line has no blank line before it
        let gap = if body.starts_with('\n') { "\n" } else { "" };
        writeln!(text, "{gap}{section}:{}", body.trim_end())?;
    }
    let text = all.fill(&text)?;
    let _: Yaml = serde_yaml_ng::from_str(&text).context("the assembled template is not valid")?;
    Ok(text)
}

/// All source files. The rows of one file refer to queues and route prefixes of others.
struct TemplateSources<'a> {
    sources: &'a [SourceFile],
}

impl<'a> TemplateSources<'a> {
    fn new(sources: &'a [SourceFile]) -> Self {
        Self { sources }
    }

    fn queues(&self) -> impl Iterator<Item = (&'a str, &'a QueueRow)> + use<'a> {
        self.sources.iter().flat_map(|source| source.tables.queues.iter())
    }

    fn route_prefixes(&self) -> impl Iterator<Item = (&'a str, &'a String)> + use<'a> {
        self.sources.iter().flat_map(|source| source.tables.route_prefixes.iter())
    }

    /// The variables of the functions that sign tokens.
    fn signing_environment(&self) -> impl Iterator<Item = (&'a str, &'a Yaml)> + use<'a> {
        self.sources.iter().flat_map(|source| source.tables.signing_environment.iter())
    }

    /// Fails if no file declares the queue.
    fn check_queue(&self, id: &str) -> anyhow::Result<()> {
        let known: Vec<&str> = self.queues().map(|(known, _)| known).collect();
        ensure!(known.contains(&id), "the queue {id} does not exist; the queues are {}", known.join(", "));
        Ok(())
    }

    /// The resources of a file's tables.
    fn resources(&self, source: &SourceFile) -> anyhow::Result<String> {
        let tables = &source.tables;
        let mut parts = Vec::new();
        for (id, queue) in tables.queues.iter() {
            parts.push(queues::resources(id, queue)?);
        }
        for (id, function) in tables.functions.iter() {
            parts.push(self.function(id, function).with_context(|| format!("function {id}"))?);
        }
        let mut alarms = String::new();
        for (id, queue) in tables.queues.iter() {
            alarms.push_str(&queues::alarms(id, queue)?);
        }
        for (id, function) in tables.functions.iter() {
            alarms.push_str(&functions::errors_alarm(id, function)?);
        }
        for (id, alarm) in tables.alarms.iter() {
            alarms.push_str(&alarm.resource(id)?);
        }
        parts.push(alarms);
        parts.retain(|part| !part.is_empty());
        Ok(parts.join("\n"))
    }

    /// Replaces the lines `# assembled: X`.
    fn fill(&self, text: &str) -> anyhow::Result<String> {
        let mut filled = String::new();
        for line in text.lines() {
            let unindented = line.trim_start();
            let Some(what) = unindented.strip_prefix("# assembled: ") else {
                filled.push_str(line);
                filled.push('\n');
                continue;
            };
            let indent = &line[..line.len() - unindented.len()];
            for each in self.assembled(what)?.lines() {
                writeln!(filled, "{indent}{each}")?;
            }
        }
        Ok(filled)
    }

    /// The lines that replace `# assembled: {what}`.
    fn assembled(&self, what: &str) -> anyhow::Result<String> {
        let ids = self.queues().map(|(id, _)| id);
        Ok(match what {
            "environment variables of the queues" => queues::environment_variables(ids),
            "references of the queues" => queues::references(ids),
            "URLs of the queues" => queues::outputs(ids),
            "dashboard" => {
                let widgets = self.sources.iter().flat_map(|source| &source.tables.dashboard);
                dashboard::body(widgets, &ids.collect::<Vec<_>>())?
            }
            other => bail!("`# assembled: {other}` is not known"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../template")
    }

    /// Assembles the repository's files with one text replaced.
    fn assemble_with(file: &str, old: &str, new: &str) -> anyhow::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(repository()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            let mut text = fs::read_to_string(entry.path()).unwrap();
            if name == file {
                assert!(text.contains(old), "{file} has no {old}");
                text = text.replace(old, new);
            }
            fs::write(folder.path().join(name), text).unwrap();
        }
        assemble(folder.path())
    }

    #[test]
    fn a_queue_is_renamed_in_the_rows_that_name_it() {
        let text = assemble_with("chat.yaml", "MessageProcessingQueue", "ReplyIndexQueue").unwrap();
        for line in [
            "  ReplyIndexQueue:",
            "  ReplyIndexDeadLetters:",
            "        REPLY_INDEX_QUEUE_URL: !Ref ReplyIndexQueue",
            "        - !Ref ReplyIndexDeadLetters",
            "  ReplyIndexDeadLettersUrl: {Value: !Ref ReplyIndexDeadLetters}",
            "      AlarmName: !Sub \"colloquy-${Stage}-reply-index-age\"",
        ] {
            assert!(text.lines().any(|each| each == line), "{line}");
        }
        assert!(!text.contains("MessageProcessingQueue") && !text.contains("MESSAGE_PROCESSING"));
        // leaves room for long names
        assert!(text.lines().all(|line| line.len() <= 160));
    }

    #[test]
    fn an_invalid_row_is_refused() {
        let cases = [
            (
                "mail.yaml",
                "queue: MailQueue",
                "queue: PostQueue",
                "function WorkerMail: the queue PostQueue does not exist",
            ),
            (
                "docs.yaml",
                "exact_routes: {Default: $default}",
                "memory: 1",
                "it must have routes, messages, or jobs",
            ),
            ("docs.yaml", "exact_routes", "exact_paths", "functions.ApiDocs: unknown field `exact_paths`"),
            ("clock.yaml", "    below: 1\n", "", "the alarm ClockAlarm must have `above` or `below`"),
            (
                "base.yaml",
                "# assembled: URLs",
                "# assembled: names",
                "`# assembled: names of the queues` is not known",
            ),
            ("mail.yaml", "  MailQueue:", "  ChatQueue:", "the queue MailQueue does not exist"),
        ];
        for (file, old, new, expected) in cases {
            let error = format!("{:#}", assemble_with(file, old, new).unwrap_err());
            assert!(error.contains(expected), "{file}, {new}: {error}");
        }
    }

    #[test]
    fn a_logical_id_that_two_files_share_is_refused() {
        let error = assemble_with("docs.yaml", "Default: $default", "Jwks: $default").unwrap_err();
        let error = format!("{error:#}");
        assert!(
            error.contains("the assembled template is not valid") && error.contains("JwksRoute"),
            "{error}"
        );
    }
}
