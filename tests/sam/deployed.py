"""Stacks in an account, real or emulated: deployed, invoked, removed."""

import json
import subprocess
import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError
from samcli.yamlhelper import yaml_dump, yaml_parse

cloudformation = boto3.client("cloudformation")
dynamodb = boto3.client("dynamodb")
functions = boto3.client("lambda")


def said(line: str) -> None:
    """Progress."""
    print(f"-- {line}", flush=True)


def check(holds: bool, otherwise: str) -> None:
    """Ends the run unless something holds."""
    if not holds:
        sys.exit(f"FAILED: {otherwise}")


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


def emulated(template: Path, into: Path) -> Path:
    """A template without what MiniStack lacks: conditions on leading keys, metric math, a secret's ARN by Ref."""
    found = yaml_parse(template.read_text())
    text = json.dumps(found, default=str)
    arn = json.dumps({"Fn::GetAtt": ["MasterSecret", "Id"]})
    found = json.loads(text.replace(json.dumps({"Ref": "MasterSecret"}), arn))
    without_leading_keys(found)
    for resource in found["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            first = next(one["MetricStat"] for one in properties.pop("Metrics") if "MetricStat" in one)
            properties |= {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}
    into.write_text(yaml_dump(found))
    return into


class Failed(Exception):
    """A deployment that did not come about."""


class Stack:
    """A stack by its name."""

    def __init__(self, name: str):
        self.name = name
        self.names: dict[str, str] = {}

    def deploy(self, template: Path, **parameters: str) -> dict[str, str]:
        """Creates or updates it by `sam deploy`; its outputs."""
        given = [f"{name}={value}" for name, value in parameters.items()]
        command = ["sam", "deploy", "--template-file", str(template), "--stack-name", self.name, "--resolve-s3"]
        command += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        command += ["--parameter-overrides", *given] if given else []
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            why = run.stderr.strip().rpartition("\n")[2]
            raise Failed(f"sam deploy {self.name} failed\n{why}\n{self.refusals()}")
        about = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        said(f"{self.name}: {about['StackStatus']}")
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        resources = [one for page in pages for one in page["StackResourceSummaries"]]
        self.names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
        return {output["OutputKey"]: output["OutputValue"] for output in about["Outputs"]}

    def refusals(self) -> str:
        """What CloudFormation could not do, and why."""
        try:
            events = cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        except ClientError as none:
            return str(none)
        failed = [one for one in events if one["ResourceStatus"].endswith("_FAILED")]
        return "\n".join(f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason')}" for one in failed)

    def delete(self) -> None:
        """Removes it, and fails unless it is gone."""
        command = ["sam", "delete", "--stack-name", self.name, "--no-prompts"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        summaries = cloudformation.get_paginator("list_stacks").paginate()
        of_name = [one for page in summaries for one in page["StackSummaries"] if one["StackName"] == self.name]
        left = [one["StackStatus"] for one in of_name if one["StackStatus"] != "DELETE_COMPLETE"]
        check(not left, f"{self.name} is still there: {left}\n{run.stdout[-4000:]}\n{run.stderr[-2000:]}")
        said(f"{self.name} is gone")

    def invoke(self, operation: str, payload: dict) -> dict:
        """Invokes an operation's function; its error is ours."""
        name = self.names["".join(word.title() for word in operation.split("-"))]
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(payload))
        found = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise RuntimeError(f"{operation}: {found}")
        return found


def items(table: str) -> list[dict]:
    """All of a table."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


def in_order(found: list[dict]) -> list[str]:
    """Items, for comparison."""
    return sorted(map(str, found))


def wipe(table: str) -> None:
    """Empties the table but for the signing keys, which warm functions know."""
    for item in items(table):
        if not item["pk"]["S"].startswith("SIGNING_KEY"):
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
