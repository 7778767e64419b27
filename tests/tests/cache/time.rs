//! When tokens are renewed, and what odd tokens and odd clocks do to that.

use std::time::Duration;

use azid_core::cache::{Acquire, Decision, Key, RefreshSettings, TokenTable};
use azid_core::testing::START;
use azid_core::{AccessToken, Error, Identity, Lane, Now, Seed, Timestamp, TokenRequest};

use azid_tests::cache::{Provider, at, failure, lease, throttled_for, vault};

/// When this token is due, in a provider with this seed, in seconds from the start.
fn due_by(seed: u8, token: AccessToken) -> i64 {
    let mut tokens = TokenTable::new(RefreshSettings::default());
    let mut acquire = Acquire::new(Seed::new([seed; 32]));
    let key = Key::new(&Identity::of("Test").finish(), &vault());
    let now = Now::new(START, Duration::ZERO);
    let lease = lease(acquire.request(&tokens, &key, &vault(), Lane::PerKey, now));
    acquire.settle(lease, &mut tokens, &Ok(token), now);
    let (_, _, due) = tokens.entries().next().expect("it is held");
    (due.unix_milliseconds() - START).div_euclid(1000)
}

fn token(lifetime: i64) -> AccessToken {
    AccessToken::new("token", at(lifetime)).issued_on(at(0))
}

#[test]
fn a_fleet_that_started_together_renews_its_tokens_apart() {
    for (token, date) in [
        (token(3600), 3300),                            // five minutes before its end
        (token(86_400), 43_200),                        // at half of its life
        (token(86_400).refresh_on(at(20_000)), 20_000), // on the server's date
        (token(3600).refresh_on(at(3600)), 3300),       // which must be of some use
    ] {
        let fleet: Vec<_> = (0..=99).map(|seed| due_by(seed, token.clone())).collect();
        let (first, last) = (fleet.iter().min(), fleet.iter().max());
        let (first, last) = (*first.expect("a fleet"), *last.expect("a fleet"));
        assert!(
            first >= date - 300 && last <= date,
            "{first} to {last} for {date}"
        );
        assert!(last - first > 240, "{first} to {last} for {date}");
        assert_eq!(fleet[7], due_by(7, token), "the seed decides");
    }
}

#[test]
fn a_token_that_is_fresh_for_a_moment_only_is_due_hardly_earlier() {
    assert!(due_by(1, token(400)) >= 90);
    assert_eq!(due_by(1, token(200)), -100, "due when it arrives");
}

/// Asks every second for ten minutes, and answers how many flights that took. A flight brings what
/// this makes of the second that it is.
fn flights_in_ten_minutes(bring: impl Fn(i64) -> AccessToken) -> usize {
    let mut provider = Provider::new();
    let mut flights = 0;
    for second in 0..600 {
        provider.seconds = second;
        if let Decision::Start(lease) | Decision::ReadyAndRefresh(_, lease) =
            provider.asks(&vault())
        {
            flights += 1;
            provider.settle(lease, &Ok(bring(second)));
        }
        let token = provider.asks(&vault());
        assert!(matches!(token, Decision::Ready(_)), "{second}: {token:?}");
    }
    flights
}

#[test]
fn a_source_that_keeps_handing_out_short_lived_tokens_makes_no_loop() {
    let lives =
        |seconds| move |now| AccessToken::new("short", at(now + seconds)).issued_on(at(now));
    assert_eq!(flights_in_ten_minutes(lives(299)), 20, "every half minute");
    assert_eq!(flights_in_ten_minutes(lives(1)), 600, "as each has expired");
    let due = |now| lives(3600)(now).refresh_on(at(now - 1));
    assert_eq!(flights_in_ten_minutes(due), 20);
    let same = |_| AccessToken::new("the same again", at(600)).issued_on(at(0));
    assert_eq!(
        flights_in_ten_minutes(same),
        11,
        "one, and ten in its last five minutes"
    );
}

#[test]
fn a_refresh_that_is_cut_short_is_tried_again_after_a_pause_and_told_so() {
    let mut provider = Provider::new();
    provider.fetch(&vault(), "one", 3600);
    provider.seconds = 3300;
    for unfinished in 0..3 {
        let refresh = lease(provider.asks(&vault()));
        assert_eq!(refresh.unfinished(), unfinished);
        let now = provider.now();
        provider.acquire.cut_short(refresh, &provider.tokens, now);
        provider.seconds += 29;
        assert!(matches!(provider.asks(&vault()), Decision::Ready(_)));
        provider.seconds += 1;
    }
    let refresh = lease(provider.asks(&vault()));
    provider.settle(refresh, &Err(failure()));
    provider.seconds += 30;
    assert_eq!(lease(provider.asks(&vault())).unfinished(), 0);
}

