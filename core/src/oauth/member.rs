//! Answers that are about one text: an assertion to pass on, a region, an address.

use std::collections::BTreeMap;

use super::response::Text;
use super::{AnswerFault, ServiceError};
use crate::context::Context;
use crate::effect::{HttpResponse, is_word};
use crate::error::Cause;
use crate::secret::Secret;

/// The assertion under this name in the JSON object of a successful answer.
///
/// # Errors
///
/// As of [`read_member`], and [`Cause::Answer`] for what cannot be an assertion.
pub(crate) fn read_assertion(
    response: &HttpResponse,
    name: &'static str,
    cx: &Context,
) -> Result<Secret, Cause> {
    let assertion = read_member(response, name, cx)?;
    match is_word(assertion.expose()) {
        true => Ok(assertion),
        false => Err(AnswerFault::Unfit(name).into()),
    }
}

/// The text under this name in the JSON object of a successful answer, kept secret.
///
/// # Errors
///
/// [`Cause::Service`] for an answer that is an error, [`Cause::Answer`] for one that is no JSON or
/// lacks the text.
pub(crate) fn read_member(
    response: &HttpResponse,
    name: &'static str,
    cx: &Context,
) -> Result<Secret, Cause> {
    if response.status != 200 {
        return Err(ServiceError::read(response, cx).map_or_else(Cause::from, Cause::from));
    }
    let mut members: BTreeMap<String, Text> = serde_json::from_slice(response.body.expose())
        .map_err(|_| AnswerFault::not_json(response, cx.now()))?;
    members
        .remove(name)
        .and_then(|text| text.0)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| AnswerFault::Lacks(name).into())
}
