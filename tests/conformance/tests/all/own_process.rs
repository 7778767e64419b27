//! A test in a process of its own.
//!
//! The system's roots are read once for each process, from where `SSL_CERT_FILE` says. So a test
//! that needs an authority of its own runs again in a process of its own.

use std::path::Path;
use std::process::Command;

const NAME: &str = "AZID_TEST_IN_OWN_PROCESS";

/// Runs the test of this name in a process that trusts the authorities in the file which it is
/// given, and no others. The test writes that file before it makes its first connection.
pub(crate) fn in_own_process(name: &str, test: impl FnOnce(&Path)) {
    if std::env::var(NAME).is_ok_and(|own| own == name) {
        let roots = std::env::var_os("SSL_CERT_FILE").expect("the first process sets it");
        return test(Path::new(&roots));
    }
    let file = format!(
        "azid-{}-{}.pem",
        std::process::id(),
        name.replace("::", "-")
    );
    let roots = std::env::temp_dir().join(file);
    let output = Command::new(std::env::current_exe().expect("a test is a program"))
        .args(["--exact", name, "--nocapture"])
        .env(NAME, name)
        .env("SSL_CERT_FILE", &roots)
        .env_remove("SSL_CERT_DIR")
        .output()
        .expect("a test can be run again");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "in its own process: {said}");
    std::fs::remove_file(roots).expect("the test of this name has run");
}
