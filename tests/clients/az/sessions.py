"""The real `az` logged in to the emulator in every way, and out again, under azid's credential.

    sessions.py ENVIRONMENTS AZID HOME

ENVIRONMENTS is what `azid emulate --environments` wrote, AZID the program, HOME a new folder. Run it
with the Python that has azure-cli: what else it needs comes with that.
"""

import base64
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jwt
import requests
from person import sign_in

ENVIRONMENTS = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
AZID, HOME = sys.argv[2:]
STANDARD, HOST = ENVIRONMENTS["standard"], ENVIRONMENTS["app-service"]
AUTHORITY = STANDARD["AZURE_AUTHORITY_HOST"].rstrip("/")
TENANT = STANDARD["AZURE_TENANT_ID"]
GRAPH, VAULT, STORAGE = "https://graph.microsoft.com", "https://vault.azure.net", "https://storage.azure.com"
RUNTIMES = "ureq", "tokio", "async-std"

BIN = Path(sys.executable).parent
PERSON = shlex.join([sys.executable, "-B", str(Path(__file__).with_name("person.py"))])
PERSON_ID = "66666666-aaaa-4bbb-8ccc-000000000001"
ENVIRONMENT = {
    "HOME": HOME,
    "PATH": f"{BIN}:/usr/bin:/bin",
    "AZURE_CONFIG_DIR": f"{HOME}/.azure",
    "AZURE_CORE_COLLECT_TELEMETRY": "false",
    "AZURE_CORE_INSTANCE_DISCOVERY": "false",  # it would ask the public cloud
    "AZURE_CORE_LOGIN_EXPERIENCE_V2": "false",  # it would ask which subscription
    "BROWSER": f"{PERSON} %s &",
    "REQUESTS_CA_BUNDLE": STANDARD["REQUESTS_CA_BUNDLE"],
}
os.environ.update(REQUESTS_CA_BUNDLE=ENVIRONMENT["REQUESTS_CA_BUNDLE"])


def run(*command, **variables):
    environment = {**ENVIRONMENT, **variables}
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90
    )


def az(*arguments, **variables):
    """Runs `az`, which must succeed."""
    ended = run(BIN / "az", *arguments, **variables)
    if ended.returncode != 0:
        raise AssertionError(f"az {arguments[:2]} ended with {ended.returncode}: {ended.stderr}")
    return ended.stdout


def ask(runtime, resource, *options, **variables):
    """Has azid's credential ask `az`."""
    scope = f"{resource}/.default"
    arguments = "token", "--credential", "azure-cli", "--scope", scope, "--runtime", runtime
    return run(AZID, *arguments, *options, **variables)


def expect_token_of(object_id, **variables):
    """A token in every runtime, which the published keys vouch for."""
    published = requests.get(f"{AUTHORITY}/{TENANT}/discovery/v2.0/keys", timeout=30)
    keys = jwt.PyJWKSet.from_dict(published.json())
    for runtime in RUNTIMES:
        ended = ask(runtime, VAULT, **variables)
        assert ended.returncode == 0, f"{runtime}: {ended.stderr}"
        token = ended.stdout.strip()
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key.key, algorithms=["RS256"], audience=VAULT)
        assert (claims["tid"], claims["oid"]) == (TENANT, object_id), f"{runtime}: a token of {claims}"


def expect_error(*parts, resource=VAULT, options=()):
    """The same error in every runtime, with these words in it; what it said."""
    for runtime in RUNTIMES:
        ended = ask(runtime, resource, *options)
        assert ended.returncode != 0 and not ended.stdout, f"{runtime}: a token, of whom?"
        for part in parts:
            assert part in ended.stderr, f"{runtime}: {part!r} is not in {ended.stderr}"
    return ended.stderr


def expect_logged_out():
    expect_error("AzureCliCredential is unavailable: nobody is logged in to the Azure CLI", "run `az login`")


def log_out():
    az("logout")
    expect_logged_out()


def nobody():
    expect_logged_out()


def the_cloud_is_the_emulator():
    az(
        "cloud", "register", "--name", "Emulated", "--skip-endpoint-discovery",
        "--endpoint-active-directory", AUTHORITY,
        "--endpoint-resource-manager", AUTHORITY,
        "--endpoint-management", AUTHORITY,
        "--endpoint-active-directory-resource-id", "https://management.azure.com",
        "--endpoint-active-directory-graph-resource-id", GRAPH,
    )
    az("cloud", "set", "--name", "Emulated")
    expect_logged_out()


def an_application_with_a_secret():
    client, secret = STANDARD["AZURE_CLIENT_ID"], STANDARD["AZURE_CLIENT_SECRET"]
    az("login", "--service-principal", "--username", client, f"--password={secret}", "--tenant", TENANT)
    expect_token_of("22222222-aaaa-4bbb-8ccc-0000000000f1")
    log_out()


def a_managed_identity():
    az("login", "--identity", **HOST)
    expect_token_of("44444444-aaaa-4bbb-8ccc-0000000000f1", **HOST)
    log_out()


def a_person_at_a_browser():
    az("login")
    expect_token_of(PERSON_ID)


def a_person_who_types_a_code():
    command = [BIN / "az", "login", "--use-device-code"]
    pipes = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with subprocess.Popen(command, env=ENVIRONMENT, **pipes) as login:
        told = iter(login.stderr.readline, "")
        page, code = next(filter(None, (re.search(r"(https://\S+) and enter the code (\S+)", it) for it in told))).groups()
        assert "You have signed in" in sign_in(page, user_code=code)
        assert login.wait(90) == 0, login.stderr.read()
    expect_token_of(PERSON_ID)
    log_out()


def claims_take_the_login_that_the_error_names():
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1"}}})
    said = expect_error("the claims of the request take a login by", options=("--claims", claims))
    login = shlex.split(re.search(r"`(az login[^`]*)`", said)[1])
    assert json.loads(base64.b64decode(login[login.index("--claims-challenge") + 1])) == json.loads(claims)
    az(*login[1:])
    expect_token_of(PERSON_ID)


def a_person_whose_sessions_were_revoked():
    revoke = f"{AUTHORITY}/v1.0/me/revokeSignInSessions"
    assert json.loads(az("rest", "--method", "post", "--url", revoke, "--resource", GRAPH)) == {"value": True}
    expect_error("AzureCliCredential is unavailable", "AADSTS50173", "run `az login`", resource=STORAGE)
    az("login")
    expect_token_of(PERSON_ID)
    log_out()


for scenario in (
    nobody,
    the_cloud_is_the_emulator,
    an_application_with_a_secret,
    a_managed_identity,
    a_person_who_types_a_code,
    a_person_at_a_browser,
    claims_take_the_login_that_the_error_names,
    a_person_whose_sessions_were_revoked,
):
    scenario()
    print("ok", scenario.__name__.replace("_", " "), flush=True)
