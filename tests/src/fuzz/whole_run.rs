//! Whole runs of every registered credential.

use arbitrary::{Result, Unstructured};
use azid_core::effect::HttpResponse;
use azid_core::testing::{Case, Reply, World};

use super::input::CASES;
use crate::promises::{replays, stays_in_bounds};
use crate::replies::Anything;
use crate::watch::{watch, watch_script};

/// Whatever is answered to whichever credential, the run keeps every promise, and the same answers
/// give the same run.
///
/// The input picks a case; then, for each step, one of the case's own replies, one of them with
/// some bytes replaced, or a reply made of bytes.
pub fn whole_run(data: &[u8]) {
    // An input that ends early is no input.
    let _: Result<()> = run(Unstructured::new(data));
}

fn run(mut input: Unstructured<'_>) -> Result<()> {
    let mut case = input.choose(&CASES)?.clone();
    for reply in &mut case.replies {
        if let Reply::Http(Ok(response)) = reply {
            *response = nearly(response, &mut input)?;
        }
    }
    let strange: Vec<(bool, Anything)> = (0..4)
        .map(|_| Ok((input.ratio(1, 3)?, anything(&mut input)?)))
        .collect::<Result<_>>()?;
    let watched = || {
        let mut world = World::new(case.replies.clone());
        let seen = watch(&case, &mut world, |number, step, world| {
            match &strange[number % strange.len()] {
                (true, reply) => reply.answer(step, world),
                (false, _) => world.answer(step),
            }
        });
        (seen, world)
    };
    let (seen, world) = watched();
    stays_in_bounds(&case, &seen, &world);
    if !strange.iter().any(|(_, reply)| is_plain(reply, &case)) {
        replays(seen.transcript());
    }
    let (again, _) = watched();
    assert_eq!(again.transcript(), seen.transcript());
    Ok(())
}

/// Whether a secret that a reply makes could stand in what is plain: a file that holds the name of
/// the tenant hides that name in the transcript, and a replay knows nothing of it.
fn is_plain(reply: &Anything, case: &Case) -> bool {
    let text = String::from_utf8_lossy(&reply.bytes);
    let plain = format!("{case:?}{:?}", watch_script(case).requests);
    text.trim().len() < 12 || plain.contains(text.trim())
}

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
