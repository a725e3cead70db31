//! Reads the files of `infra/template`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_yaml_ng::Value as Yaml;

use super::{
    alarms::AlarmRow, dashboard::WidgetRow, functions::FunctionRow, queues::QueueRow, rows::NamedRows,
};

/// The sections of CloudFormation, in the order of the template.
pub(super) const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Conditions",
    "Globals",
    "Resources",
    "Outputs",
];

/// The file with the parts that all products share. It comes first in the template.
const BASE: &str = "base.yaml";

/// A file of `infra/template`.
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    sections: Vec<(&'static str, String)>,
    pub(super) tables: SourceTables,
}

/// The tables of a file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SourceTables {
    pub(super) queues: NamedRows<QueueRow>,
    pub(super) functions: NamedRows<FunctionRow>,
    pub(super) alarms: NamedRows<AlarmRow>,
    pub(super) route_prefixes: NamedRows<String>,
    pub(super) signing_environment: NamedRows<Yaml>,
    pub(super) dashboard: Vec<WidgetRow>,
}

/// Reads all files of the folder, first `base.yaml` and then the others by name.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<SourceFile>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
    paths.sort_by_key(|path| (!path.ends_with(BASE), path.clone()));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        SourceFile::parse(path.clone(), &text).with_context(|| path.display().to_string())
    };
    paths.into_iter().map(read).collect()
}

impl SourceFile {
    /// Parses a file. Comments without indentation are for readers of the file and are not copied.
    fn parse(path: PathBuf, text: &str) -> anyhow::Result<Self> {
        let mut sections: Vec<(&'static str, String)> = Vec::new();
        let mut tables = String::new();
        let mut in_section = false;
        for line in text.lines() {
            let begins = line.starts_with(|first: char| !first.is_whitespace() && first != '#');
            let section = begins.then(|| section(line)).flatten();
            in_section = if begins { section.is_some() } else { in_section };
            // copied sections leave blank lines in the tables, so that errors have the line numbers of the file
            tables.push_str(if in_section { "" } else { line });
            tables.push('\n');
            if let Some((name, value)) = section {
                ensure!(!sections.iter().any(|(other, _)| *other == name), "there are two sections {name}");
                sections.push((name, format!("{value}\n")));
            } else if let Some((_, body)) =
                sections.last_mut().filter(|_| in_section && !line.starts_with('#'))
            {
                body.push_str(line);
                body.push('\n');
            }
        }
        for (_, body) in &mut sections {
            body.truncate(body.trim_end().len());
            body.push('\n');
        }
        // a file without tables is an empty document
        let tables: Option<SourceTables> = serde_yaml_ng::from_str(&tables)?;
        Ok(Self { path, sections, tables: tables.unwrap_or_default() })
    }

    /// The text of a CloudFormation section after its colon. Empty if the file has no such section.
    pub(super) fn section(&self, name: &str) -> &str {
        self.sections.iter().find(|(section, _)| *section == name).map_or("", |(_, body)| body)
    }

    /// The path of the file in the repository, regardless of where the folder is.
    pub(super) fn name(&self) -> String {
        format!("infra/template/{}", self.path.file_name().unwrap_or_default().to_string_lossy())
    }
}

/// The CloudFormation section that starts on this line, and the text after its colon.
fn section(line: &str) -> Option<(&'static str, &str)> {
    let (name, value) = line.split_once(':')?;
    SECTIONS.into_iter().find(|section| *section == name).map(|section| (section, value))
}
