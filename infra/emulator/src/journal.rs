//! An append-only file of JSON lines. An append has reached the operating system when it returns. Acknowledged records
//! therefore survive the end of the process, but not a power cut, because nothing is flushed to disk.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};

pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    lines: usize,
    lines_after_rewrite: usize,
}

impl Journal {
    /// Opens or creates the file and reads its records. A last line without a line break was being written when the
    /// process died. It was never acknowledged, so it is cut off.
    pub(crate) fn open<T: DeserializeOwned>(path: &Path) -> anyhow::Result<(Self, Vec<T>)> {
        let open = || OpenOptions::new().create(true).read(true).append(true).open(path);
        let file = open().with_context(|| format!("cannot open {}", path.display()))?;
        let mut reader = BufReader::new(&file);
        let mut records = Vec::new();
        let mut complete = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader
                .read_until(b'\n', &mut line)
                .with_context(|| format!("cannot read {}", path.display()))?;
            if line.last() != Some(&b'\n') {
                break;
            }
            let record = serde_json::from_slice(&line).with_context(|| {
                format!("{} line {} is not a record of this journal", path.display(), records.len() + 1)
            })?;
            records.push(record);
            complete += u64::try_from(read)?;
        }
        drop(reader);
        file.set_len(complete)?;
        Ok((Self { path: path.to_owned(), file, lines: records.len(), lines_after_rewrite: 0 }, records))
    }

    /// Appends the records in one write, in this order.
    pub(crate) fn append<T: Serialize>(&mut self, records: &[T]) -> io::Result<()> {
        self.file.write_all(&to_json_lines(records)?)?;
        self.lines += records.len();
        Ok(())
    }

    /// Replaces the content of the file. If the process dies in between, the old file stays.
    pub(crate) fn rewrite<T: Serialize>(&mut self, records: &[T]) -> io::Result<()> {
        let next = self.path.with_extension("next");
        fs::write(&next, to_json_lines(records)?)?;
        fs::rename(&next, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.lines = records.len();
        self.lines_after_rewrite = records.len();
        Ok(())
    }

    /// The number of lines after the last [`rewrite`](Self::rewrite).
    pub(crate) fn lines_after_rewrite(&self) -> usize {
        self.lines_after_rewrite
    }

    pub(crate) fn line_count(&self) -> usize {
        self.lines
    }
}

fn to_json_lines<T: Serialize>(records: &[T]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for record in records {
        serde_json::to_writer(&mut bytes, record)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_appended_and_drops_a_torn_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let (mut journal, records) = Journal::open::<u32>(&path).unwrap();
        assert!(records.is_empty());
        journal.append(&[1, 2]).unwrap();
        journal.append(&[3]).unwrap();
        drop(journal);

        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"44").unwrap();
        let (mut journal, records) = Journal::open::<u32>(&path).unwrap();
        assert_eq!(records, [1, 2, 3]);
        journal.append(&[5]).unwrap();
        assert_eq!(Journal::open::<u32>(&path).unwrap().1, [1, 2, 3, 5]);

        journal.rewrite(&[7]).unwrap();
        journal.append(&[8]).unwrap();
        assert_eq!((journal.line_count(), Journal::open::<u32>(&path).unwrap().1), (2, vec![7, 8]));
    }

    #[test]
    fn another_file_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        fs::write(&path, "hello\n").unwrap();
        let error = Journal::open::<u32>(&path).err().unwrap().to_string();
        assert!(error.ends_with("journal.jsonl line 1 is not a record of this journal"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "hello\n");
    }
}
