"""Demands that clippy named every ban of a clippy.toml.

Usage: check.py CLIPPY_TOML CLIPPY_JSON, the latter from `cargo clippy --message-format=json`
over the probe, which uses each banned thing once.
"""

import json
import re
import sys
import tomllib

KINDS = {"disallowed-methods": "method", "disallowed-types": "type", "disallowed-macros": "macro"}


def bans(path):
    with open(path, "rb") as file:
        config = tomllib.load(file)
    return {(kind, ban["path"]) for key, kind in KINDS.items() for ban in config[key]}


def messages(path):
    with open(path, encoding="utf-8") as file:
        records = map(json.loads, file)
        return [record["message"] for record in records if record["reason"] == "compiler-message"]


def main(config, output):
    said = messages(output)
    pattern = re.compile(r"use of a disallowed (method|type|macro) `([^`]+)`")
    errors = [message for message in said if message["level"] == "error"]
    named = {found.groups() for message in errors if (found := pattern.match(message["message"]))}
    missed = bans(config) - named
    for kind, path in sorted(missed):
        print(f"purity: clippy did not object to the {kind} {path}")
    loops = [m for m in errors if (m["code"] or {}).get("code") == "clippy::iter_over_hash_type"]
    if not loops:
        print("purity: clippy did not object to a `for` loop over a hash map")
    if missed or not loops:
        sys.exit(1)
    print(f"purity: clippy objects to each of the {len(named)} banned things")


main(*sys.argv[1:])
