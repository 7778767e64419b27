//! Chains: who is asked, in which order, who is not, and what is said at the end.

mod support {
    pub(crate) mod links;
}

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{HttpFailure, HttpResponse};
use azid_core::testing::{self, Reply, World};
use azid_core::{
    Cause, ChainLink, ChainedTokenCredential, ClientSecretCredential, Credential, Environment,
    Error, ErrorKind, Lane, ManagedIdentityCredential, Memory, Outcome, Position, TokenRequest,
    WorkloadIdentityCredential,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use support::links::{Answer, Scripted, ask, ask_at, remembering};

fn chain(answers: &[(&'static str, Answer)]) -> ChainedTokenCredential {
    let links = answers
        .iter()
        .map(|(name, answer)| Scripted::new(name, *answer));
    ChainedTokenCredential::from_links(links).expect("there is a link")
}

#[test]
fn an_unavailable_link_hands_on_to_the_next() {
    let chain = chain(&[
        ("One", Answer::Unavailable),
        ("Two", Answer::Token),
        ("Three", Answer::Token),
    ]);
    let asked = ask(chain, &Memory::default());
    assert_eq!(asked.names, ["One", "Two"]);
    let token = asked.outcome.result.expect("the second has one");
    assert_eq!((token.expose(), token.came_from()), ("Two", "Two"));
}

#[test]
fn an_outcome_tells_what_each_link_answered_and_which_one_won() {
    let inner = chain(&[("One", Answer::Unavailable), ("Two", Answer::Token)]);
    let chain = ChainedTokenCredential::new(Scripted::new("Zero", Answer::Unavailable)).link(inner);
    let told: Vec<_> = ask(chain, &Memory::default())
        .outcome
        .links
        .into_iter()
        .map(|told| {
            (
                told.link,
                told.took.as_millis(),
                told.error.map(|e| e.kind()),
            )
        })
        .collect();
    let unavailable = Some(ErrorKind::Unavailable);
    assert_eq!(
        told,
        [
            ("Zero", 50, unavailable),
            ("One", 50, unavailable),
            ("Two", 50, None),
            ("ChainedTokenCredential", 100, None),
        ]
    );
}

#[test]
fn a_failure_is_never_answered_with_the_token_of_another_identity() {
    for (answer, kind) in [
        (Answer::Failed, ErrorKind::Failed),
        (Answer::Person, ErrorKind::InteractionRequired),
    ] {
        let chain = chain(&[
            ("One", Answer::Unavailable),
            ("Two", answer),
            ("Three", Answer::Token),
        ]);
        let asked = ask(chain, &Memory::default());
        assert_eq!(asked.names, ["One", "Two"]);
        assert!(asked.outcome.memory.is_empty());
        let error = asked.outcome.result.expect_err("the second has none");
        assert_eq!((error.kind(), error.credential()), (kind, "Two"));
        let before: Vec<_> = error.links().iter().map(|link| link.link).collect();
        assert_eq!(before, ["One"]);
        assert!(error.to_string().contains("asked before it"), "{error}");
    }
}

#[test]
fn a_failed_consent_keeps_all_that_entra_said_of_it() {
    let body = r#"{"error":"invalid_grant","error_description":"AADSTS65001: The user or administrator has not consented","error_codes":[65001],"suberror":"consent_required"}"#;
    let links = ChainedTokenCredential::new(WorkloadIdentityCredential::new()).link(client());
    let outcome = run(
        links.link(ManagedIdentityCredential::new()),
        vec![answer(400, body)],
    );
    let error = outcome.result.expect_err("nobody has consented");
    assert_ne!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.service().expect("Entra's own").codes(), [65001]);
    let [workload] = error.links() else {
        panic!("{error}");
    };
    assert!(matches!(workload.error.cause(), Cause::MissingVariables(names) if names.len() == 3));
}

#[test]
fn where_no_link_is_available_the_error_is_a_table() {
    let inner = ChainedTokenCredential::new(WorkloadIdentityCredential::new())
        .link(Scripted::new("Tool", Answer::Unavailable));
    let chain = ChainedTokenCredential::new(inner).link(ManagedIdentityCredential::new());
    let unreachable = answer(403, "<html>host unreachable</html>");
    let outcome = run(
        chain,
        vec![
            Reply::Refuse(azid_core::effect::Refusal::NoSuchEffect),
            unreachable,
        ],
    );
    let error = outcome.result.expect_err("nobody has a token");
    assert_eq!(
        (error.kind(), error.cause()),
        (ErrorKind::Unavailable, &Cause::NoLink)
    );
    assert_eq!(error.clone(), error);
    let expected = "\
ChainedTokenCredential is unavailable: none of its links has a token here
  link                          verdict       took  cause
  ChainedTokenCredential        unavailable  50 ms  none of its links has a token here
    WorkloadIdentityCredential  unavailable   0 ms  not set in the environment: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE
                                                    what to do: set them, or use another credential
    Tool                        unavailable  50 ms  there is no token to be had: not here
  ManagedIdentityCredential     unavailable  50 ms  http://169.254.169.254/metadata/identity/oauth2/token answered HTTP 403 with an HTML page instead of JSON
                                                    what to do: see whether a proxy, a firewall or a wrong address answers in the endpoint's place";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn the_winner_is_asked_first_until_it_is_not_there_any_more() {
    let with = |one, two, three| chain(&[("One", one), ("Two", two), ("Three", three)]);
    let (token, gone) = (Answer::Token, Answer::Unavailable);
    let first = ask(with(gone, token, token), &Memory::default());
    let memory = remembering(Memory::default(), &first.outcome);

    let second = ask(with(token, token, token), &memory);
    assert_eq!(second.names, ["Two"]);
    assert!(second.outcome.memory.is_empty(), "nothing new was learned");

    let third = ask(with(gone, gone, token), &memory);
    assert_eq!(third.names, ["Two", "One", "Three"], "each is asked once");
    let memory = remembering(memory, &third.outcome);
    assert_eq!(ask(with(token, token, token), &memory).names, ["Three"]);
}

#[test]
fn a_winner_that_fails_stops_the_chain_as_any_link_does() {
    let with = |two| chain(&[("One", Answer::Unavailable), ("Two", two)]);
    let first = ask(with(Answer::Token), &Memory::default());
    let memory = remembering(Memory::default(), &first.outcome);
    let second = ask(with(Answer::Failed), &memory);
    assert_eq!(second.names, ["Two"]);
    assert!(second.outcome.result.is_err());
}

#[test]
fn a_chain_that_is_told_to_remember_nothing_asks_in_order_each_time() {
    let answers = [("One", Answer::Unavailable), ("Two", Answer::Token)];
    let forgetful = || chain(&answers).remember_winner(false);
    let asked = ask(forgetful(), &Memory::default());
    assert!(asked.outcome.memory.is_empty());
    let memory = remembering(
        Memory::default(),
        &ask(chain(&answers), &Memory::default()).outcome,
    );
    assert_eq!(ask(forgetful(), &memory).names, ["One", "Two"]);
}

#[test]
fn what_one_chain_remembers_steers_no_other_one() {
    let answers = [("One", Answer::Unavailable), ("Two", Answer::Token)];
    let memory = remembering(
        Memory::default(),
        &ask(chain(&answers), &Memory::default()).outcome,
    );
    let other = chain(&[("Other", Answer::Token), ("Two", Answer::Token)]);
    assert_eq!(ask(other, &memory).names, ["Other"]);
    let limited = ChainedTokenCredential::new(Scripted::new("One", Answer::Token))
        .link(ChainLink::new(Scripted::new("Two", Answer::Token)).within(Duration::from_secs(1)));
    assert_eq!(ask(limited, &memory).names, ["One"]);
}

#[test]
fn links_are_told_that_they_stand_in_a_chain_unless_there_is_only_one() {
    let two = || chain(&[("One", Answer::Unavailable), ("Two", Answer::Token)]);
    let memory = Memory::default();
    assert_eq!(ask(two(), &memory).positions, ["InChain", "InChain"]);
    let inside = ask_at(Position::InDefaultChain, two(), &memory);
    assert_eq!(inside.positions, ["InDefaultChain", "InDefaultChain"]);
    let one = chain(&[("One", Answer::Token)]);
    assert_eq!(ask(one, &memory).positions, ["Alone"]);
}

#[test]
fn a_chain_searches_once_at_a_time_until_it_has_a_winner() {
    let environment = Environment::default();
    let answers = [("One", Answer::Unavailable), ("Two", Answer::Token)];
    let memory = Memory::default();
    assert_eq!(
        chain(&answers).lane(&memory, &environment),
        Lane::OneAtATime
    );
    let memory = remembering(memory, &ask(chain(&answers), &Memory::default()).outcome);
    assert_eq!(chain(&answers).lane(&memory, &environment), Lane::PerKey);
    let elsewhere = Environment::from_pairs([("AZURE_CLIENT_ID", "app-id")]);
    assert_eq!(chain(&answers).lane(&memory, &elsewhere), Lane::OneAtATime);
    let forgetful = chain(&answers).remember_winner(false);
    assert_eq!(forgetful.lane(&memory, &environment), Lane::PerKey);
    let shy = Scripted {
        lane: Lane::OneAtATime,
        ..Scripted::new("Shy", Answer::Token)
    };
    let forgetful = forgetful.link(shy);
    assert_eq!(forgetful.lane(&memory, &environment), Lane::OneAtATime);
}

#[test]
fn a_silent_link_is_left_when_its_time_is_up_and_a_refusing_one_is_not() {
    let limited = || {
        let first = ChainLink::new(client()).within(Duration::from_millis(40));
        ChainedTokenCredential::new(first).link(ManagedIdentityCredential::new())
    };
    let token = r#"{"access_token":"AT","expires_on":"1795341600"}"#;
    let probed = answer(400, "{}");
    let replies = vec![HttpFailure::TimedOut.into(), probed, answer(200, token)];
    let silent = run(limited(), replies);
    assert!(silent.result.is_ok(), "{:?}", silent.result);
    let refused = run(
        limited(),
        vec![
            answer(401, "{\"error\":\"invalid_client\"}"),
            answer(200, token),
        ],
    );
    assert_eq!(kind(&refused), ErrorKind::Failed);
    let reset = HttpFailure::Lost { request_sent: true };
    assert_eq!(kind(&run(limited(), vec![reset.into()])), ErrorKind::Failed);
}

#[test]
fn a_chain_nested_too_deep_ends_in_an_error() {
    let deep = (0..9).fold(chain(&[("One", Answer::Token)]), |inner, _| {
        ChainedTokenCredential::new(inner)
    });
    let error = ask(deep, &Memory::default()).outcome.result;
    let error = error.expect_err("it is nine deep");
    assert!(matches!(error.cause(), Cause::TooDeep { .. }), "{error}");
}

#[test]
fn chains_of_the_same_links_have_one_identity_and_others_another() {
    let links = |names: &[&'static str]| {
        let links = names.iter().map(|name| Scripted::new(name, Answer::Token));
        ChainedTokenCredential::from_links(links)
            .expect("there are links")
            .identity()
    };
    assert_eq!(links(&["One", "Two"]), links(&["One", "Two"]));
    assert_ne!(links(&["One", "Two"]), links(&["Two", "One"]));
    assert_ne!(links(&["One", "Two"]), links(&["One"]));
    assert_ne!(
        links(&["One"]),
        Scripted::new("One", Answer::Token).identity()
    );
}

/// A chain of scripted links and of such chains.
#[derive(Clone, Debug)]
enum Tree {
    Link(Answer, Answer),
    Chain(Vec<Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let answer = || {
        prop_oneof![
            5 => Just(Answer::Unavailable),
            1 => Just(Answer::Token),
            1 => Just(Answer::Failed),
            1 => Just(Answer::Person),
        ]
    };
    let link = (answer(), answer()).prop_map(|(first, then)| Tree::Link(first, then));
    let tree = link.prop_recursive(3, 12, 4, |inner| vec(inner, 1..4).prop_map(Tree::Chain));
    vec(tree, 1..4).prop_map(Tree::Chain)
}

const NAMES: [&str; 40] = [
    "L00", "L01", "L02", "L03", "L04", "L05", "L06", "L07", "L08", "L09", "L10", "L11", "L12",
    "L13", "L14", "L15", "L16", "L17", "L18", "L19", "L20", "L21", "L22", "L23", "L24", "L25",
    "L26", "L27", "L28", "L29", "L30", "L31", "L32", "L33", "L34", "L35", "L36", "L37", "L38",
    "L39",
];

/// The tree's chain with its first answers or those that it gives then; and the answers by name.
fn built(tree: &Tree, then: bool, answers: &mut Vec<Answer>) -> Arc<dyn Credential> {
    match tree {
        Tree::Link(first, second) => {
            let answer = if then { *second } else { *first };
            answers.push(answer);
            Arc::new(Scripted::new(NAMES[answers.len() - 1], answer))
        }
        Tree::Chain(trees) => {
            let links = trees.iter().map(|tree| built(tree, then, answers));
            Arc::new(ChainedTokenCredential::from_links(links).expect("there is a link"))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2026),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_link_after_a_failed_one_is_ever_contacted(tree in tree()) {
        let mut memory = Memory::default();
        for then in [false, true] {
            let mut answers = Vec::new();
            let credential = built(&tree, then, &mut answers);
            let asked = ask(credential, &memory);
            let answered: Vec<_> = asked
                .names
                .iter()
                .map(|name| answers[NAMES.iter().position(|known| known == name).expect("known")])
                .collect();
            let decisive = answered.iter().position(|answer| *answer != Answer::Unavailable);
            match (decisive, asked.outcome.result.as_ref().map_err(Error::kind)) {
                (Some(last), result) => {
                    prop_assert_eq!(last + 1, answered.len(), "somebody was asked afterwards");
                    match answered[last] {
                        Answer::Token => prop_assert!(result.is_ok()),
                        Answer::Failed => prop_assert_eq!(result.err(), Some(ErrorKind::Failed)),
                        _ => prop_assert_eq!(result.err(), Some(ErrorKind::InteractionRequired)),
                    }
                }
                (None, result) => {
                    prop_assert_eq!(result.err(), Some(ErrorKind::Unavailable));
                    prop_assert_eq!(answered.len(), answers.len(), "not everybody was asked");
                }
            }
            let mut once = asked.names.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), asked.names.len(), "somebody was asked twice");
            memory = remembering(memory, &asked.outcome);
        }
    }
}

fn client() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "app-id", "s3cret").expect("three good values")
}

fn answer(status: u16, body: &str) -> Reply {
    HttpResponse::new(status, body.as_bytes()).into()
}

fn run(credential: ChainedTokenCredential, replies: Vec<Reply>) -> Outcome {
    let context = testing::context(TokenRequest::new(["https://vault.azure.net/.default"]));
    testing::run(Arc::new(credential), context, &mut World::new(replies))
}

fn kind(outcome: &Outcome) -> ErrorKind {
    outcome.result.as_ref().expect_err("no token").kind()
}
