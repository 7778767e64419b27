//! The assertions that a certificate signs, part by part.

use azid_core::effect::{CallbackId, KeyHandle, SignatureAlgorithm};
use azid_core::testing::{self, START, World};
use azid_core::{
    Authority, CertificateProof, ClientCertificate, ClientCertificateCredential, Context, Region,
    Seed, TokenRequest,
};
use serde_json::{Map, Value, json};

use crate::sight::{Sight, assertion_in, form, look_at};
use crate::{SIGNATURE, answers, certificate, context, credential, proof, signs, token};

/// The digests of the leaf, in base64url.
const LEAF_SHA_1: &str = "qZk-NkcGgWq6PiVxeFDCbJzQ2J0";
const LEAF_SHA_256: &str = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";

/// What is seen of a run whose signer signs and whose token endpoint gives a token.
fn used(credential: ClientCertificateCredential) -> Sight {
    look_at(credential, context(), &mut World::new([signs(), token()]))
}

fn header(sight: &Sight) -> Map<String, Value> {
    assertion_in(sight.request()).0
}

fn claims(sight: &Sight) -> Map<String, Value> {
    assertion_in(sight.request()).1
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

#[test]
fn entra_gets_ps256_and_the_thumbprint_by_sha_256() {
    let sight = used(credential(proof()));
    let expected = json!({ "typ": "JWT", "alg": "PS256", "x5t#S256": LEAF_SHA_256 });
    assert_eq!(header(&sight), object(expected));
    assert_eq!(sight.signed[0].algorithm, SignatureAlgorithm::Ps256);
    assert!(sight.outcome.result.is_ok());
}

#[test]
fn rs256_and_the_thumbprint_by_sha_1_go_to_ad_fs_and_dsts_and_where_they_are_wanted() {
    let server = |tenant: &str, url: &str| {
        let credential = ClientCertificateCredential::new(tenant, "app-id", proof());
        let authority = Authority::new(url).expect("an authority");
        credential.expect("valid").authority(authority)
    };
    let all = [
        server("adfs", "https://fs.contoso.com"),
        server("contoso.com", "https://fs.contoso.com/adfs"),
        server("contoso.com", "https://sts.contoso.com/dstsv2"),
        credential(proof().use_rs256()),
    ];
    for credential in all {
        let sight = used(credential);
        let expected = json!({ "typ": "JWT", "alg": "RS256", "x5t": LEAF_SHA_1 });
        assert_eq!(header(&sight), object(expected));
        assert_eq!(sight.signed[0].algorithm, SignatureAlgorithm::Rs256);
    }
}

#[test]
fn the_chain_is_sent_on_demand_as_base64_of_der_with_the_leaf_first() {
    let key = KeyHandle::Named(CallbackId::new("vault"));
    let chain = [&b"\xfb\xff\xbe leaf"[..], b"an issuer"];
    let certificate = ClientCertificate::new(chain, key).expect("certificates");
    let sight = used(credential(
        CertificateProof::from(certificate.clone()).send_certificate_chain(),
    ));
    let expected = json!(["+/++IGxlYWY=", "YW4gaXNzdWVy"]);
    assert_eq!(header(&sight)["x5c"], expected);
    assert_eq!(header(&used(credential(certificate))).get("x5c"), None);
}

#[test]
fn what_is_signed_is_what_is_sent_and_the_signature_follows_it() {
    let sight = used(credential(proof()));
    let fields = form(sight.request());
    let field = |name| {
        &fields
            .iter()
            .find(|(known, _)| known == name)
            .expect(name)
            .1
    };
    let signed = std::str::from_utf8(sight.signed[0].message.expose()).expect("text");
    let (sent, signature) = field("client_assertion")
        .rsplit_once('.')
        .expect("three parts");
    assert_eq!(sent, signed);
    assert_eq!(signature, "-_9zaWduYXR1cmU");
    assert_eq!(assertion_in(sight.request()).2, SIGNATURE);
    assert_eq!(&sight.signed[0].key, certificate().key());
    assert_eq!(
        field("client_assertion_type"),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert!(!fields.iter().any(|(name, _)| name == "client_secret"));
}

#[test]
fn the_claims_are_the_clients_word_to_the_endpoint_for_ten_minutes_around_now() {
    let claims = claims(&used(credential(proof())));
    let now = START / 1000;
    let number = |name: &str| claims[name].as_i64().expect("whole seconds");
    assert_eq!(claims["iss"], "app-id");
    assert_eq!(claims["sub"], "app-id");
    assert_eq!(
        claims["aud"],
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"
    );
    assert!((60..=300).contains(&(now - number("nbf"))));
    assert!((60..=600).contains(&(number("exp") - now)));
    assert!(number("exp") - number("nbf") <= 600);
    let names: Vec<_> = claims.keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "exp", "iss", "jti", "nbf", "sub"]);
}

