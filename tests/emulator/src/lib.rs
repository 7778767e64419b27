//! Pure models of Microsoft Entra and the Azure identity endpoints, and a loopback server for them.
//!
//! An [`Emulator`] answers requests as the real services would, and refuses what they would refuse,
//! with the same status, `error` and AADSTS number. It has no IO and no clock: a request and the
//! time go in, a response comes out. It shares no code with the library that it judges.
//!
//! ```
//! use azid_emulator::{Emulator, Keys, demo};
//!
//! let keys = Keys::generate();
//! let mut emulator = Emulator::new(demo::world(&keys), keys.entra.clone());
//! let request = http::Request::get("/metadata/identity/oauth2/token?api-version=2018-02-01")
//!     .header("Metadata", "true")
//!     .body(Vec::new())?;
//! let response = emulator.handle(&request, 1_800_000_000);
//! assert_eq!(response.status(), 400); // no resource in the query
//! # Ok::<(), http::Error>(())
//! ```
//!
//! People sign in at [`Entra`]'s pages with a browser, or [`Entra::sign_in`] does it for them.
//! [`demo`] is a world ready for use. [`Entra`], [`Imds`] and each of the [`Hosts`] can be used alone;
//! [`BuildSystems`] are the jobs of Azure Pipelines and GitHub Actions that hand out tokens for Entra.
//! As much of Azure Resource Manager and Microsoft Graph is there as the Azure CLI needs to log in: a
//! list of [`Subscription`]s and tenants, and the end of one's own sessions. [`Fault`] makes things go
//! wrong on demand, and [`Emulator::requests`] tells what was asked.
//! [`verify_access_token`] checks an issued token as a resource does, from the published keys alone.

mod answer;
mod application;
mod bearer;
mod certificate;
mod ci;
pub mod demo;
mod directory;
mod emulator;
mod entra;
mod fault;
mod fields;
mod graph;
mod hosts;
mod imds;
mod jwt;
mod keys;
mod machine;
mod mint;
mod record;
mod reply;
mod resource_manager;
mod server;
mod time;
mod verify;
mod world;

pub use application::{Application, ClientSecret, Delegation, FederatedCredential, TrustedSubject};
pub use certificate::{Certificate, ClientCertificate};
pub use ci::{BuildSystems, Pipeline, ServiceConnection, Workflow};
pub use directory::{
    AccessPolicy, Directory, FederatedDomain, FederatedIssuer, Resource, Tenant, TokenVersion,
    User, UserState,
};
pub use emulator::{Emulator, Entrance};
pub use entra::{Entra, Landing};
pub use fault::{DropPoint, Fault};
pub use hosts::{
    AppService, AppService2017, AzureArc, CloudShell, ExpiryForm, FileOrder, HostKind, Hosts,
    Identities, ServiceFabric, TokenProxy,
};
pub use imds::Imds;
pub use keys::{Keys, SigningKey};
pub use machine::{Machine, ManagedIdentity};
pub use record::{Outcome, RequestRecord};
pub use reply::{Reply, Transport};
pub use resource_manager::Subscription;
pub use server::{Clock, EmulatorServer, ServerOptions, Traffic};
pub use verify::{Claims, VerifyError, verify_access_token};
pub use world::{HostSecrets, World};
