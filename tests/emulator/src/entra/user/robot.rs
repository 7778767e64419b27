//! Signs in without a browser, and turns what users decide and what administrators set.

use super::device::DeviceState;
use super::device_page;
use super::landing::Landing;
use super::login::Ticket;
use super::refresh::RefreshState;
use crate::entra::Entra;
use crate::record::Outcome;
use http::{Request, Response, Uri, header};

impl Entra {
    /// Goes through the pages behind an authorization URL as a browser would, signing in as the user
    /// with this name, and tells where that ends. The user's password and second factor are looked up.
    ///
    /// The log of requests does not have the robot's own.
    pub fn sign_in(
        &mut self,
        authorize_url: &str,
        user_name: &str,
        now_unix_seconds: u64,
    ) -> Landing {
        let Ok(uri) = authorize_url.parse::<Uri>() else {
            return Landing::Page { code: None };
        };
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = uri.clone();
        let response = self.handle(&request, now_unix_seconds);
        if response.status() != 200 || response.extensions().get::<Landing>().is_some() {
            return landing(&response);
        }
        let response = self.submit_credentials(&uri, user_name, &[], now_unix_seconds);
        landing(&response)
    }

    /// Makes [`Entra::sign_in`] press "Deny" from now on, or sign in again.
    pub fn deny_consent(&mut self, deny: bool) {
        self.users.robot_denies = deny;
    }

    /// Types this code into the device page and signs in as the user with this name. Tells whether
    /// the program that polls will get its tokens.
    pub fn approve_device(
        &mut self,
        user_code: &str,
        user_name: &str,
        now_unix_seconds: u64,
    ) -> bool {
        let uri = device_page_uri();
        let typed = [("user_code", user_code)];
        let response = self.submit_credentials(&uri, user_name, &typed, now_unix_seconds);
        matches!(response.extensions().get(), Some(Outcome::SignedIn { .. }))
    }

    /// Types this code into the device page and presses "Deny". Tells whether that was still asked.
    pub fn decline_device(&mut self, user_code: &str, now_unix_seconds: u64) -> bool {
        let form = [("user_code", user_code), ("action", "deny")];
        let response = self.submit(&device_page_uri(), &form, now_unix_seconds);
        let declined =
            |it: &Outcome| matches!(it, Outcome::Refused { error, .. } if error == "access_denied");
        response.extensions().get().is_some_and(declined)
    }

    /// The user codes that wait for someone to type them, as a person would see them on devices.
    pub fn pending_user_codes(&self, now_unix_seconds: u64) -> Vec<String> {
        let devices = self.users.devices.values();
        let pending = devices.filter(|it| {
            matches!(it.state, DeviceState::Pending) && now_unix_seconds < it.expires_on
        });
        pending.map(|it| it.user_code.clone()).collect()
    }

    /// Whether using a refresh token gives a new one, as it does by default. Otherwise answers to
    /// it have none.
    pub fn rotate_refresh_tokens(&mut self, rotate: bool) {
        self.users.rotates_refresh_tokens = rotate;
    }

    /// Whether a refresh token that was replaced is refused. By default it stays good, as with
    /// Entra.
    pub fn refuse_rotated_refresh_tokens(&mut self, refuse: bool) {
        self.users.refuses_rotated = refuse;
    }

    /// Revokes every refresh token of the user with this name, as an administrator or a changed
    /// password does.
    pub fn revoke_refresh_tokens(&mut self, user_name: &str) {
        let mut tenants = self.directory.tenants.iter();
        let Some(user) = tenants.find_map(|it| it.user_named(user_name)) else {
            return;
        };
        let tokens = self.users.refresh_tokens.values_mut();
        for token in tokens.filter(|it| it.person.user_id == user.object_id) {
            token.state = RefreshState::Revoked;
        }
        let sign_ins = self.users.sign_ins.values_mut();
        for sign_in in sign_ins.filter(|it| it.person.user_id == user.object_id) {
            sign_in.expires_on = 0;
        }
    }

    /// Fills in the form of a sign-in page and, where there is one, that for the second factor.
    fn submit_credentials(
        &mut self,
        uri: &Uri,
        user_name: &str,
        hidden: &[(&str, &str)],
        now: u64,
    ) -> Response<Vec<u8>> {
        let mut tenants = self.directory.tenants.iter();
        let user = tenants.find_map(|it| it.user_named(user_name)).cloned();
        let user = user.unwrap_or_default();
        let denies = self.users.robot_denies;
        let action = ("action", if denies { "deny" } else { "sign-in" });
        let mut form = hidden.to_vec();
        form.extend([
            action,
            ("username", user_name),
            ("password", &user.password),
        ]);
        let response = self.submit(uri, &form, now);
        let Some(Ticket(ticket)) = response.extensions().get().cloned() else {
            return response;
        };
        let mut form = hidden.to_vec();
        let code = user.second_factor.unwrap_or_default();
        form.extend([action, ("ticket", &ticket), ("code", &code)]);
        self.submit(uri, &form, now)
    }

    fn submit(&mut self, uri: &Uri, form: &[(&str, &str)], now: u64) -> Response<Vec<u8>> {
        let fields: Vec<_> = form.iter().map(|&(n, v)| (n, v.to_owned())).collect();
        let mut request = Request::new(super::redirect::encode(&fields).into_bytes());
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = uri.clone();
        let form_type = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, form_type);
        self.handle(&request, now)
    }
}

fn device_page_uri() -> Uri {
    let path = format!("/{}", device_page::PATH);
    path.parse().expect("a path is a URI")
}

/// Where the browser is after this answer.
fn landing(response: &Response<Vec<u8>>) -> Landing {
    let notes = response.extensions();
    let code = match notes.get() {
        Some(Outcome::Refused { code, .. }) => *code,
        _ => None,
    };
    notes.get().cloned().unwrap_or(Landing::Page { code })
}
