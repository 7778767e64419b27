"""The emulator as a scenario sees it: variables, tokens and their checks, and the runner."""

import asyncio
import inspect
import json
import logging
import os
import sys
from unittest import mock

import azure.identity
import azure.identity.aio
import jwt
import requests
from azure.core.exceptions import ClientAuthenticationError

# What `azid emulate --environments FILE` wrote: name -> { VARIABLE: value }.
with open(sys.argv[1], encoding="utf-8") as _file:
    ENVIRONMENTS = json.load(_file)

RESOURCE = "https://vault.azure.net"
# Every scenario needs these to trust the emulator's certificate.
_TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_EMULATED = {name for variables in ENVIRONMENTS.values() for name in variables}
# The only directory from where a client takes a key on Azure Arc; the emulator made it if it could.
_ARC_KEYS = "/var/opt/azcmagent/tokens"
_MODULES = {"python": azure.identity, "python aio": azure.identity.aio}
SYNC, ASYNC = ("python",), ("python aio",)
_scenarios = []


def pick(environment, *names):
    """Some of an environment's variables."""
    return {name: ENVIRONMENTS[environment][name] for name in names}


def scenario(name, variables, clients=SYNC + ASYNC):
    """Registers a scenario: it gets a client's module, and these variables are all that is set."""

    def register(function):
        _scenarios.extend((name, client, variables, function) for client in clients)
        return function

    return register


def on_hosts(name, *hosts, clients=SYNC + ASYNC):
    """Registers a scenario on each of these hosts, with the variables that the host sets."""

    def register(function):
        for host in hosts:
            scenario(f"{name}, {host}", ENVIRONMENTS[host], clients)(function)
        return function

    return register


def get(credential, scope=f"{RESOURCE}/.default", **options):
    """A token from a credential of either client, whose end the client has understood."""

    async def answer_and_close(awaitable):
        async with credential:
            return await awaitable

    answer = credential.get_token(scope, **options)
    if inspect.isawaitable(answer):
        answer = asyncio.run(answer_and_close(answer))
    end = jwt.decode(answer.token, options={"verify_signature": False})["exp"]
    assert abs(answer.expires_on - end) < 60, f"the client says it ends at {answer.expires_on}"
    return answer.token


def check(token, claims):
    """The token is signed with a published key, is good now, and has these claims; None means none."""
    key = _published_keys()[jwt.get_unverified_header(token)["kid"]]
    found = jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})
    for name, value in claims.items():
        assert found.get(name) == value, f"{name} is {found.get(name)!r} instead of {value!r}"


def refused(credential, *needles, scope=f"{RESOURCE}/.default"):
    """The credential gets no token, and its error says all of this; returns the error."""
    try:
        get(credential, scope)
    except ClientAuthenticationError as error:
        for needle in needles:
            assert needle in str(error), error
        return error
    raise AssertionError("got a token")


def run():
    """Runs every scenario and prints a line for each; whether none failed."""
    logging.disable()  # the clients log each refusal, also an expected one
    others = {name: value for name, value in os.environ.items() if name not in _EMULATED}
    failed = 0
    for name, client, variables, function in _scenarios:
        if variables == ENVIRONMENTS["azure-arc"] and not os.access(_ARC_KEYS, os.W_OK):
            print(f"skipped {client} {name}: {_ARC_KEYS} cannot be written")
            continue
        own = others | pick("standard", *_TRUST) | variables
        try:
            with mock.patch.dict(os.environ, own, clear=True):
                function(_MODULES[client])
            print(f"ok      {client} {name}")
        except Exception as error:  # one that fails leaves the others to be tried
            failed += 1
            reason = " ".join(str(error).split())
            print(f"FAILED  {client} {name}: {type(error).__name__}: {reason}")
    return failed == 0


def _published_keys():
    standard = ENVIRONMENTS["standard"]
    authority, tenant = standard["AZURE_AUTHORITY_HOST"], standard["AZURE_TENANT_ID"]
    configuration = f"{authority.rstrip('/')}/{tenant}/v2.0/.well-known/openid-configuration"
    uri = requests.get(configuration, timeout=10).json()["jwks_uri"]
    return jwt.PyJWKSet.from_dict(requests.get(uri, timeout=10).json())
