//! Reads the files of `infra/template`.

use std::{
    fmt, fs,
    marker::PhantomData,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

use super::{alarms::Alarm, dashboard::Widget, functions::Function, queues::Queue};

/// CloudFormation's sections, in the order of the template.
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

/// What all products share. It comes first in the template.
const BASE: &str = "base.yaml";

/// One file.
pub(super) struct Source {
    pub(super) path: PathBuf,
    sections: Vec<(&'static str, String)>,
    pub(super) tables: Tables,
}

/// The tables of a file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tables {
    pub(super) queues: Rows<Queue>,
    pub(super) functions: Rows<Function>,
    pub(super) alarms: Rows<Alarm>,
    pub(super) route_prefixes: Rows<String>,
    pub(super) dashboard: Vec<Widget>,
}

/// Reads all files of the folder: what all products share, then the others by name.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<Source>> {
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
        Source::parse(path.clone(), &text).with_context(|| path.display().to_string())
    };
    paths.into_iter().map(read).collect()
}

impl Source {
    /// Comments at the margin are for readers of the file. They are not copied.
    fn parse(path: PathBuf, text: &str) -> anyhow::Result<Self> {
        let mut sections: Vec<(&'static str, String)> = Vec::new();
        let mut tables = String::new();
        let mut in_section = false;
        for line in text.lines() {
            let begins = line.starts_with(|first: char| !first.is_whitespace() && first != '#');
            let section = begins.then(|| section(line)).flatten();
            in_section = if begins { section.is_some() } else { in_section };
            // what is copied leaves a blank line in the tables, so that the line numbers of errors are those of the file
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
        // a file without tables is a document without a value
        let tables: Option<Tables> = serde_yaml_ng::from_str(&tables)?;
        Ok(Self { path, sections, tables: tables.unwrap_or_default() })
    }

    /// The text of a CloudFormation section, from what follows the colon. Empty if the file has no such section.
    pub(super) fn section(&self, name: &str) -> &str {
        self.sections.iter().find(|(section, _)| *section == name).map_or("", |(_, body)| body)
    }

    /// The name of the file in the repository, wherever the folder is.
    pub(super) fn name(&self) -> String {
        format!("infra/template/{}", self.path.file_name().unwrap_or_default().to_string_lossy())
    }
}

/// The CloudFormation section that a line begins, and what follows its colon.
fn section(line: &str) -> Option<(&'static str, &str)> {
    let (name, value) = line.split_once(':')?;
    SECTIONS.into_iter().find(|section| *section == name).map(|section| (section, value))
}

/// A map in the order of the file.
pub(super) struct Rows<T>(Vec<(String, T)>);

impl<T> Rows<T> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, row)| (name.as_str(), row))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(String, T)> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowsVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsVisitor<T> {
            type Value = Rows<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of rows")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut rows: Vec<(String, T)> = Vec::new();
                while let Some((name, row)) = map.next_entry::<String, T>()? {
                    if rows.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom(format!("{name} is there twice")));
                    }
                    rows.push((name, row));
                }
                Ok(Rows(rows))
            }
        }

        deserializer.deserialize_map(RowsVisitor(PhantomData))
    }
}
