"""The raw events of events/, sent to functions as they are deployed.

An answer must have the status that the event's file name promises, and be the one that the handlers gave in
one process on the embedded engine, but for what is new each time (ids, secrets, times).
"""

import base64
import difflib
import json
import re
from collections.abc import Callable
from pathlib import Path

EVENTS = Path("events")

# What differs between two runs, by its form. The order counts: the first that fits takes the text.
VARIABLE = [
    (r"https://roster\.test|https://a1b2c3d4e5\.execute-api\.eu-central-1\.amazonaws\.com", "<issuer>"),
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "<jwt>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
    (r"[0-9a-f]{32}\.0\b", "<default client>"),
    (r"[0-9a-f]{32}\.[0-9a-f]{22}", "<client>"),
    (r"rsec_[0-9a-z]{10}_[0-9a-z]+", "<secret>"),
    (r"rsec_[0-9a-z]{10}…", "<hint>"),
    (r'("(secret_id|id)": ?"|/secrets/|/AppClientSecretRegenerator/)[0-9a-z]{10}\b', r"\1<secret id>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (r'("(iat|exp|created_at)": ?)\d{10}', r"\1<epoch>"),
    (r'("jti": ?)"[^"]+"', r'\1"<jti>"'),
    (r"(photoprinter|myapp)_[0-9a-z]{8}", r"\1_<suffix>"),
    # Cursors; the members of a public key.
    (r"\bA[\w-]{80,}", "<cursor>"),
    (r'("(kid|x|y)": ?)"[\w-]{43}"', r'\1"<key>"'),
]

Invoke = Callable[[str, dict], dict]


def names() -> list[str]:
    """Every event, as `operation/status-case`."""
    return sorted(str(path.relative_to(EVENTS).with_suffix("")) for path in EVENTS.glob("*/*.json"))


def one_of_each(events: list[str]) -> list[str]:
    """The first event, a success, of each operation."""
    return list({name.split("/")[0]: name for name in reversed(events)}.values())[::-1]


def masked(answer: dict) -> str:
    """What of an answer is the same in every run."""
    text = json.dumps(
        {
            "status": answer["statusCode"],
            "headers": {name.lower(): value for name, value in answer["headers"].items()},
            "body": json.loads(answer["body"]) if answer.get("body") else None,
        },
        ensure_ascii=False,
        indent=1,
        sort_keys=True,
    )
    for pattern, name in VARIABLE:
        text = re.sub(pattern, name, text)
    return text


class Registry:
    """A tenant and what the events name; seeded by the events that make it, as tests/e2e/events.rs does."""

    def __init__(self, invoke: Invoke):
        self.invoke = invoke
        management = invoke("create-tenant", {})
        pair = f"{management['client_id']}:{management['client_secret']}"
        self.filling = {
            "basic": base64.b64encode(pair.encode()).decode(),
            "management_id": management["client_id"],
            "management_secret": management["client_secret"],
        }
        self.filling["token"] = self.body("token/200-basic")["access_token"]

        def seeded(body: dict) -> None:
            body["app_code_name"] = "seeded"
            body["client_scopes"] = ["apps:read", "apps:edit", "apps:access"]

        app = self.make("create-app/201-native", seeded)
        self.filling |= {"app_id": app["app_id"], "default_client_id": app["client_id"]}
        pair = f"{app['client_id']}:{app['client_secret']}"
        own = {"basic": base64.b64encode(pair.encode()).decode()}
        self.filling["app_token"] = self.body("token/200-basic", own)["access_token"]
        self.filling["client_id"] = self.make("create-client/201-further")["client_id"]
        self.filling["secret_id"] = self.make("issue-secret/201-further")["secret_id"]
        other = self.make("create-app/201-native")["app_id"]
        self.filling["granted_app_id"] = other

        def to_other(body: dict) -> None:
            body["grantee"]["value"] = other

        self.filling["grant_id"] = self.make("create-grant/201-me", to_other)["id"]

    def event(self, name: str, instead: dict | None = None) -> dict:
        """An event with its placeholders filled."""
        text = (EVENTS / f"{name}.json").read_text()
        for placeholder, value in (self.filling | (instead or {})).items():
            text = text.replace("{{%s}}" % placeholder, value)
        assert "{{" not in text, text
        return json.loads(text)

    def body(self, name: str, instead: dict | None = None) -> dict:
        """What an event that must succeed is answered."""
        answer = self.invoke(name.split("/")[0], self.event(name, instead))
        assert answer.get("statusCode") == int(name.split("/")[1][:3]), f"{name}: {answer}"
        return json.loads(answer["body"])

    def make(self, name: str, change: Callable[[dict], None] = lambda body: None) -> dict:
        """What an event makes, its JSON body changed."""
        event = self.event(name)
        if event.get("body"):
            body = json.loads(event["body"])
            change(body)
            event["body"] = json.dumps(body)
        answer = self.invoke(name.split("/")[0], event)
        assert answer.get("statusCode") == 201, f"{name}: {answer}"
        body = json.loads(answer["body"])
        return body.get("result", body)


def differences(name: str, answer: dict, answers: Path) -> list[str]:
    """Where an answer is not what it must be."""
    promised = int(name.split("/")[1][:3])
    if answer.get("statusCode") != promised:
        return [f"{name}: {promised} promised, answered {answer}"]
    in_process = masked(json.loads((answers / f"{name}.json").read_text()))
    texts = in_process.splitlines(), masked(answer).splitlines()
    diff = "\n".join(difflib.unified_diff(*texts, "in process", "deployed", lineterm=""))
    return [f"{name}:\n{diff}"] if diff else []
