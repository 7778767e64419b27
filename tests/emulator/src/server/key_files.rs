//! The key files of the Azure Arc agent: written and removed as its model orders.

use super::files::write_private;
use crate::hosts::{AzureArc, FileOrder};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, PoisonError};

/// The key files that are there; they go when this does.
pub(super) struct KeyFiles {
    directory: PathBuf,
    written: Mutex<BTreeSet<PathBuf>>,
}

impl KeyFiles {
    /// Takes the directory of the real agent where this user may write to it, or else `own`.
    pub(super) fn create(own: &Path) -> io::Result<KeyFiles> {
        let real = Path::new(AzureArc::KEY_DIRECTORY);
        let directory = if cfg!(target_os = "linux") && is_writable(real) {
            real
        } else {
            fs::create_dir_all(own)?;
            own
        };
        Ok(KeyFiles {
            directory: directory.to_owned(),
            written: Mutex::default(),
        })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn carry_out(&self, order: &FileOrder) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        match order {
            FileOrder::Write { path, content } => {
                let path = PathBuf::from(path);
                write_private(&path, content)?;
                written.insert(path);
                Ok(())
            }
            FileOrder::Remove { path } => match written.take(Path::new(path)) {
                Some(path) => fs::remove_file(path),
                None => Ok(()),
            },
        }
    }
}

impl Drop for KeyFiles {
    fn drop(&mut self) {
        let written = self
            .written
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for path in written.iter() {
            let _ = fs::remove_file(path);
        }
    }
}

/// Only writing tells, and one trial file must not meet another's.
fn is_writable(directory: &Path) -> bool {
    let trial = directory.join(format!(
        "azid-emulator-trial-{}-{:?}",
        process::id(),
        std::thread::current().id()
    ));
    fs::create_dir_all(directory)
        .and_then(|()| write_private(&trial, ""))
        .and_then(|()| fs::remove_file(&trial))
        .is_ok()
}
