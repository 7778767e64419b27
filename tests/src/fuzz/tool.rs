//! What developer tools print.

use azid_core::effect::{ExecOutput, Refusal};
use azid_core::testing::{Case, World};
use azid_core::{
    AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential, Platform, Step,
};

use super::input::can_be_printed;
use crate::promises::keeps_every_promise;
use crate::watch::watch;

/// Whatever a tool prints and however it exits, the run ends in a token that is good or in an
/// error that can be printed.
///
/// The first byte picks the tool, the platform and the exit code; the rest is what it prints, with
/// what it says to the terminal after a byte 0.
pub fn tool_output(data: &[u8]) {
    let Some((choice, printed)) = data.split_first() else {
        return;
    };
    let case = match choice % 3 {
        0 => Case::new("az", AzureCliCredential::new()),
        1 => Case::new("azd", AzureDeveloperCliCredential::new()),
        _ => Case::new("pwsh", AzurePowerShellCredential::new()),
    };
    let platform = match choice & 4 {
        0 => Platform::Linux,
        _ => Platform::Windows,
    };
    let case = case
        .on(platform)
        .with("PATH", "/usr/bin")
        .with("SYSTEMROOT", r"C:\Windows");
    let end = printed.iter().position(|byte| *byte == 0);
    let (stdout, stderr) = printed.split_at(end.unwrap_or(printed.len()));
    let output = ExecOutput {
        exit_code: Some(i32::from(choice >> 4)),
        stdout: stdout.into(),
        stderr: stderr.into(),
    };
    let mut world = World::new([]);
    let seen = watch(&case, &mut world, |_, step, world| match step {
        Step::Exec(call) => call.reply(Ok(output.clone()), world.now()),
        step @ Step::Sleep(_) => world.answer(step),
        step => step.refuse(Refusal::NoSuchEffect, world.now()),
    });
    if let Err(error) = &seen.outcome.result {
        can_be_printed(error);
    }
    keeps_every_promise(&case, &seen, &world);
}
