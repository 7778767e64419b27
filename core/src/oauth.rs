//! OAuth 2.0 as Entra speaks it: forms out, answers and errors in.

mod advice;
mod failure;
mod form;
pub(crate) mod loopback;
mod member;
mod number;
mod request;
mod response;

pub use self::failure::ServiceError;
pub use self::form::Form;
pub use self::response::{AnswerFault, AnsweredIdentity, Expiry, Looks, TokenAnswer};

pub(crate) use self::advice::TOO_MANY;
pub(crate) use self::failure::{forms_of, marks_error, safe_text};
pub(crate) use self::member::{read_assertion, read_member};
pub(crate) use self::request::{claims, correlated};
