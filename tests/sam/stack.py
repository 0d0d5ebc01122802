"""Deploys the stack that is built in a directory, invokes it, updates it, deletes it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
from events import Registry, differences, names
from samcli.yamlhelper import yaml_dump, yaml_parse

STACK = "roster"
built = Path(sys.argv[1])
cloudformation = boto3.client("cloudformation")
dynamodb = boto3.client("dynamodb")
functions = boto3.client("lambda")
secrets = boto3.client("secretsmanager")
logs = boto3.client("logs")


def said(line: str) -> None:
    """Progress."""
    print(f"-- {line}", flush=True)


def without_leading_keys(part: object) -> None:
    """Drops what a policy's statements say of leading keys, wherever they stand."""
    if isinstance(part, dict):
        if "Effect" in part and "dynamodb:LeadingKeys" in str(part.get("Condition")):
            del part["Condition"]
        for inner in part.values():
            without_leading_keys(inner)
    elif isinstance(part, list):
        for inner in part:
            without_leading_keys(inner)


def emulated() -> Path:
    """The built template without what MiniStack lacks: conditions on leading keys, and metric math."""
    template = yaml_parse((built / "template.yaml").read_text())
    said("MiniStack knows no dynamodb:LeadingKeys: it enforces actions and resources only")
    said("MiniStack's Ref of a secret is its name, where CloudFormation's is its ARN: the ARN is asked for by GetAtt")
    text = json.dumps(template, default=str)
    arn = json.dumps({"Fn::GetAtt": ["MasterSecret", "Id"]})
    template = json.loads(text.replace(json.dumps({"Ref": "MasterSecret"}), arn))
    without_leading_keys(template)
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            first = next(one["MetricStat"] for one in properties.pop("Metrics") if "MetricStat" in one)
            properties |= {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}
            said(f"{name}: MiniStack knows no metric math: it watches {first['Metric']['MetricName']} only")
    path = built / "emulated.yaml"
    path.write_text(yaml_dump(template))
    return path


def deploy(template: Path, stack: str = STACK, **parameters: str) -> dict[str, str]:
    """Creates or updates a stack by `sam deploy`; its outputs."""
    given = [f"{name}={value}" for name, value in {"Architecture": "x86_64", **parameters}.items()]
    command = ["sam", "deploy", "--template-file", str(template), "--stack-name", stack, "--resolve-s3"]
    command += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--parameter-overrides", *given]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"sam deploy failed\n{run.stdout[-8000:]}\n{run.stderr[-2000:]}")
    about = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    said(f"{about['StackStatus']}")
    return {output["OutputKey"]: output["OutputValue"] for output in about["Outputs"]}


def physical(stack: str = STACK) -> dict[str, str]:
    """What each of a stack's resources is called."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [one for page in pages for one in page["StackResourceSummaries"]]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}


def invoke(operation: str, payload: dict) -> dict:
    """Invokes an operation's function; its error is ours."""
    name = physical_names["".join(word.title() for word in operation.split("-"))]
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(payload))
    found = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise RuntimeError(f"{operation}: {found}")
    return found


def items(table: str) -> list[dict]:
    """All of a table."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


def wipe(table: str) -> None:
    """Empties the table but for the signing keys, which warm functions know."""
    for item in items(table):
        if not item["pk"]["S"].startswith("SIGNING_KEY"):
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})


def check(holds: bool, otherwise: str) -> None:
    """Ends the run unless something holds."""
    if not holds:
        sys.exit(f"FAILED: {otherwise}")


template = emulated()
said("sam deploy")
first = deploy(template)
physical_names = physical()

said("every event to the functions")
faults = []
for event in names():
    registry = Registry(invoke)
    answer = invoke(event.split("/")[0], registry.event(event))
    faults += differences(event, answer, Path(os.environ["ANSWERS"]))
    wipe(first["TableName"])
check(not faults, "\n".join(faults))
said(f"{len(names())} events agree")

said("the scheduled functions")
registry = Registry(invoke)
deleted = invoke("delete-app", registry.event("delete-app/204-forced"))
check(deleted["statusCode"] == 204, f"an app could not be deleted: {deleted}")
scheduled = {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
swept, rotated = invoke("sweep", scheduled), invoke("rotate-keys", scheduled)
# It leaves fresh deletions for a while, to catch writes that were under way.
check(swept["finished"] + swept["unfinished"] == 1, f"sweep did not find the deleted app: {swept}")
said(f"sweep: {swept}, rotate-keys: {rotated}")
wipe(first["TableName"])

said("an update of the stack")
registry = Registry(invoke)
before = items(first["TableName"])
second = deploy(template, Stage="changed", LogRetentionDays="7", Tracing="true", ThrottlingRate="50")
physical_names = physical()
for output in ("TableName", "MasterSecretArn"):
    check(first[output] == second[output], f"the update replaced {output}")
group = logs.describe_log_groups(logGroupNamePrefix=second["LogGroup"])["logGroups"][0]
check(group["retentionInDays"] == 7, f"the update changed nothing: {group}")
check(sorted(map(str, items(first["TableName"]))) == sorted(map(str, before)), "the update changed the data")
for event in ("get-app/200-by-id", "token/200-basic", "list-secrets/200-both"):
    registry.body(event)
said("the data is as it was, tokens and secrets of before are good")

said("sam delete")
subprocess.run(["sam", "delete", "--stack-name", STACK, "--no-prompts"], check=True, capture_output=True)
left = cloudformation.list_stacks()["StackSummaries"]
gone = all(one["StackStatus"] == "DELETE_COMPLETE" for one in left if one["StackName"] == STACK)
check(gone, f"the stack is still there: {left}")
check(sorted(map(str, items(first["TableName"]))) == sorted(map(str, before)), "the table did not stay as it was")
secret = secrets.get_secret_value(SecretId=first["MasterSecretArn"])["SecretString"]
check(len(secret) == 64, "the master secret did not stay")
check(not functions.list_functions()["Functions"], "functions stayed")
said(f"the stack is gone; {first['TableName']} and {first['MasterSecretArn']} stay")

said("another stack takes them over")
taken = {"ExistingTable": first["TableName"], "ExistingMasterSecretArn": first["MasterSecretArn"]}
# Of another name, as MiniStack makes the same names for the same stack again.
deploy(template, "successor", **taken)
physical_names = physical("successor")
for event in ("get-app/200-by-id", "token/200-basic", "list-secrets/200-both"):
    registry.body(event)
said("tokens and secrets of before are good there")