#[test]
fn a_flight_that_nobody_drives_is_void_when_its_effect_is_over_and_no_earlier() {
    let mut provider = Provider::new();
    let left = lease(provider.asks(&vault()));
    let http = Duration::from_secs(30);
    let now = provider.now();
    provider.acquire.extend(&left, http + Acquire::GRACE, now);
    for (second, is_flying) in [(29, true), (30, false)] {
        provider.seconds = second;
        let now = provider.now();
        provider.acquire.void_if_late(left.id(), now);
        assert_eq!(provider.acquire.is_flying(left.id()), is_flying);
    }
    assert!(
        matches!(provider.asks(&vault()), Decision::Start(_)),
        "at once"
    );
}

#[test]
fn no_server_keeps_callers_away_for_more_than_an_hour() {
    let mut provider = Provider::new();
    let first = lease(provider.asks(&vault()));
    provider.settle(first, &Err(throttled_for("86400")));
    provider.seconds = 3599;
    assert!(matches!(provider.asks(&vault()), Decision::NotYet(_)));
    provider.seconds = 3600;
    assert!(matches!(provider.asks(&vault()), Decision::Start(_)));
}

/// A provider on a host that has a wall clock only.
struct WallOnly {
    tokens: TokenTable,
    acquire: Acquire,
    seconds: i64,
}

impl WallOnly {
    fn new() -> Self {
        Self {
            tokens: TokenTable::default(),
            acquire: Acquire::new(Seed::new([3; 32])),
            seconds: 0,
        }
    }

    fn asks(&mut self) -> Decision {
        let key = Key::new(&Identity::of("Test").finish(), &TokenRequest::new(["a"]));
        let (request, now) = (TokenRequest::new(["a"]), self.now());
        self.acquire
            .request(&self.tokens, &key, &request, Lane::PerKey, now)
    }

    fn settle(&mut self, result: Result<AccessToken, Error>) {
        let (lease, now) = (lease(self.asks()), self.now());
        self.acquire.settle(lease, &mut self.tokens, &result, now);
    }

    fn now(&self) -> Now {
        Now::wall(self.seconds.saturating_mul(1000).saturating_add(START))
    }
}

#[test]
fn a_wall_clock_that_is_set_back_a_day_strands_nobody() {
    const DAY: i64 = 86_400;
    let mut provider = WallOnly::new();
    let left = lease(provider.asks());
    provider.seconds = -DAY;
    assert!(matches!(provider.asks(), Decision::Join(id) if id == left.id()));
    provider.seconds += 61;
    assert!(
        matches!(provider.asks(), Decision::Start(_)),
        "the flight is overdue"
    );

    let mut provider = WallOnly::new();
    provider.settle(Err(throttled_for("600")));
    provider.seconds = -DAY;
    assert!(matches!(provider.asks(), Decision::NotYet(_)));
    provider.seconds += 600;
    assert!(
        matches!(provider.asks(), Decision::Start(_)),
        "the pause is over"
    );

    let mut provider = WallOnly::new();
    provider.settle(Ok(token(3600)));
    provider.seconds = -DAY;
    assert!(
        matches!(provider.asks(), Decision::Ready(_)),
        "as far as anybody knows"
    );
}

#[test]
fn a_clock_at_either_end_of_time_breaks_nothing() {
    for end in [i64::MIN, i64::MAX] {
        let mut provider = WallOnly::new();
        let moment = Timestamp::from_unix_milliseconds;
        let endless = AccessToken::new("endless", moment(i64::MAX)).issued_on(moment(i64::MIN));
        provider.settle(Ok(endless));
        provider.seconds = end;
        let decision = provider.asks();
        let has_expired = matches!(decision, Decision::Start(_));
        assert_eq!(has_expired, end == i64::MAX, "{decision:?}");
        provider.tokens = TokenTable::default();
        provider.acquire = Acquire::new(Seed::new([3; 32]));
        provider.settle(Err(failure()));
        assert!(matches!(provider.asks(), Decision::Start(_)));
    }
}
