"""Gets tokens from `azid emulate` with Microsoft's Python client, sync and async, flow by flow.

    tokens.py FILE    # FILE is what `azid emulate --environments FILE` wrote

Prints a line for each scenario; the exit code is 1 when one failed.
"""

import datetime
import os
import sys

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from azure.identity import ManagedIdentityCredential

from emulated import ASYNC, ENVIRONMENTS, RESOURCE, SYNC
from emulated import check, get, on_hosts, pick, refused, run, scenario

TENANT = ENVIRONMENTS["standard"]["AZURE_TENANT_ID"]
CLIENT = ENVIRONMENTS["standard"]["AZURE_CLIENT_ID"]
SECRET = ENVIRONMENTS["standard"]["AZURE_CLIENT_SECRET"]
CERTIFICATE_FILE = ENVIRONMENTS["client-certificate"]["AZURE_CLIENT_CERTIFICATE_PATH"]
# An application that trusts the certificate's names, so that it needs the chain.
SUBJECT_NAME_CLIENT = "22222222-aaaa-4bbb-8ccc-000000000005"
# An application that trusts the user-assigned identity below.
IDENTITY_CLIENT = "22222222-aaaa-4bbb-8ccc-000000000006"
EXCHANGE = "api://AzureADTokenExchange"
GUARDED = "api://emulated-guarded-api/.default"
# The client would otherwise ask the public cloud whether it knows this authority.
ENTRA = {"disable_instance_discovery": True}
APPLICATION = (TENANT, CLIENT)

MACHINE = "44444444-aaaa-4bbb-8ccc-000000000001"
IDENTITY = "44444444-aaaa-4bbb-8ccc-000000000002"
IDENTITY_OBJECT = "44444444-aaaa-4bbb-8ccc-0000000000f2"
SUBSCRIPTION = "/subscriptions/55555555-aaaa-4bbb-8ccc-000000000001"
IDENTITY_RESOURCE = (
    f"{SUBSCRIPTION}/resourcegroups/demo/providers/Microsoft.ManagedIdentity"
    "/userAssignedIdentities/demo"
)


def app(client, object_id, **more):
    """The claims of a token for the vault that an application or an identity holds itself."""
    return {
        "aud": RESOURCE, "tid": TENANT, "appid": client, "oid": object_id, "idtyp": "app",
        "scp": None, "xms_cc": None,
    } | more


FIRST = app(CLIENT, "22222222-aaaa-4bbb-8ccc-0000000000f1")
SUBJECT_NAME = app(SUBJECT_NAME_CLIENT, "22222222-aaaa-4bbb-8ccc-00000000f005")
SYSTEM_ASSIGNED = app(MACHINE, "44444444-aaaa-4bbb-8ccc-0000000000f1")
USER_ASSIGNED = app(IDENTITY, IDENTITY_OBJECT, xms_mirid=IDENTITY_RESOURCE)
USER = {
    "aud": RESOURCE, "tid": TENANT, "appid": CLIENT, "idtyp": "user", "scp": "user_impersonation",
    "oid": "66666666-aaaa-4bbb-8ccc-000000000001", "upn": "someone@emulated.onmicrosoft.com",
}
GUARDED_USER = USER | {
    "aud": "33333333-aaaa-4bbb-8ccc-000000000002", "appid": None, "azp": CLIENT, "scp": "read",
    "upn": None, "preferred_username": "someone@emulated.onmicrosoft.com",
}

AUTHORITY = pick("standard", "AZURE_AUTHORITY_HOST")
NAMED = AUTHORITY | pick("standard", "AZURE_TENANT_ID", "AZURE_CLIENT_ID")
POD = NAMED | pick("standard", "AZURE_FEDERATED_TOKEN_FILE")
GITHUB = AUTHORITY | ENVIRONMENTS["github-actions"]
PIPELINES = AUTHORITY | ENVIRONMENTS["azure-pipelines"]
ON_BEHALF_OF = AUTHORITY | ENVIRONMENTS["on-behalf-of"]
IMDS = ENVIRONMENTS["imds"]


