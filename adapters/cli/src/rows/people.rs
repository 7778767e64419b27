//! The rows of people who sign in, and of what that leaves behind.

use std::sync::Arc;

use azid_core::effect::CallbackId;
use azid_core::{
    AuthorizationCodeCredential, AuthorizationRequest, ClientSecret, DeviceCodeCredential, Error,
    Fact, InteractiveBrowserCredential, MemoryChange, RefreshTokenCredential, Secret, TokenRequest,
    UsernamePasswordCredential,
};
use azid_emulator::demo;

use super::{Row, robot};
use crate::Problem;
use crate::cells::Scene;
use crate::runtime::{Order, PROMPT, Runtime};

impl Scene {
    pub(super) fn people(&self) -> Result<Vec<Row>, Problem> {
        let refresh_token = self.refresh_token()?;
        self.rows_of_people(refresh_token).map_err(Problem::failed)
    }

    fn rows_of_people(&self, refresh_token: Secret) -> Result<Vec<Row>, Error> {
        let (tenant, client) = (demo::TENANT_ID, demo::PUBLIC_CLIENT_ID);
        let device = DeviceCodeCredential::new(tenant, client, CallbackId::new(PROMPT))?;
        let browser = InteractiveBrowserCredential::new(tenant, client)?;
        let refresh = RefreshTokenCredential::new(tenant, client, refresh_token)?;
        let by_user = |row: Row| row.about(client, demo::USER_OBJECT_ID);
        let code = AuthorizationRequest::new(tenant, demo::CLIENT_ID, demo::WEB_REDIRECT_URI)?;
        let code = code.authority(self.authority()?);
        Ok(vec![
            by_user(Row::new("device-code", device.authority(self.authority()?))),
            by_user(Row::new(
                "interactive-browser",
                browser.authority(self.authority()?),
            )),
            Row::anew("authorization-code", move || {
                Ok(Arc::new(signed_in(&code)?))
            })
            .about(demo::CLIENT_ID, demo::USER_OBJECT_ID),
            by_user(Row::new(
                "refresh-token",
                refresh.authority(self.authority()?),
            )),
            by_user(Row::new("username-password", self.username_password()?)),
        ])
    }

    fn username_password(&self) -> Result<UsernamePasswordCredential, Error> {
        let (tenant, client) = (demo::TENANT_ID, demo::PUBLIC_CLIENT_ID);
        let (name, password) = (demo::USER_NAME, demo::USER_PASSWORD);
        let credential = UsernamePasswordCredential::new(tenant, client, name, password)?;
        Ok(credential.authority(self.authority()?))
    }

    /// What a sign-in leaves for later.
    fn refresh_token(&self) -> Result<Secret, Problem> {
        let credential = self.username_password().map_err(Problem::failed)?;
        let request = TokenRequest::new([demo::SCOPE]);
        let order = Order::new(request, self.standard(&[]));
        let outcome = Runtime::Ureq.drive(Arc::new(credential), order)?;
        outcome.result.map_err(Problem::failed)?;
        let mut changes = outcome.memory.into_iter();
        let token = changes.find_map(|change| match change {
            MemoryChange::Learned {
                fact: Fact::RefreshToken(token),
                ..
            } => Some(token),
            _ => None,
        });
        token.ok_or_else(|| Problem::failed("a sign-in brought no refresh token"))
    }
}

/// Somebody who comes back to a web application from the sign-in page. The code works once.
fn signed_in(application: &AuthorizationRequest) -> Result<AuthorizationCodeCredential, Problem> {
    let seed = azid_native::seed().map_err(Problem::failed)?;
    let request = TokenRequest::new([demo::SCOPE]);
    let (page, session) = application
        .begin(&request, seed, &azid_native::environment())
        .map_err(Problem::failed)?;
    let (_, answer) = robot::sign_in(&page).map_err(Problem::failed)?;
    let credential = AuthorizationCodeCredential::new(session, answer.as_bytes())
        .and_then(|it| Ok(it.client_credential(ClientSecret::from(demo::CLIENT_SECRET))?));
    credential.map_err(Problem::failed)
}
