//! The files that programs under test read: the authority's certificate and a federated token.

use super::options::ServerOptions;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{self, Path, PathBuf};
use std::{env, process};

/// The written files; a directory of the server's own goes when this does.
pub(super) struct Files {
    directory: PathBuf,
    ca: PathBuf,
    token: Option<PathBuf>,
    _own_directory: Option<OwnDirectory>,
}

impl Files {
    pub(super) fn write(
        options: &ServerOptions,
        ca_pem: &str,
        token: Option<&str>,
    ) -> io::Result<Files> {
        let (directory, own_directory) = match &options.directory {
            Some(directory) => {
                fs::create_dir_all(directory)?;
                (path::absolute(directory)?, None)
            }
            None => {
                let own = OwnDirectory::create()?;
                (own.0.clone(), Some(own))
            }
        };
        let ca = directory.join("ca.pem");
        write_private(&ca, ca_pem)?;
        let token = match token {
            Some(token) => {
                let path = directory.join("federated-token");
                write_private(&path, token)?;
                Some(path)
            }
            None => None,
        };
        Ok(Files {
            directory,
            ca,
            token,
            _own_directory: own_directory,
        })
    }

    /// Where the files are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn ca(&self) -> &Path {
        &self.ca
    }

    pub(super) fn token(&self) -> Option<&Path> {
        self.token.as_deref()
    }
}

/// A fresh directory that only this user can enter, removed with everything in it on drop.
struct OwnDirectory(PathBuf);

impl OwnDirectory {
    fn create() -> io::Result<OwnDirectory> {
        const ATTEMPTS: u32 = 1_000;
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let mut result = Err(io::ErrorKind::AlreadyExists.into());
        for attempt in 0..ATTEMPTS {
            let path = env::temp_dir().join(format!("azid-emulator-{}-{attempt}", process::id()));
            result = builder.create(&path).map(|()| OwnDirectory(path));
            if !matches!(&result, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
                break;
            }
        }
        result
    }
}

impl Drop for OwnDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes a file that only this user can read.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Puts another file in the place of one, so that a reader sees either of them whole.
pub(super) fn replace_private(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    write_private(&new, text)?;
    fs::rename(new, path)
}