# Service principals


@scenario("client secret", AUTHORITY)
def _(identity):
    check(get(identity.ClientSecretCredential(*APPLICATION, SECRET, **ENTRA)), FIRST)


@scenario("client secret, continuous access evaluation", AUTHORITY)
def _(identity):
    credential = identity.ClientSecretCredential(*APPLICATION, SECRET, **ENTRA)
    check(get(credential, enable_cae=True), FIRST | {"xms_cc": ["CP1"]})


@scenario("client secret, wrong: AADSTS7000215", AUTHORITY)
def _(identity):
    refused(identity.ClientSecretCredential(*APPLICATION, "wrong", **ENTRA), "AADSTS7000215")


@scenario("environment, secret", NAMED | pick("standard", "AZURE_CLIENT_SECRET"))
@scenario("environment, certificate", NAMED | ENVIRONMENTS["client-certificate"])
def _(identity):
    check(get(identity.EnvironmentCredential(**ENTRA)), FIRST)


@scenario("certificate", AUTHORITY)
def _(identity):
    check(get(identity.CertificateCredential(*APPLICATION, CERTIFICATE_FILE, **ENTRA)), FIRST)


@scenario("certificate, chain", AUTHORITY, clients=SYNC)  # the async client never sends it
def _(identity):
    options = ENTRA | {"send_certificate_chain": True}
    credential = identity.CertificateCredential(
        TENANT, SUBJECT_NAME_CLIENT, CERTIFICATE_FILE, **options
    )
    check(get(credential), SUBJECT_NAME)


@scenario("certificate, the chain left out: AADSTS700027", AUTHORITY)
def _(identity):
    credential = identity.CertificateCredential(
        TENANT, SUBJECT_NAME_CLIENT, CERTIFICATE_FILE, **ENTRA
    )
    refused(credential, "AADSTS700027")


@scenario("certificate, unregistered: AADSTS700027", AUTHORITY)
def _(identity):
    data = unregistered_certificate()
    credential = identity.CertificateCredential(*APPLICATION, certificate_data=data, **ENTRA)
    refused(credential, "AADSTS700027")


def unregistered_certificate():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(hours=1))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    certificate = builder.sign(key, hashes.SHA256())
    return private + certificate.public_bytes(serialization.Encoding.PEM)


# Federation


@scenario("client assertion, GitHub Actions", GITHUB)
def _(identity):
    credential = identity.ClientAssertionCredential(*APPLICATION, github_token, **ENTRA)
    check(get(credential), FIRST)


@scenario("client assertion, wrong audience: AADSTS700212", GITHUB)
def _(identity):
    credential = identity.ClientAssertionCredential(
        *APPLICATION, lambda: github_token("api://another"), **ENTRA
    )
    refused(credential, "AADSTS700212")


