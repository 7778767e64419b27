//! What the work costs at the least: the same done by hand, without any of the promises.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use serde::Deserialize;
use url::form_urlencoded;

use crate::world;

/// A token in a bare cache.
#[derive(Clone, Debug)]
pub struct Token {
    /// What is sent.
    pub secret: String,
    /// When it expires.
    pub expires_on: SystemTime,
}

type Tokens = HashMap<String, Arc<Token>>;

fn tokens(scopes: &[String]) -> Tokens {
    let secret = world::token();
    scopes
        .iter()
        .map(|scope| {
            let secret = secret.clone();
            let expires_on = SystemTime::now() + Duration::from_secs(3599);
            (scope.clone(), Arc::new(Token { secret, expires_on }))
        })
        .collect()
}

/// The cache that everybody writes first: a lock around a map.
#[derive(Debug)]
pub struct Locked(RwLock<Tokens>);

impl Locked {
    /// One that holds a token for each scope.
    pub fn new(scopes: &[String]) -> Self {
        Self(RwLock::new(tokens(scopes)))
    }

    /// A cached token.
    pub fn get(&self, scope: &str) -> Option<Arc<Token>> {
        let tokens = self.0.read().expect("no reader panics");
        tokens.get(scope).cloned()
    }
}

/// The quickest that is known: a map that is replaced as a whole and read without a lock.
#[derive(Debug)]
pub struct Swapped(ArcSwap<Tokens>);

impl Swapped {
    /// One that holds a token for each scope.
    pub fn new(scopes: &[String]) -> Self {
        Self(ArcSwap::from_pointee(tokens(scopes)))
    }

    /// A cached token.
    pub fn get(&self, scope: &str) -> Option<Arc<Token>> {
        self.0.load().get(scope).cloned()
    }

    /// A cached token, after a look at the clock, which whoever hands out tokens must take.
    pub fn get_by_the_clock(&self, scope: &str) -> Option<Arc<Token>> {
        let now = SystemTime::now();
        let tokens = self.0.load();
        let token = tokens.get(scope)?;
        (now < token.expires_on).then(|| Arc::clone(token))
    }

    /// The length of a cached token, by a look that leaves it where it is.
    pub fn peek(&self, scope: &str) -> Option<usize> {
        self.0.load().get(scope).map(|token| token.secret.len())
    }
}

/// The answer of the token endpoint.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// The token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// In seconds.
    pub expires_in: u64,
}

/// A client secret's exchange without anything around it: a form is written and an answer read.
pub fn exchange(answer: &[u8]) -> Answer {
    black_box(form());
    parse(black_box(answer))
}

/// The form that asks for a token by a client secret.
pub fn form() -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", black_box(world::CLIENT))
        .append_pair("client_secret", black_box(world::SECRET))
        .append_pair("grant_type", "client_credentials")
        .append_pair("scope", black_box(world::SCOPE))
        .finish()
}

/// Reads the answer of the token endpoint.
pub fn parse(answer: &[u8]) -> Answer {
    serde_json::from_slice(answer).expect("the answer is the one in this package")
}
