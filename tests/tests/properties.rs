//! What holds for every credential, whatever it is answered and whatever the clock does.

mod support {
    pub(crate) mod changes;
    pub(crate) mod odd_secrets;
    pub(crate) mod replies;
}

use azid_core::effect::Refusal;
use azid_core::testing::{Case, World, cases};
use azid_core::{Cause, Environment, Step, TokenRequest, What};
use azid_tests::promises::keeps_every_promise;
use azid_tests::replies::{refusals, share_of_time};
use azid_tests::watch::{watch, watch_script, watch_within};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use support::changes::{Change, change};
use support::replies::{anything, deadline, pace, sometimes_odd};

/// The same inputs each time, so that a change goes red for what it changed; another seed by
/// `PROPTEST_RNG_SEED`.
fn seed() -> u64 {
    let seed = std::env::var("PROPTEST_RNG_SEED").ok();
    seed.map_or(2026, |seed| seed.parse().expect("the seed is a number"))
}

/// So many draws for every case.
fn each_case<S: Strategy>(draws: u32, draw: impl Fn(Case) -> S, check: impl Fn(S::Value)) {
    for (case, number) in cases().into_iter().zip(0..) {
        let name = case.name;
        let mut runner = TestRunner::new(ProptestConfig {
            cases: draws,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(seed().wrapping_add(number)),
            ..ProptestConfig::default()
        });
        let checked = runner.run(&draw(case), |drawn| {
            check(drawn);
            Ok(())
        });
        checked.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn whatever_is_answered_every_promise_is_kept() {
    let draw = |case| {
        let replies = vec((anything(), pace()), 1..6);
        (sometimes_odd(case), replies, deadline())
    };
    each_case(2, draw, |(case, replies, deadline)| {
        let run = || {
            let mut world = World::new([]);
            let seen = watch_within(deadline, &case, &mut world, |number, step, world| {
                let (reply, pace) = &replies[number % replies.len()];
                world.pass(share_of_time(&step, *pace));
                reply.answer(step, world)
            });
            (seen, world)
        };
        let (seen, world) = run();
        keeps_every_promise(&case, &seen, &world);
        let (again, _) = run();
        assert_eq!(again.transcript(), seen.transcript());
    });
}

#[test]
fn after_an_answer_that_is_almost_right_every_promise_is_kept() {
    let draw = |case| (sometimes_odd(case), 0_usize..100, vec(change(), 1..9));
    each_case(2, draw, |(mut case, place, changes)| {
        // The first that fits; whatever the reply, one does.
        let mut changes = changes.into_iter().chain([Change::Refuse(place)]);
        let is_changed = changes.any(|change| change.apply(&mut case, place));
        assert!(is_changed || case.replies.is_empty());
        let mut world = World::new(case.replies.clone());
        let seen = watch(&case, &mut world, |_, step, world| world.answer(step));
        keeps_every_promise(&case, &seen, &world);
        let again = watch_script(&case);
        assert_eq!(again.transcript(), seen.transcript());
    });
}

#[test]
fn on_its_own_replies_every_case_keeps_every_promise() {
    for case in cases() {
        let mut world = World::new(case.replies.clone());
        let seen = watch(&case, &mut world, |_, step, world| world.answer(step));
        keeps_every_promise(&case, &seen, &world);
    }
}

#[test]
fn a_request_without_scopes_is_refused_before_anything_is_asked() {
    for case in cases() {
        let case = case.asks(TokenRequest::new([""; 0]));
        let seen = watch_script(&case);
        let error = seen.outcome.result.expect_err(case.name);
        assert!(
            matches!(error.cause(), Cause::Invalid(invalid) if invalid.what() == What::Scopes),
            "{}: {error}",
            case.name
        );
        assert_eq!(seen.steps, 0, "{}", case.name);
    }
}

#[test]
fn no_variable_that_a_credential_does_not_name_plays_a_part_in_its_run() {
    for case in cases() {
        let credential = case.credential.clone().into_credential();
        let named: Vec<_> = credential.variables().names().collect();
        let mut elsewhere = case.clone();
        elsewhere
            .environment
            .retain(|(name, _)| named.contains(name));
        let others = Environment::known_names().filter(|name| !named.contains(name));
        let others = others.map(|name| (name, "https://elsewhere.example/".to_owned()));
        elsewhere.environment.extend(others);
        let [here, elsewhere] = [case.run(), elsewhere.run()].map(|outcome| {
            let transcript = outcome.transcript.expect("cases record one");
            (transcript.exchanges.clone(), transcript.ending.clone())
        });
        assert_eq!(here, elsewhere, "{}", case.name);
    }
}

#[test]
fn a_host_that_refuses_everything_from_some_step_on_ends_the_run_in_an_error() {
    each_step(|case, refused| {
        let mut world = World::new(case.replies.clone());
        let seen = watch(case, &mut world, |number, step, world| {
            if number < refused {
                world.answer(step)
            } else {
                step.refuse(Refusal::NoSuchEffect, world.now())
            }
        });
        assert!(seen.outcome.result.is_err(), "{}", case.name);
        assert!(
            seen.steps <= refused + 16,
            "{}: {} steps",
            case.name,
            seen.steps
        );
    });
}

#[test]
fn after_a_refusal_nothing_weaker_is_tried() {
    each_step(|case, refused| {
        for refusal in refusals()
            .into_iter()
            .filter(|refusal| *refusal != Refusal::NoSuchEffect)
        {
            let mut world = World::new(case.replies.clone());
            let seen = watch(case, &mut world, |number, step, world| {
                if number == refused {
                    step.refuse(refusal.clone(), world.now())
                } else {
                    world.answer(step)
                }
            });
            assert!(seen.outcome.result.is_err(), "{}", case.name);
            assert_eq!(seen.steps, refused + 1, "{}", case.name);
        }
    });
}

#[test]
fn a_jump_of_the_wall_clock_neither_fails_a_run_nor_lengthens_it() {
    const HOUR: i64 = 3_600_000;
    let world = |case: &Case, is_monotonic| {
        let world = World::new(case.replies.clone());
        if is_monotonic {
            world
        } else {
            world.without_monotonic_clock()
        }
    };
    each_step(|case, jumps_at| {
        // A moment that the server names means nothing to a clock that is an hour off.
        if case.name == "a pause asked for until a date" {
            return;
        }
        for (is_monotonic, jump) in [(true, HOUR), (true, -HOUR), (false, HOUR), (false, -HOUR)] {
            let mut calm = world(case, is_monotonic);
            let expected = watch(case, &mut calm, |_, step, world| world.answer(step));
            let mut shaken = world(case, is_monotonic);
            let seen = watch(case, &mut shaken, |number, step, world| {
                if number == jumps_at {
                    world.jump(jump);
                }
                world.answer(step)
            });
            let what = format!(
                "{}: step {jumps_at}, {jump} ms, monotonic: {is_monotonic}",
                case.name
            );
            if expected.outcome.result.is_ok() {
                assert!(
                    seen.outcome.result.is_ok(),
                    "{what}: {:?}",
                    seen.outcome.result
                );
            }
            assert!(shaken.elapsed() <= calm.elapsed(), "{what}");
        }
    });
}

/// Every case with the number of each of its steps.
fn each_step(check: impl Fn(&Case, usize)) {
    let mut checked = 0;
    for case in cases() {
        for number in 0..watch_script(&case).steps {
            check(&case, number);
            checked += 1;
        }
    }
    assert!(checked > 0);
}

#[test]
fn a_step_that_is_done_stays_so() {
    let case = cases()
        .into_iter()
        .find(|case| case.replies.is_empty())
        .expect("one fails at once");
    let world = World::new([]);
    let context = case.context(world.now(), azid_core::Seed::new([1; 32]));
    let step = azid_core::Run::start(case.credential.into_credential(), context);
    let step = step.refuse(Refusal::NoSuchEffect, world.now());
    assert!(matches!(step, Step::Done(_)));
}
