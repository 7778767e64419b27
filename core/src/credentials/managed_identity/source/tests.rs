//! Which source is chosen, row by row.

use super::*;

const ENDPOINT: (&str, &str) = ("IDENTITY_ENDPOINT", "http://localhost:1/msi/token/");
const HEADER: (&str, &str) = ("IDENTITY_HEADER", "h");
const MSI: (&str, &str) = ("MSI_ENDPOINT", "http://localhost:2");
const DIGITS: &str = "0123456789ABCDEF0123456789abcdef01234567";
const POD: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "t"),
    ("AZURE_CLIENT_ID", "c"),
    ("AZURE_FEDERATED_TOKEN_FILE", "/f"),
];

fn chosen_on(platform: Platform, pairs: &[(&str, &str)]) -> String {
    let environment = Environment::from_pairs(pairs.iter().copied());
    Choice::of(&environment, platform)
        .map_or_else(|invalid| invalid.to_string(), |choice| choice.to_string())
}

fn chosen(pairs: &[(&str, &str)]) -> String {
    chosen_on(Platform::Other, pairs)
}

#[test]
fn the_source_is_chosen_by_the_variables_that_are_set_and_not_empty() {
    let secure = ("IDENTITY_ENDPOINT", "https://localhost:3/token");
    let imds = "the instance metadata service at http://169.254.169.254";
    let elsewhere = (POD_IDENTITY_HOST, "http://127.0.0.1:4242/");
    let [tenant, client, file] = POD;
    let table: &[(&[_], &str)] = &[
        (
            &[secure, HEADER, (THUMBPRINT, DIGITS), MSI],
            "Service Fabric at https://localhost:3",
        ),
        (
            &[ENDPOINT, HEADER, MSI],
            "App Service at http://localhost:1",
        ),
        (
            &[ENDPOINT, HEADER, (THUMBPRINT, ""), ("IMDS_ENDPOINT", "i")],
            "App Service at http://localhost:1",
        ),
        (
            &[ENDPOINT, ("IMDS_ENDPOINT", "i"), MSI],
            "Azure Arc at http://localhost:1",
        ),
        (
            &[MSI, ("MSI_SECRET", "s"), HEADER],
            "Azure Machine Learning at http://localhost:2",
        ),
        (
            &[MSI, tenant, client, file],
            "Cloud Shell at http://localhost:2",
        ),
        (
            &[tenant, client, file, elsewhere],
            "the instance metadata service at http://127.0.0.1:4242",
        ),
        (&[tenant, client, file], "the token exchange of a workload"),
        (&[tenant, client, ("AZURE_FEDERATED_TOKEN_FILE", "")], imds),
        (&[client, file], imds),
        (&[], imds),
        (&[("IDENTITY_ENDPOINT", ""), HEADER], imds),
        (&[ENDPOINT], imds),
        (&[HEADER, ("MSI_SECRET", "s")], imds),
        (
            &[elsewhere],
            "the instance metadata service at http://127.0.0.1:4242",
        ),
    ];
    for (pairs, source) in table {
        assert_eq!(chosen(pairs), *source, "{pairs:?}");
    }
}

#[test]
fn where_the_environment_names_no_endpoint_the_agent_of_azure_arc_is_looked_for() {
    let arc = |platform, pairs: &[_]| {
        let shown = chosen_on(platform, pairs);
        shown
            .split_once(", or Azure Arc where ")
            .map(|(_, agent)| agent.to_owned())
    };
    let programs = ("PROGRAMFILES", r"C:\Program Files");
    assert_eq!(
        arc(Platform::Linux, &[programs]).as_deref(),
        Some("/opt/azcmagent/bin/himds exists")
    );
    assert_eq!(
        arc(Platform::Windows, &[programs]).as_deref(),
        Some(r"C:\Program Files\AzureConnectedMachineAgent\himds.exe exists")
    );
    assert_eq!(arc(Platform::Windows, &[]), None);
    assert_eq!(arc(Platform::MacOs, &[]), None);
    assert_eq!(arc(Platform::Other, &[]), None);
    assert_eq!(
        arc(Platform::Linux, &POD).as_deref(),
        Some("/opt/azcmagent/bin/himds exists")
    );
    assert_eq!(arc(Platform::Linux, &[MSI]), None);
    assert_eq!(
        arc(Platform::Linux, &[(POD_IDENTITY_HOST, "http://h")]),
        None
    );
}

#[test]
fn an_address_that_cannot_be_asked_is_refused_by_the_variables_name() {
    let places: [(&'static str, &[(&str, &str)]); 5] = [
        ("IDENTITY_ENDPOINT", &[HEADER]),
        ("IDENTITY_ENDPOINT", &[("IMDS_ENDPOINT", "i")]),
        ("MSI_ENDPOINT", &[("MSI_SECRET", "s")]),
        ("MSI_ENDPOINT", &[]),
        (POD_IDENTITY_HOST, &[]),
    ];
    for (name, others) in places {
        for url in [
            "169.254.169.254",
            "localhost:1",
            "/msi/token",
            "ftp://host",
            "mailto:a@b",
            "http://",
            "http://u:p@host",
            "http://host/?a=b",
            "http://host/#a",
        ] {
            let shown = chosen(&[others, &[(name, url)]].concat());
            let start = format!("the variable {name} is not valid: it must be ");
            assert!(shown.starts_with(&start), "{url}: {shown}");
        }
    }
}

#[test]
fn a_secret_for_service_fabric_goes_nowhere_in_clear_and_to_nobody_unknown() {
    let with = |thumbprint| [HEADER, (THUMBPRINT, thumbprint)];
    let clear = chosen(&[&with(DIGITS)[..], &[ENDPOINT]].concat());
    assert!(
        clear.contains("IDENTITY_ENDPOINT is not valid: Service Fabric's"),
        "{clear}"
    );
    let secure = ("IDENTITY_ENDPOINT", "https://h");
    for wrong in [
        "7f",
        "01234567",
        &DIGITS[1..],
        &format!("{DIGITS}0"),
        &"g".repeat(40),
    ] {
        let shown = chosen(&[&with(wrong)[..], &[secure]].concat());
        assert!(
            shown.contains("IDENTITY_SERVER_THUMBPRINT is not valid"),
            "{shown}"
        );
        assert!(!shown.contains(wrong), "{shown}");
    }
}
