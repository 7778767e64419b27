//! The refusals that only people and the applications in front of them meet.

use super::{Refusal, error_uri};
use crate::entra::trace::Trace;
use http::StatusCode;

/// The fields of the answer to an authorization request that is refused (RFC 6749 section 4.1.2.1).
type RedirectFields = Vec<(&'static str, String)>;

impl Refusal {
    /// What a redirect carries to the application.
    pub(in crate::entra) fn redirect_fields(&self, trace: &Trace) -> RedirectFields {
        let mut fields = vec![
            ("error", self.error.to_owned()),
            ("error_description", self.description(trace)),
        ];
        fields.extend(self.code.map(|code| ("error_uri", error_uri(code))));
        fields.extend(self.more.iter().cloned());
        fields
    }

    /// What a page says to a person: the text, and the number and id with which to ask for help.
    pub(in crate::entra) fn page_text(&self, trace: &Trace) -> (String, String) {
        let number = self
            .code
            .map_or(String::new(), |code| format!("AADSTS{code}. "));
        let details = format!("{number}Correlation ID {}.", trace.correlation_id);
        (self.text.clone(), details)
    }

    /// Whether nobody has consented, which a person can put right.
    pub(in crate::entra) fn is_about_consent(&self) -> bool {
        self.code == Some(65001)
    }

    /// The same refusal as an authorization request names it.
    pub(in crate::entra) fn of_authorization(mut self) -> Refusal {
        if self.is_about_consent() {
            self.error = "consent_required";
        }
        self
    }

    pub(in crate::entra) fn get_method(method: &http::Method) -> Refusal {
        Refusal::request(900_561, format!("This endpoint takes GET, not {method}."))
    }

    pub(in crate::entra) fn redirect_uri(redirect_uri: &str, client_id: &str) -> Refusal {
        let text = format!(
            "The redirect URI '{redirect_uri}' is not registered for the application '{client_id}'."
        );
        Refusal::request(50011, text)
    }

    pub(in crate::entra) fn no_redirect_uri() -> Refusal {
        Refusal::request(900_971, "No reply address was provided.".to_owned())
    }

    pub(in crate::entra) fn other_redirect_uri() -> Refusal {
        let text = "The reply address is not the one of the authorization request.";
        Refusal::client(500_112, text.to_owned())
    }

    pub(in crate::entra) fn response_type(response_type: &str) -> Refusal {
        let text = format!("The response_type '{response_type}' is not enabled here: use 'code'.");
        Refusal {
            error: "unsupported_response_type",
            ..Refusal::request(700_054, text)
        }
    }

    pub(in crate::entra) fn value(field: &str, value: &str) -> Refusal {
        Refusal::request(90023, format!("Unsupported '{field}' value '{value}'."))
    }

    pub(in crate::entra) fn no_challenge() -> Refusal {
        let text = "A code_challenge (PKCE) is required of public clients.";
        Refusal::request(50147, text.to_owned())
    }

    pub(in crate::entra) fn no_challenge_in_the_browser() -> Refusal {
        let text = "Proof Key for Code Exchange is required for cross-origin redemption.";
        Refusal::request(9_002_325, text.to_owned())
    }

    pub(in crate::entra) fn challenge(text: &str) -> Refusal {
        Refusal::request(501_491, text.to_owned())
    }

    pub(in crate::entra) fn verifier() -> Refusal {
        let text = "The code_verifier does not match the code_challenge of the authorization \
                    request.";
        Refusal::grant_value(501_481, text)
    }

    pub(in crate::entra) fn no_session() -> Refusal {
        let text = "Session information is not sufficient for single-sign-on.";
        Refusal {
            error: "login_required",
            ..Refusal::request(50058, text.to_owned())
        }
    }

    pub(in crate::entra) fn declined() -> Refusal {
        Refusal {
            error: "access_denied",
            more: vec![("error_subcode", "cancel".to_owned())],
            ..Refusal::request(
                65004,
                "User declined to consent to access the app.".to_owned(),
            )
        }
    }

    pub(in crate::entra) fn work_accounts_only(client_id: &str) -> Refusal {
        let text = format!(
            "Application '{client_id}' is not supported over /common or /consumers: use \
             /organizations or name a tenant."
        );
        Refusal::request(90130, text)
    }

    pub(in crate::entra) fn unlisted_resource(client_id: &str, resource: &str) -> Refusal {
        let text = format!(
            "The resource '{resource}' is not listed in the permissions of the application \
             '{client_id}'."
        );
        Refusal {
            error: "invalid_resource",
            ..Refusal::request(650_057, text)
        }
    }

    /// The account cannot be signed in to, in the way that `code` stands for.
    pub(in crate::entra) fn account(code: u32, text: &str) -> Refusal {
        Refusal::grant_value(code, text)
    }

    /// The user has to enrol for a second factor, which this service has no page for.
    pub(in crate::entra) fn enrolment(resource: &str) -> Refusal {
        let text = format!("You must enrol in multi-factor authentication to access '{resource}'.");
        Refusal {
            error: "interaction_required",
            more: vec![("suberror", "basic_action".to_owned())],
            ..Refusal::request(50079, text)
        }
    }

    /// A code or a refresh token that this service does not know.
    pub(in crate::entra) fn unknown_grant(field: &str) -> Refusal {
        let text = format!("The parameter '{field}' is malformed or invalid.");
        Refusal::grant_value(9_002_313, &text)
    }

    /// A code or a refresh token of another application.
    pub(in crate::entra) fn other_client(field: &str) -> Refusal {
        let text = format!("The '{field}' was issued to another application.");
        Refusal {
            more: vec![("suberror", "client_mismatch".to_owned())],
            ..Refusal::grant_value(70000, &text)
        }
    }

    pub(in crate::entra) fn other_tenant() -> Refusal {
        let text = "The code is intended to be used against another tenant.";
        Refusal::grant_value(700_005, text)
    }

    pub(in crate::entra) fn redeemed() -> Refusal {
        Refusal::grant_value(54005, "The code was already redeemed: ask for a new one.")
    }

    pub(in crate::entra) fn expired_code() -> Refusal {
        Refusal::grant_value(70008, "The authorization code has expired.")
    }

    pub(in crate::entra) fn expired_refresh_token(single_page: bool) -> Refusal {
        if single_page {
            let text = "The refresh token was issued to a single page app, and has a fixed, \
                        limited lifetime of one day.";
            Refusal::grant_value(700_084, text)
        } else {
            let text = "The refresh token has expired due to inactivity for 90 days.";
            Refusal::grant_value(700_082, text)
        }
    }

    pub(in crate::entra) fn revoked_refresh_token() -> Refusal {
        Refusal::grant_value(50173, "The grant was revoked: a fresh sign-in is needed.")
    }

    pub(in crate::entra) fn rotated_refresh_token() -> Refusal {
        Refusal {
            more: vec![("suberror", "bad_token".to_owned())],
            ..Refusal::grant_value(70000, "The refresh token was replaced by a newer one.")
        }
    }

    pub(in crate::entra) fn not_cross_origin() -> Refusal {
        let text = "Tokens issued for the 'Single-Page Application' client-type may only be \
                    redeemed via cross-origin requests.";
        Refusal::request(9_002_327, text.to_owned())
    }

    pub(in crate::entra) fn cross_origin() -> Refusal {
        let text = "Cross-origin token redemption is permitted only for the 'Single-Page \
                    Application' client-type.";
        Refusal::request(9_002_326, text.to_owned())
    }

    pub(in crate::entra) fn pending() -> Refusal {
        let text = "Authorization is pending. Continue polling.";
        Refusal::polling("authorization_pending", 70016, text)
    }

    /// Has no number (RFC 8628 section 3.5).
    pub(in crate::entra) fn slow_down(interval: u64) -> Refusal {
        let text = format!("Polled too fast: wait {interval} seconds between two requests.");
        Refusal {
            code: None,
            ..Refusal::polling("slow_down", 0, &text)
        }
    }

    pub(in crate::entra) fn device_declined() -> Refusal {
        let text = "The user declined the request.";
        Refusal::polling("authorization_declined", 65004, text)
    }

    pub(in crate::entra) fn device_expired() -> Refusal {
        let text = "The value of 'device_code' is not valid: this device code has expired.";
        Refusal::polling("expired_token", 70020, text)
    }

    pub(in crate::entra) fn device_code() -> Refusal {
        let text = "The value of 'device_code' is not known.";
        Refusal::polling("bad_verification_code", 70018, text)
    }

    /// What a person typed as the code is wrong in the way that `code` stands for.
    pub(in crate::entra) fn user_code(code: u32, text: &str) -> Refusal {
        Refusal::polling("bad_verification_code", code, text)
    }

    fn polling(error: &'static str, code: u32, text: &str) -> Refusal {
        Refusal {
            error,
            ..Refusal::request(code, text.to_owned())
        }
    }

    fn grant_value(code: u32, text: &str) -> Refusal {
        Refusal {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_grant",
            ..Refusal::request(code, text.to_owned())
        }
    }
}
