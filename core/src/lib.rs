//! temp
mod authority;
pub mod cache;
mod context;
mod credential;
mod credentials;
mod date;
pub mod effect;
mod entropy;
mod environment;
mod error;
mod identity;
mod memory;
pub mod oauth;
mod plan;
mod request;
pub mod retry;
mod run;
mod secret;
mod step;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod token;
pub mod transcript;

pub use self::authority::{AllowedTenants, Authority, ClientId, TenantId};
pub use self::context::{Context, Platform, Position};
pub use self::credential::{Credential, Lane};
pub use self::credentials::*;
pub use self::entropy::{Entropy, Seed};
pub use self::environment::{Environment, Exposure};
pub use self::error::{Cause, Error, ErrorKind, Fault, Invalid, What};
pub use self::identity::{Identity, IdentityBuilder};
pub use self::memory::{Fact, Memory, MemoryChange};
pub use self::plan::{Plan, PlanContext, Readiness};
pub use self::request::TokenRequest;
pub use self::run::{
    Link, Move, Next, Resend, Run, assertion, authorize, call, call_link, done, exec, http,
    http_rebuilt, prompt, read_file, sign, sleep, token,
};
pub use self::secret::{Secret, SecretBytes};
pub use self::step::{Call, Outcome, Step};
pub use self::time::{Now, Timestamp};
pub use self::token::AccessToken;
pub use self::transcript::Transcript;