def github_token(audience=EXCHANGE):
    answer = requests.get(
        os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"],
        params={"audience": audience},
        headers={"Authorization": f"Bearer {os.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
        timeout=10,
    )
    return answer.json()["value"]


@scenario("client assertion, managed identity", AUTHORITY | IMDS)
def _(identity):
    def assertion():
        return get(ManagedIdentityCredential(client_id=IDENTITY), f"{EXCHANGE}/.default")

    credential = identity.ClientAssertionCredential(TENANT, IDENTITY_CLIENT, assertion, **ENTRA)
    check(get(credential), app(IDENTITY_CLIENT, "22222222-aaaa-4bbb-8ccc-00000000f006"))


@scenario("workload identity", POD)
def _(identity):
    check(get(identity.WorkloadIdentityCredential(**ENTRA)), FIRST)


@scenario("workload identity, AKS identity binding", ENVIRONMENTS["aks-identity-binding"])
def _(identity):
    check(get(identity.WorkloadIdentityCredential(enable_azure_proxy=True, **ENTRA)), FIRST)


def pipelines(identity, token):
    return identity.AzurePipelinesCredential(
        tenant_id=os.environ["AZURESUBSCRIPTION_TENANT_ID"],
        client_id=os.environ["AZURESUBSCRIPTION_CLIENT_ID"],
        service_connection_id=os.environ["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"],
        system_access_token=token,
        **ENTRA,
    )


@scenario("Azure Pipelines", PIPELINES)
def _(identity):
    check(get(pipelines(identity, os.environ["SYSTEM_ACCESSTOKEN"])), FIRST)


@scenario("Azure Pipelines, wrong access token", PIPELINES)
def _(identity):
    refused(pipelines(identity, "wrong"), "TF400813")


# On behalf of a user


def on_behalf_of(identity, **proof):
    with open(os.environ["USER_ASSERTION_FILE"], encoding="utf-8") as file:
        user = file.read()
    return identity.OnBehalfOfCredential(*APPLICATION, user_assertion=user, **proof, **ENTRA)


@scenario("on behalf of, secret", ON_BEHALF_OF)
def _(identity):
    check(get(on_behalf_of(identity, client_secret=SECRET)), USER)


@scenario("on behalf of, certificate", ON_BEHALF_OF)
def _(identity):
    with open(CERTIFICATE_FILE, "rb") as file:
        certificate = file.read()
    check(get(on_behalf_of(identity, client_certificate=certificate)), USER)


@scenario("on behalf of, assertion", ON_BEHALF_OF | GITHUB)
def _(identity):
    check(get(on_behalf_of(identity, client_assertion_func=github_token)), USER)


@scenario("on behalf of, claims challenge", ON_BEHALF_OF)
def _(identity):
    error = refused(on_behalf_of(identity, client_secret=SECRET), "AADSTS50076", scope=GUARDED)
    claims = error.response.json()["claims"]
    credential = on_behalf_of(identity, client_secret=SECRET)
    check(get(credential, GUARDED, claims=claims), GUARDED_USER)


# Managed identity


@on_hosts("managed identity", "imds", "app-service", "azure-ml", "cloud-shell", "azure-arc")
@on_hosts("managed identity", "service-fabric")
# The sync client takes this host for Azure ML, and cannot read the date that it answers.
@on_hosts("managed identity", "app-service-2017", clients=ASYNC)
def _(identity):
    check(get(identity.ManagedIdentityCredential()), SYSTEM_ASSIGNED)


@on_hosts("managed identity by client id", "imds", "app-service", "azure-ml", "azure-arc")
@on_hosts("managed identity by client id", "app-service-2017", clients=ASYNC)
def _(identity):
    check(get(identity.ManagedIdentityCredential(client_id=IDENTITY)), USER_ASSIGNED)


@on_hosts("managed identity by object id", "imds", "app-service", "azure-arc")
def _(identity):
    config = {"object_id": IDENTITY_OBJECT}
    check(get(identity.ManagedIdentityCredential(identity_config=config)), USER_ASSIGNED)


@on_hosts("managed identity by resource id", "imds", "app-service", clients=SYNC)
@on_hosts("managed identity by resource id", "azure-arc")
def _(identity):
    config = {"resource_id": IDENTITY_RESOURCE}
    check(get(identity.ManagedIdentityCredential(identity_config=config)), USER_ASSIGNED)


@on_hosts("managed identity by resource id", "imds", "app-service", clients=ASYNC)
def _(identity):
    config = {"mi_res_id": IDENTITY_RESOURCE}  # the async client sends the name as it is
    check(get(identity.ManagedIdentityCredential(identity_config=config)), USER_ASSIGNED)


@scenario("managed identity, in a pod", POD)
def _(identity):
    check(get(identity.ManagedIdentityCredential(**ENTRA)), FIRST)


@scenario("managed identity, not assigned", IMDS)
def _(identity):
    stranger = "44444444-aaaa-4bbb-8ccc-00000000000f"
    refused(identity.ManagedIdentityCredential(client_id=stranger), "Identity not found")


sys.exit(0 if run() else 1)
