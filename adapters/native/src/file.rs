//! The effect `ReadFile`.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use azid_core::SecretBytes;
use azid_core::effect::{Detail, FileFailure, FileRequest};

use crate::limit::read_at_most;

/// Reads a file, or with a limit of 0 bytes only looks whether it is there.
///
/// Links are followed, since Kubernetes puts a new token in place by a link, unless the request says
/// that the file must be no link: that is looked at when it is opened (on Unix and Windows), so
/// nobody can put a link in its place meanwhile. Anything but a regular
/// file is refused: a directory has no content, and opening a pipe could wait for ever. Of a file
/// that is longer than the limit no more than the limit and one byte is read.
///
/// # Errors
///
/// See [`FileFailure`]. None of them repeats the path or what the file holds.
pub fn read_file(request: &FileRequest) -> Result<SecretBytes, FileFailure> {
    let path = Path::new(&request.path);
    let metadata = if request.no_links {
        path.symlink_metadata()
    } else {
        path.metadata()
    };
    check_regular(&metadata.map_err(failure)?)?;
    if request.max_bytes == 0 {
        return Ok(SecretBytes::default());
    }
    let mut file = open(path, request.no_links).map_err(failure)?;
    check_regular(&file.metadata().map_err(failure)?)?; // it may have been replaced meanwhile
    read_at_most(&mut file, None, request.max_bytes)
        .map_err(failure)?
        .ok_or(FileFailure::TooLarge {
            limit: request.max_bytes,
        })
}

fn check_regular(metadata: &Metadata) -> Result<(), FileFailure> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(FileFailure::NotRegular)
    }
}

/// Opens a file without waiting for whoever is at the other end, should it be a pipe after all.
fn open(path: &Path, no_links: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NONBLOCK | if no_links { libc::O_NOFOLLOW } else { 0 },
    );
    #[cfg(windows)]
    if no_links {
        // Opens a link itself (FILE_FLAG_OPEN_REPARSE_POINT), which is no regular file.
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0020_0000);
    }
    options.open(path)
}

fn failure(error: io::Error) -> FileFailure {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileFailure::NotFound,
        ErrorKind::PermissionDenied => FileFailure::PermissionDenied,
        _ => FileFailure::Other(Detail::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_becomes_a_failure_of_its_own_kind() {
        let of = |kind: ErrorKind| failure(kind.into());
        assert_eq!(of(ErrorKind::NotFound), FileFailure::NotFound);
        assert_eq!(of(ErrorKind::NotADirectory), FileFailure::NotFound);
        assert_eq!(
            of(ErrorKind::PermissionDenied),
            FileFailure::PermissionDenied
        );
        assert!(matches!(of(ErrorKind::StorageFull), FileFailure::Other(_)));
    }
}
