//! The hosts beside the virtual machine that hand out tokens without a credential.
//!
//! | host | path | what proves the caller |
//! |---|---|---|
//! | [`AppService`] | `/msi/token` | header `X-IDENTITY-HEADER` |
//! | [`AppService2017`] | `/app-service-2017/MSI/token` | header `secret` |
//! | Azure ML, an [`AppService2017`] too | `/azure-ml/msi/token` | header `secret` |
//! | [`CloudShell`] | `/oauth2/token` | nothing |
//! | [`AzureArc`] | `/azure-arc/metadata/identity/oauth2/token` | the content of a file |
//! | [`ServiceFabric`], behind its own TLS | `/service-fabric/metadata/identity/oauth2/token` | header `Secret` |
//! | the [`TokenProxy`], behind its own TLS | `/identity-binding/…` | the service account token |
//!
//! A secret of one of them is a leak at every other.

mod app_service;
mod app_service_2017;
mod azure_arc;
mod cloud_shell;
pub(crate) mod identities;
mod kind;
pub(crate) mod problem;
mod secret;
mod service_fabric;
mod token_proxy;

use crate::answer;
use crate::keys::SigningKey;
use crate::machine::Machine;
use crate::world::HostSecrets;
pub use app_service::AppService;
pub use app_service_2017::{AppService2017, ExpiryForm};
pub use azure_arc::{AzureArc, FileOrder};
pub use cloud_shell::CloudShell;
use http::{Request, Response};
pub use identities::Identities;
pub use kind::HostKind;
pub use service_fabric::ServiceFabric;
pub use token_proxy::TokenProxy;

/// One host of each kind, all with the identities of the same machine.
#[derive(Debug)]
pub struct Hosts {
    /// App Service, Functions, Container Apps.
    pub app_service: AppService,
    /// App Service of old.
    pub app_service_2017: AppService2017,
    /// Azure ML compute.
    pub azure_ml: AppService2017,
    /// A Cloud Shell.
    pub cloud_shell: CloudShell,
    /// A machine that Azure Arc manages.
    pub azure_arc: AzureArc,
    /// A Service Fabric cluster.
    pub service_fabric: ServiceFabric,
}

impl Hosts {
    pub(crate) fn new(machine: &Machine, secrets: &HostSecrets, key: &SigningKey) -> Hosts {
        let mut first = 0;
        let mut identities = || {
            first += 100_000_000;
            Identities::new(machine.clone(), key.clone()).numbered_from(first)
        };
        Hosts {
            app_service: AppService::new(identities(), &secrets.app_service),
            app_service_2017: AppService2017::new(
                identities(),
                &secrets.app_service_2017,
                ExpiryForm::LinuxDate,
            ),
            azure_ml: AppService2017::new(identities(), &secrets.azure_ml, ExpiryForm::Number),
            cloud_shell: CloudShell::new(identities()),
            azure_arc: AzureArc::new(identities()),
            service_fabric: ServiceFabric::new(identities(), &secrets.service_fabric),
        }
    }

    pub(crate) fn set_authority(&mut self, origin: &str) {
        for identities in [
            &mut self.app_service.identities,
            &mut self.app_service_2017.identities,
            &mut self.azure_ml.identities,
            &mut self.cloud_shell.identities,
            &mut self.azure_arc.identities,
            &mut self.service_fabric.identities,
        ] {
            identities.set_authority(origin);
        }
    }

    /// Whether this is the path of a host that speaks plain http.
    pub(crate) fn is_path(path: &str) -> bool {
        PLAIN_PATHS.contains(&path.trim_end_matches('/'))
    }

    /// Answers as the plain http host whose path this is.
    pub(crate) fn handle(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        match request.uri().path().trim_end_matches('/') {
            AppService::PATH => self.app_service.handle(request, now),
            AppService2017::PATH => self.app_service_2017.handle(request, now),
            AppService2017::AZURE_ML_PATH => self.azure_ml.handle(request, now),
            CloudShell::PATH => self.cloud_shell.handle(request, now),
            AzureArc::PATH => self.azure_arc.handle(request, now),
            _ => answer::not_found(),
        }
    }
}

const PLAIN_PATHS: [&str; 5] = [
    AppService::PATH,
    AppService2017::PATH,
    AppService2017::AZURE_ML_PATH,
    CloudShell::PATH,
    AzureArc::PATH,
];
