//! The cache beside its model, driven by the same events, with a clock that runs, jumps and is set
//! back.

use azid_core::Lane;
use azid_tests::cache::{Both, CLAIMS, Event, KEYS};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_cache_does_what_its_model_does(
        is_one_at_a_time: bool,
        events in proptest::collection::vec(event(), 1..80),
    ) {
        let lane = if is_one_at_a_time { Lane::OneAtATime } else { Lane::PerKey };
        let mut both = Both::new(lane);
        for event in events {
            both.happens(event);
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    use Event::*;
    let any = || 0_usize..64;
    let seconds = || prop_oneof![1_i64..20, 20_i64..70, 200_i64..400, 1000_i64..5000];
    let lifetime = || prop_oneof![-5_i64..5, 5_i64..400, 3000_i64..5000, 7000_i64..30_000];
    let refresh_in = proptest::option::of(prop_oneof![-10_i64..10, 100_i64..40_000]);
    prop_oneof![
        12 => (0..KEYS, 0..CLAIMS.len()).prop_map(|(key, claims)| Ask(key, claims)),
        12 => (0..KEYS).prop_map(|key| Ask(key, 0)),
        8 => (any(), lifetime(), refresh_in).prop_map(|(n, life, due)| Bring(n, life, due)),
        3 => (any(), any()).prop_map(|(n, token)| BringAgain(n, token)),
        2 => any().prop_map(Fail),
        1 => any().prop_map(Throttle),
        2 => any().prop_map(Abandon),
        1 => any().prop_map(CutShort),
        1 => (any(), 0_i64..400).prop_map(|(n, allowed)| Extend(n, allowed)),
        2 => any().prop_map(FindLate),
        3 => any().prop_map(Invalidate),
        2 => any().prop_map(InvalidateText),
        6 => seconds().prop_map(Pass),
        1 => seconds().prop_map(Jump),
        1 => seconds().prop_map(SetBack),
        1 => Just(Keep),
        1 => Just(Restore),
        1 => Just(Restart),
    ]
}
