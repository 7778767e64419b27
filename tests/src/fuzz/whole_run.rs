//! Whole runs of every registered credential.

use arbitrary::{Result, Unstructured};
use azid_core::Step;
use azid_core::effect::HttpResponse;
use azid_core::testing::{Case, Reply, World};

use super::input::{CASES, hides_what_is_plain, squeezed};
use crate::promises::{replays, stays_in_bounds};
use crate::replies::Anything;
use crate::watch::{watch, watch_script};

/// Whatever is answered to whichever credential, the run keeps every promise, and the same answers
/// give the same run.
///
/// Returns whether the transcript was compared with its replay: it is not where what a reply that was
/// used has of secrets is a part of what is plain.
///
/// The input picks a case; then, for each step, one of the case's own replies, one of them with
/// some bytes replaced, or a reply made of bytes.
pub fn whole_run(data: &[u8]) -> bool {
    // An input that ends early is no input.
    run(Unstructured::new(data)).unwrap_or(false)
}

fn run(mut input: Unstructured<'_>) -> Result<bool> {
    let mut case = input.choose(&CASES)?.clone();
    let mut made = Vec::new();
    for reply in &mut case.replies {
        if let Reply::Http(Ok(response)) = reply {
            let changed = nearly(response, &mut input)?;
            if changed != *response {
                made.push(changed.body.expose().to_vec());
            }
            *response = changed;
        }
    }
    let strange: Vec<(bool, Anything)> = (0..4)
        .map(|_| Ok((input.ratio(1, 3)?, anything(&mut input)?)))
        .collect::<Result<_>>()?;
    let watched = || {
        let mut world = World::new(case.replies.clone());
        let mut made = made.clone();
        let seen = watch(&case, &mut world, |number, step, world| {
            match &strange[number % strange.len()] {
                (true, reply) => {
                    made.extend(made_of(reply, &step));
                    reply.answer(step, world)
                }
                (false, _) => world.answer(step),
            }
        });
        (seen, world, made)
    };
    let (seen, world, made) = watched();
    stays_in_bounds(&case, &seen, &world);
    let is_compared =
        !hides_what_is_plain(seen.transcript()) && !made.iter().any(|bytes| is_plain(bytes, &case));
    if is_compared {
        replays(seen.transcript());
    }
    let (again, ..) = watched();
    assert_eq!(again.transcript(), seen.transcript());
    Ok(is_compared)
}

/// What is hidden of a reply.
fn made_of(reply: &Anything, step: &Step) -> Option<Vec<u8>> {
    match step {
        Step::Sleep(_) => None,
        Step::Http(_) => Some(reply.http.as_ref().ok()?.body.expose().to_vec()),
        _ => Some(reply.bytes.clone()),
    }
}

/// Whether a secret that a reply makes stands in what is plain: a file that holds the name of the
/// tenant hides that name in the transcript, and a replay knows nothing of it.
fn is_plain(bytes: &[u8], case: &Case) -> bool {
    let text = String::from_utf8_lossy(bytes);
    // What is in a header field is not printed.
    let headers = case.replies.iter().filter_map(|reply| match reply {
        Reply::Http(Ok(response)) => Some(&response.headers),
        _ => None,
    });
    let headers: Vec<_> = headers.collect();
    let plain = format!("{case:?}{headers:?}{:?}", watch_script(case).requests);
    text.len() >= SHORTEST && squeezed(&plain).contains(&squeezed(&text))
}

/// A shorter secret is not looked for in what is plain.
const SHORTEST: usize = 4;

/// A response as it is, or with some of its bytes replaced.
fn nearly(response: &HttpResponse, input: &mut Unstructured<'_>) -> Result<HttpResponse> {
    if input.ratio(1, 2)? {
        return Ok(response.clone());
    }
    let mut body = response.body.expose().to_vec();
    let start = input.choose_index(body.len() + 1)?;
    let end = (start + input.int_in_range(0..=8)?).min(body.len());
    let inserted: Vec<u8> = bytes(input)?;
    body.splice(start..end, inserted);
    let mut changed = response.clone();
    changed.body = body.into();
    Ok(changed)
}

fn anything(input: &mut Unstructured<'_>) -> Result<Anything> {
    let http = HttpResponse::new(input.int_in_range(100..=599)?, bytes(input)?);
    Ok(Anything {
        http: Ok(http),
        bytes: bytes(input)?,
        choice: input.arbitrary()?,
    })
}

fn bytes(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let length = input.int_in_range(0..=96_usize)?;
    Ok(input.bytes(length.min(input.len()))?.to_vec())
}
