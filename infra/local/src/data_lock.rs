//! Locks a data directory for one process.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use anyhow::Context as _;

/// Held while the directory is in use. The operating system releases the lock when the process ends, also after a kill.
pub(crate) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Creates the directory if it is missing, and locks it. Only its owner can read it, because it holds mailed links
    /// and password hashes.
    pub(crate) fn acquire(dir: &Path) -> anyhow::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let path = dir.join("lock");
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "{} is in use by another local cloud: choose another directory with --data, or use --data memory",
                dir.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DataLock;

    #[test]
    fn a_data_directory_is_used_by_one_process() {
        let dir = std::env::temp_dir().join(format!("colloquy-lock-{}", rand::random::<u64>()));
        let first = DataLock::acquire(&dir).unwrap();
        let error = DataLock::acquire(&dir).err().unwrap().to_string();
        assert!(error.contains("is in use by another local cloud"), "{error}");
        drop(first);
        assert!(DataLock::acquire(&dir).is_ok());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
