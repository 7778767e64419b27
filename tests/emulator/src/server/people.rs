//! The robot of [`crate::Entra`] at the server's time, and a user's name and password for programs.

use super::EmulatorServer;
use crate::entra::Landing;

impl EmulatorServer {
    /// See [`crate::Entra::sign_in`]. Nothing is sent to the application: what the browser would carry
    /// there is the answer.
    pub fn sign_in(&self, authorize_url: &str, user_name: &str) -> Landing {
        let now = self.shared.options.clock.now();
        self.with_emulator(|it| it.entra_mut().sign_in(authorize_url, user_name, now))
    }

    /// See [`crate::Entra::approve_device`].
    pub fn approve_device(&self, user_code: &str, user_name: &str) -> bool {
        let now = self.shared.options.clock.now();
        self.with_emulator(|it| it.entra_mut().approve_device(user_code, user_name, now))
    }

    /// See [`crate::Entra::decline_device`].
    pub fn decline_device(&self, user_code: &str) -> bool {
        let now = self.shared.options.clock.now();
        self.with_emulator(|it| it.entra_mut().decline_device(user_code, now))
    }

    /// See [`crate::Entra::pending_user_codes`].
    pub fn pending_user_codes(&self) -> Vec<String> {
        let now = self.shared.options.clock.now();
        self.with_emulator(|it| it.entra().pending_user_codes(now))
    }

    /// The name and the password of the first user, and the first public client to use them with, in
    /// place of `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`. **The password is among the values.**
    pub fn password_environment(&self) -> Vec<(&'static str, String)> {
        self.with_emulator(|emulator| {
            let tenant = emulator.entra().directory().tenants.first();
            let user = tenant.and_then(|it| it.users.first());
            let client = tenant.and_then(|it| it.applications.iter().find(|it| it.public));
            let Some((user, client)) = user.zip(client) else {
                return Vec::new();
            };
            vec![
                ("AZURE_CLIENT_ID", client.client_id.clone()),
                ("AZURE_USERNAME", user.user_principal_name.clone()),
                ("AZURE_PASSWORD", user.password.clone()),
            ]
        })
    }
}
