//! The files of the repository, and the parts of Markdown.

use std::{collections::BTreeMap, fs, path::Path};

use crate::world::repository;

/// The files of the repository by path, with the text of those that people read.
pub(crate) struct Files(pub(crate) BTreeMap<String, Option<String>>);

impl Files {
    pub(crate) fn of_repository() -> Self {
        let mut files = BTreeMap::new();
        collect(&repository(), "", &mut files);
        Self(files)
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path)?.as_deref()
    }

    /// Path and text of every text file.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Is there a file or folder at this path?
    pub(crate) fn contains(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let mut after = self.0.range(folder.clone()..);
        self.0.contains_key(path)
            || folder == "/"
            || after.next().is_some_and(|(file, _)| file.starts_with(&folder))
    }
}

/// Reads a folder. Skips what git ignores, and hidden files except those of CI and cargo.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Option<String>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let hidden = name.starts_with('.') && ![".ci", ".cargo"].contains(&name.as_str());
        if hidden || ["target", "__pycache__"].contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(bytes) = fs::read(entry.path()) {
            files.insert(path, String::from_utf8(bytes).ok());
        }
    }
}

/// The extension of a file; empty without one.
pub(crate) fn kind(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, kind)| kind)
}

/// Makefiles and executable texts without an extension.
pub(crate) fn is_script(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "Makefile" || !name.contains('.') && text.starts_with("#!")
}

pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Lines of Markdown outside of code blocks, with their numbers.
pub(crate) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        (!code && !fence).then_some((at + 1, line))
    })
}

/// Level and text of a heading.
pub(super) fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let text = line.get(level..)?;
    ((1..=6).contains(&level) && text.starts_with(' '))
        .then(|| (level, text.trim().trim_end_matches('#').trim_end()))
}

pub(crate) fn headings(text: &str) -> impl Iterator<Item = &str> {
    prose(text).filter_map(|(_, line)| Some(heading(line)?.1))
}