#[test]
fn an_assertion_is_dated_by_the_wall_clock_of_when_it_is_made() {
    const YEAR: i64 = 365 * 24 * 3600;
    let mut world = World::new([signs(), token()]);
    world.jump(YEAR * 1000);
    let context = Context::new(TokenRequest::new(["s"]), world.now(), Seed::new([1; 32]));
    let later = look_at(credential(proof()), context, &mut world);
    let exp = |sight: &Sight| claims(sight)["exp"].as_i64().expect("seconds");
    assert_eq!(exp(&later) - exp(&used(credential(proof()))), YEAR);
}

#[test]
fn the_audience_is_exactly_the_endpoint_that_is_asked() {
    let at = |authority: &str, tenant: &str| {
        let credential = ClientCertificateCredential::new(tenant, "app-id", proof());
        let authority = Authority::new(authority).expect("an authority");
        credential.expect("valid").authority(authority)
    };
    let west = || Region::new("westeurope").expect("a region");
    let table = [
        (
            at("login.microsoftonline.us", "t"),
            "https://login.microsoftonline.us/t/oauth2/v2.0/token",
        ),
        (
            at("https://gateway.example/base", "t"),
            "https://gateway.example/base/t/oauth2/v2.0/token",
        ),
        (
            at("https://localhost:8443", "t"),
            "https://localhost:8443/t/oauth2/v2.0/token",
        ),
        (
            at("https://fs.contoso.com", "adfs"),
            "https://fs.contoso.com/adfs/oauth2/token",
        ),
        (
            at("login.microsoftonline.com", "t").region(west()),
            "https://westeurope.login.microsoft.com/t/oauth2/v2.0/token",
        ),
        (
            at("https://login.contoso.example/base", "t").region(west()),
            "https://westeurope.login.contoso.example/base/t/oauth2/v2.0/token",
        ),
    ];
    for (credential, endpoint) in table {
        let sight = used(credential);
        assert_eq!(claims(&sight)["aud"], endpoint);
        assert_eq!(sight.request().url.as_str(), endpoint);
    }
}

#[test]
fn another_tenants_token_is_asked_of_that_tenant_for_an_audience_there() {
    let request = TokenRequest::new(["https://vault.azure.net/.default"]).tenant("fabrikam.com");
    let credential = credential(proof()).additionally_allowed_tenants(["fabrikam.com"]);
    let mut world = World::new([signs(), token()]);
    let sight = look_at(credential, testing::context(request), &mut world);
    let endpoint = "https://login.microsoftonline.com/fabrikam.com/oauth2/v2.0/token";
    assert_eq!(claims(&sight)["aud"], endpoint);
    assert_eq!(sight.request().url.as_str(), endpoint);
}

#[test]
fn every_assertion_has_an_id_of_its_own() {
    let busy = || answers(503, "");
    let run = |seed| {
        let mut world = World::new([signs(), busy(), signs(), busy(), signs(), token()]);
        let request = TokenRequest::new(["https://vault.azure.net/.default"]);
        let context = Context::new(request, world.now(), Seed::new([seed; 32]));
        look_at(credential(proof()), context, &mut world)
    };
    let mut ids = Vec::new();
    for sight in [run(1), run(2)] {
        assert!(sight.outcome.result.is_ok());
        for request in &sight.sent {
            let id = assertion_in(request).1["jti"]
                .as_str()
                .expect("a text")
                .to_owned();
            assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
            ids.push(id);
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn a_client_id_of_odd_characters_stays_what_it_is() {
    for id in [r#"a"b\c"#, r#"x","aud":"y"#, "{}[]:,'"] {
        let credential = ClientCertificateCredential::new("contoso.com", id, proof());
        let claims = claims(&used(credential.expect("visible ASCII")));
        assert_eq!(claims["iss"], id);
        assert_eq!(claims["sub"], id);
        assert_eq!(claims.len(), 6);
    }
}
