//! What can happen to a job of Azure Pipelines.

use super::*;
use crate::client::job_token_cases::with_issuer_answers;
use crate::request::TokenRequest;
use crate::testing::{Case, with_fresh_proofs};

const URI: &str =
    "https://dev.azure.com/contoso/1/_apis/distributedtask/hubs/build/plans/2/jobs/3/oidctoken";

impl AzurePipelinesCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        let of = |connection: &str, token| {
            Self::new("contoso.com", "app-id", connection, token).expect("valid")
        };
        let bare = |name| Case::new(name, of("connection-id", "job-t0ken"));
        let case = |name| bare(name).with("SYSTEM_OIDCREQUESTURI", URI);
        let assertion = r#"{"oidcToken":"e30.job.c2ln"}"#;
        let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
        let mut cases = with_fresh_proofs(case, |case| case.http(200, assertion));
        cases.extend(with_issuer_answers(case, "oidcToken"));
        cases.extend([
            bare("no variable"),
            bare("no variable in a chain").in_chain(),
            bare("an empty variable").with("SYSTEM_OIDCREQUESTURI", ""),
            bare("a path instead of a URL").with("SYSTEM_OIDCREQUESTURI", "/oidctoken"),
            bare("an address in clear").with("SYSTEM_OIDCREQUESTURI", "http://dev.azure.com/"),
            bare("an address with a password")
                .with("SYSTEM_OIDCREQUESTURI", "https://u:p@dev.azure.com/"),
            bare("an address with a query")
                .with(
                    "SYSTEM_OIDCREQUESTURI",
                    "https://dev.azure.com/oidctoken?api-version=6.0&ticket=t1cket%20#top",
                )
                .http(200, assertion)
                .http(200, token),
            Case::new("a connection with signs", of("a b&c=d/e", "job-t0ken"))
                .with("SYSTEM_OIDCREQUESTURI", URI)
                .http(200, assertion)
                .http(200, token),
            case("another tenant that is not allowed").asks(
                TokenRequest::new(["https://vault.azure.net/.default"]).tenant("fabrikam.com"),
            ),
            case("no scope").asks(TokenRequest::new([""; 0])),
        ]);
        cases
    }
}
