//! The models side by side: a request goes to the one that its path belongs to.
//!
//! ```text
//! request ──► fault queued for it? ──► /metadata/…                ► Imds
//!                                      a host's path              ► Hosts
//!                                      …/_apis/distributedtask/… ► BuildSystems
//!                                      /subscriptions, /tenants   ► Azure Resource Manager
//!                                      …/me/revokeSignInSessions  ► Microsoft Graph
//!                                      all else                   ► Entra ──► log ──► reply
//! ```
//!
//! Service Fabric and the token proxy are behind an [`Entrance`] of their own.

use crate::answer;
use crate::certificate::ClientCertificate;
use crate::ci::BuildSystems;
use crate::entra::Entra;
use crate::fault::{Fault, FaultQueue};
use crate::graph;
use crate::hosts::{Hosts, TokenProxy, problem};
use crate::imds::Imds;
use crate::keys::SigningKey;
use crate::record::{Outcome, RepeatedAssertion, RequestLog, RequestRecord};
use crate::reply::Reply;
use crate::resource_manager::{self, Subscription};
use crate::world::World;
use http::{Request, Response, StatusCode};
use serde_json::json;

/// Which of the emulator's doors a request comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// The door to Entra and to the hosts that speak plain http.
    Shared,
    /// The door to Service Fabric, with a certificate of its own.
    ServiceFabric,
    /// The door to the token proxy of a Kubernetes cluster, with an authority of its own.
    TokenProxy,
}

/// Stands in for Microsoft Entra, the hosts of managed identities and build systems, without IO and
/// without a clock.
#[derive(Debug)]
pub struct Emulator {
    entra: Entra,
    imds: Imds,
    hosts: Hosts,
    builds: BuildSystems,
    subscriptions: Vec<Subscription>,
    client_certificate: Option<ClientCertificate>,
    faults: FaultQueue,
    log: RequestLog,
}

impl Emulator {
    /// Puts the models of `world` together; `key` signs their access tokens.
    pub fn new(world: World, key: SigningKey) -> Emulator {
        Emulator {
            entra: Entra::new(world.directory, key.clone()),
            hosts: Hosts::new(&world.machine, &world.host_secrets, &key),
            imds: Imds::new(world.machine, key),
            builds: world.builds,
            subscriptions: world.subscriptions,
            client_certificate: world.client_certificate,
            faults: FaultQueue::default(),
            log: RequestLog::default(),
        }
    }

    /// Names the origin under which the emulator is reached, such as `https://localhost:8443`;
    /// discovery documents and version 2 tokens carry it.
    pub fn set_authority(&mut self, origin: &str) {
        self.entra.set_authority(origin);
        self.imds.set_authority(origin);
        self.hosts.set_authority(origin);
    }

    /// Answers one request as if the connection were perfect; see [`Emulator::reply`] for the rest.
    pub fn handle(
        &mut self,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Response<Vec<u8>> {
        self.reply(request, now_unix_seconds).response
    }

    /// Answers one request, with what the connection is to do to the answer.
    ///
    /// The request's URI may be a path alone. Where it has a scheme, `http` to anything but the
    /// metadata service or another host of managed identities is refused and logged as a leak.
    pub fn reply(&mut self, request: &Request<Vec<u8>>, now_unix_seconds: u64) -> Reply {
        self.reply_at(Entrance::Shared, request, now_unix_seconds)
    }

    /// Answers one request that comes through `entrance`.
    pub fn reply_at(
        &mut self,
        entrance: Entrance,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Reply {
        let fault = self.faults.take(request.uri().path());
        let mut answer = || match entrance {
            Entrance::Shared => self.route(request, now_unix_seconds),
            Entrance::ServiceFabric => self.hosts.service_fabric.handle(request, now_unix_seconds),
            Entrance::TokenProxy => TokenProxy::handle(&mut self.entra, request, now_unix_seconds),
        };
        let reply = match fault {
            Some(fault) => fault.act_on(answer),
            None => Reply::plain(answer()),
        };
        let notes = reply.response.extensions();
        let outcome = notes.get().cloned().unwrap_or(Outcome::Fault);
        let repeated_assertion = notes.get::<RepeatedAssertion>().is_some();
        self.log.push(RequestRecord {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            time: now_unix_seconds,
            status: reply.response.status().as_u16(),
            outcome,
            repeated_assertion,
        });
        reply
    }

    /// Does `fault` to the next `times` requests whose path contains `path_part`. Faults wait in
    /// line: a later one begins when the earlier ones that fit are used up.
    pub fn inject(&mut self, path_part: &str, times: u32, fault: Fault) {
        self.faults.push(path_part, times, fault);
    }

    /// Takes back every fault that has not happened yet.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// The latest requests, oldest first, at most ten thousand.
    pub fn requests(&self) -> impl Iterator<Item = &RequestRecord> {
        self.log.records()
    }

    /// The model of Entra.
    pub fn entra(&self) -> &Entra {
        &self.entra
    }

    /// The model of Entra, to change what it knows.
    pub fn entra_mut(&mut self) -> &mut Entra {
        &mut self.entra
    }

    /// The model of the metadata service.
    pub fn imds(&self) -> &Imds {
        &self.imds
    }

    /// The model of the metadata service, to change what it knows.
    pub fn imds_mut(&mut self) -> &mut Imds {
        &mut self.imds
    }

    /// The models of the other hosts of managed identities.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The models of the other hosts of managed identities, to change what they know and do.
    pub fn hosts_mut(&mut self) -> &mut Hosts {
        &mut self.hosts
    }

    /// The jobs of build systems.
    pub fn builds(&self) -> &BuildSystems {
        &self.builds
    }

    /// The jobs of build systems, to change what is known of them.
    pub fn builds_mut(&mut self) -> &mut BuildSystems {
        &mut self.builds
    }

    /// The certificate that the first application holds.
    pub fn client_certificate(&self) -> Option<&ClientCertificate> {
        self.client_certificate.as_ref()
    }

    fn route(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        let is_metadata = request.uri().path().starts_with("/metadata/");
        let is_host = Hosts::is_path(request.uri().path());
        match request.uri().scheme_str() {
            Some("https") if is_metadata || is_host => answer::not_found(),
            _ if is_metadata => self.imds.handle(request, now),
            _ if is_host => self.hosts.handle(request, now),
            Some("http") => answer::json(
                StatusCode::BAD_REQUEST,
                &json!({
                    "error": "invalid_request",
                    "error_description": "This authority is reached over https only.",
                }),
                Outcome::Leak("plain http".to_owned()),
            ),
            _ if BuildSystems::owns(request.uri().path()) => self.builds.handle(request, now),
            _ if resource_manager::owns(request.uri().path()) => {
                resource_manager::handle(&self.entra, &self.subscriptions, request, now)
            }
            _ if request.uri().path() == graph::REVOKE_PATH => {
                graph::handle(&mut self.entra, request, now)
            }
            _ => match problem::stray_secret(request, Some("authorization")) {
                Err(problem) => problem.answer(),
                Ok(()) => self.entra.handle(request, now),
            },
        }
    }
}
