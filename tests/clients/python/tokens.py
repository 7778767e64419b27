"""Gets a token from `azid emulate` with Microsoft's Python client, once per kind of credential.

The environment is what `azid emulate` prints. Each token's signature is checked against the keys
that the emulator publishes.
"""

import os
import sys

import azure.identity
import jwt
import requests

RESOURCE = "https://vault.azure.net"
AUTHORITY = os.environ["AZURE_AUTHORITY_HOST"]
TENANT = os.environ["AZURE_TENANT_ID"]
CLIENT = os.environ["AZURE_CLIENT_ID"]
# The client would otherwise ask the public cloud whether it knows this authority.
ENTRA = {"authority": AUTHORITY, "disable_instance_discovery": True}


def client_secret():
    secret = os.environ["AZURE_CLIENT_SECRET"]
    return azure.identity.ClientSecretCredential(TENANT, CLIENT, secret, **ENTRA)


def workload_identity():
    file = os.environ["AZURE_FEDERATED_TOKEN_FILE"]
    return azure.identity.WorkloadIdentityCredential(
        tenant_id=TENANT, client_id=CLIENT, token_file_path=file, **ENTRA
    )


def managed_identity():
    return azure.identity.ManagedIdentityCredential()  # AZURE_POD_IDENTITY_AUTHORITY_HOST


def published_keys():
    configuration = f"{AUTHORITY.rstrip('/')}/{TENANT}/v2.0/.well-known/openid-configuration"
    uri = requests.get(configuration, timeout=10).json()["jwks_uri"]
    return jwt.PyJWKSet.from_dict(requests.get(uri, timeout=10).json())


def verify(token, keys):
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})
    assert claims["aud"].rstrip("/") == RESOURCE, f"audience {claims['aud']}"
    assert claims["tid"] == TENANT, f"tenant {claims['tid']}"


def refused():
    """A wrong secret is refused with Entra's own code, in the words the client looks for."""
    credential = azure.identity.ClientSecretCredential(TENANT, CLIENT, "wrong", **ENTRA)
    try:
        credential.get_token(f"{RESOURCE}/.default")
    except azure.core.exceptions.ClientAuthenticationError as error:
        assert "AADSTS7000215" in str(error), error
    else:
        raise AssertionError("a wrong secret got a token")


def main():
    keys = published_keys()
    failed = 0
    for credential in (client_secret, workload_identity, managed_identity):
        try:
            verify(credential().get_token(f"{RESOURCE}/.default").token, keys)
            print(f"ok      python {credential.__name__}")
        except Exception as error:  # one that fails leaves the others to be tried
            failed += 1
            print(f"FAILED  python {credential.__name__}: {type(error).__name__}: {error}")
    try:
        refused()
        print("ok      python wrong secret")
    except Exception as error:
        failed += 1
        print(f"FAILED  python wrong secret: {type(error).__name__}: {error}")
    sys.exit(1 if failed else 0)


main()
