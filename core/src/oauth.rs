//! OAuth 2.0 as Entra speaks it: forms out, answers and errors in.

mod advice;
mod challenge;
mod failure;
mod fault;
mod form;
mod id_token;
pub(crate) mod loopback;
mod member;
mod number;
pub(crate) mod pkce;
mod redirect;
mod request;
mod response;
mod secret_search;
mod verdict;

pub use self::challenge::{Challenge, ChallengeFault};
pub use self::failure::ServiceError;
pub use self::fault::{AnswerFault, Looks};
pub use self::form::Form;
pub use self::response::{AnsweredIdentity, Expiry, TokenAnswer};

pub(crate) use self::advice::{TOO_MANY, for_code, pause_of_code};
pub(crate) use self::failure::{aadsts_codes, marks_error, safe_text};
pub(crate) use self::id_token::{IdToken, client_info};
pub(crate) use self::member::{read_assertion, read_member};
pub(crate) use self::number::Number;
pub(crate) use self::redirect::{NoAnswer, read_answer};
pub(crate) use self::request::{claims, correlated_get, correlation, request_id, sign_by_library};
pub(crate) use self::response::{LONGEST_LIFETIME, Text};
pub(crate) use self::secret_search::SecretSearch;
