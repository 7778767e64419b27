//! The effect `ReadFile` on this machine's file system.

use std::fs;
use std::path::{Path, PathBuf};

use azid_core::SecretBytes;
use azid_core::effect::{FileFailure, FileRequest};
use azid_native::read_file;

/// A directory of one test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("azid-{}-{name}", std::process::id()));
        fs::create_dir(&path).expect("the folder is new");
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).expect("the folder can be written to");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the folder can be removed");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are Unicode")
}

fn read(path: &Path, max_bytes: usize) -> Result<SecretBytes, FileFailure> {
    read_file(&FileRequest::new(text(path)).max_bytes(max_bytes))
}

#[test]
fn a_file_of_exactly_the_limit_is_read_and_a_longer_one_is_too_large() {
    let folder = Folder::new("limit");
    let path = folder.file("token", b"12345");
    assert_eq!(read(&path, 5), Ok(SecretBytes::from(&b"12345"[..])));
    assert_eq!(read(&path, 4), Err(FileFailure::TooLarge { limit: 4 }));
}

#[test]
fn an_empty_file_is_read_as_such() {
    let folder = Folder::new("empty");
    let path = folder.file("token", b"");
    assert_eq!(read(&path, 5), Ok(SecretBytes::default()));
}

#[test]
fn whether_a_file_exists_is_seen_without_reading_it() {
    let folder = Folder::new("exists");
    let path = folder.file("key", b"content");
    let exists = |path: &Path| read_file(&FileRequest::exists(text(path)));
    assert_eq!(exists(&path), Ok(SecretBytes::default()));
    assert_eq!(exists(&folder.0.join("other")), Err(FileFailure::NotFound));
}

#[test]
fn what_is_not_there_is_not_found() {
    let folder = Folder::new("absent");
    let path = folder.file("file", b"");
    for absent in [folder.0.join("other"), path.join("below"), PathBuf::new()] {
        assert_eq!(read(&absent, 5), Err(FileFailure::NotFound), "{absent:?}");
    }
}

#[test]
fn a_directory_is_no_file() {
    let folder = Folder::new("directory");
    for limit in [0, 5] {
        let failure = read(&folder.0, limit).expect_err("a directory has no content");
        assert_eq!(failure.to_string(), "it is no regular file");
    }
}

#[test]
fn a_path_that_no_file_can_have_is_a_failure() {
    let failure = read(Path::new("a\0b"), 5).expect_err("no path holds a zero byte");
    assert!(matches!(failure, FileFailure::Other(_)), "{failure:?}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn links_are_followed_and_may_be_replaced() {
        let folder = Folder::new("links");
        let link = folder.0.join("token");
        for content in ["old", "new"] {
            let target = folder.file(content, content.as_bytes());
            let fresh = folder.0.join("fresh");
            symlink(target, &fresh).expect("links can be made");
            fs::rename(&fresh, &link).expect("a link can be replaced");
            assert_eq!(read(&link, 9), Ok(SecretBytes::from(content.as_bytes())));
        }
    }

    #[test]
    fn a_link_to_nothing_is_not_found() {
        let folder = Folder::new("dangling");
        let link = folder.0.join("token");
        symlink(folder.0.join("nothing"), &link).expect("links can be made");
        assert_eq!(read(&link, 9), Err(FileFailure::NotFound));
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_refused_at_once() {
        let folder = Folder::new("pipe");
        let pipe = folder.0.join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo is there").success());
        let failure = read(&pipe, 9).expect_err("a pipe is no regular file");
        assert_eq!(failure.to_string(), "it is no regular file");
    }

    #[test]
    fn a_device_is_refused() {
        let failure = read(Path::new("/dev/zero"), 9).expect_err("a device is no regular file");
        assert_eq!(failure.to_string(), "it is no regular file");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_refused_where_the_file_must_be_none() {
    let folder = Folder::new("no-links");
    let secret = folder.file("secret", b"somebody else's");
    let link = folder.0.join("1a.key");
    std::os::unix::fs::symlink(&secret, &link).expect("links can be made");
    let read = |path: &Path| read_file(&FileRequest::new(text(path)).no_links());
    assert!(matches!(read(&link), Err(FileFailure::Other(_))));
    let content = SecretBytes::from(&b"somebody else's"[..]);
    assert_eq!(read(&secret), Ok(content.clone()));
    assert_eq!(read_file(&FileRequest::new(text(&link))), Ok(content));
}
