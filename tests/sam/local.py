"""Every event of events/ to functions in SAM's containers, on a DynamoDB and a Secrets Manager of this machine.

Usage: local.py [--all | --management] [-- the command `sam local invoke` with its options]
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from events import Registry, differences, names, one_of_each
from samcli.yamlhelper import yaml_parse

NAME = "roster-local"
dynamodb = boto3.client("dynamodb", endpoint_url=os.environ["DYNAMODB"])
secrets = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER"])
functions = boto3.client(
    "lambda", endpoint_url=os.environ["LAMBDA"], config=Config(read_timeout=120, retries={"max_attempts": 0})
)


# So many events may find no answer at first: on a busy machine a start can take longer than a function may.
RESTARTS = 2


class NoAnswer(Exception):
    """A function that died in INIT or took longer than its timeout, and what was said of it. Lambda starts
    such a function anew; SAM does not, and ends as if nothing were wrong."""


def logical(operation: str) -> str:
    """The function of an operation in template.yaml."""
    return "".join(word.title() for word in operation.split("-"))


def warm(operation: str, payload: dict) -> dict:
    """A call by the Lambda API, to a container that stays."""
    try:
        answer = functions.invoke(FunctionName=logical(operation), Payload=json.dumps(payload))
    except ReadTimeoutError as error:
        raise NoAnswer(f"{operation}: {error}") from error
    return parsed(operation, answer["Payload"].read().decode())


def fresh(command: list[str], operation: str, payload: dict) -> dict:
    """A call by `sam local invoke`, in a container of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(payload, file)
        file.flush()
        run = subprocess.run(
            [*command, logical(operation), "--event", file.name], capture_output=True, text=True, check=False
        )
    if run.returncode != 0:
        sys.exit(f"{operation}: sam local invoke failed\n{run.stderr}")
    return parsed(operation, run.stdout.strip().rpartition("\n")[2], run.stderr)


def parsed(operation: str, said: str, besides: str = "") -> dict:
    """The answer that a function gave."""
    try:
        return json.loads(said)
    except json.JSONDecodeError as error:
        raise NoAnswer(f"{operation} gave no answer: {said!r}\n{besides}") from error


def set_up() -> None:
    """The table as template.yaml has it, and a secret like CloudFormation's."""
    resources = yaml_parse(Path("template.yaml").read_text())["Resources"]
    said = resources["Table"]["Properties"]
    taken = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
    dynamodb.create_table(TableName=NAME, **{name: said[name] for name in taken})
    how = resources["MasterSecret"]["Properties"]["GenerateSecretString"]
    secret = secrets.get_random_password(**how)["RandomPassword"]
    secrets.create_secret(Name=NAME, SecretString=secret)


def wipe() -> None:
    """Empties the table but for the signing keys, which warm containers know."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=NAME, ProjectionExpression="pk, sk")
    for item in [item for page in pages for item in page["Items"]]:
        if not item["pk"]["S"].startswith("SIGNING_KEY"):
            dynamodb.delete_item(TableName=NAME, Key=item)


def main() -> None:
    """As the arguments say."""
    if sys.argv[1:] == ["--management"]:
        made = warm("create-tenant", {})
        print(f"CLIENT_ID={made['client_id']}\nCLIENT_SECRET={made['client_secret']}")
        return
    split = sys.argv.index("--")
    command = sys.argv[split + 1 :]
    set_up()
    answers = Path(os.environ["ANSWERS"])
    events = names()
    by_itself = set(events if "--all" in sys.argv[1:split] else one_of_each(events))

    def tell(name: str) -> dict:
        """An event to a new tenant."""
        wipe()
        operation = name.split("/")[0]
        event = Registry(warm).event(name)
        return fresh(command, operation, event) if name in by_itself else warm(operation, event)

    faults = []
    restarts = 0
    for name in events:
        how = "sam local invoke" if name in by_itself else "start-lambda"
        try:
            answer = tell(name)
        except NoAnswer as why:
            print("AGAIN  ", f"{how:16}", f"{name}: {why}", flush=True)
            restarts += 1
            if restarts > RESTARTS:
                sys.exit("too many functions had to be started again")
            answer = tell(name)
        found = differences(name, answer, answers)
        print("DIFFERS" if found else "agrees ", f"{how:16}", name, flush=True)
        for fault in found:
            print(fault)
        faults += found
    print(
        f"{len(events) - len(faults)} of {len(events)} events agree, {len(by_itself)} of them by sam local invoke,"
        f" {restarts} when the function was started again"
    )
    sys.exit(1 if faults else 0)


main()
