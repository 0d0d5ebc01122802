"""Deploys the stack that is built in a directory, invokes it, updates it, deletes it; with its data and without."""

import json
import os
import sys
from pathlib import Path

import boto3
from deployed import Failed, Stack, check, dynamodb, emulated, functions, in_order, items, said, wipe
from events import Registry, differences, names
from samcli.yamlhelper import yaml_dump, yaml_parse

built = Path(sys.argv[1])
secrets = boto3.client("secretsmanager")
logs = boto3.client("logs")
scheduler = boto3.client("scheduler")
X86 = {"Architecture": "x86_64"}
# What tokens and secrets of before must still be good for.
STILL_GOOD = ("get-app/200-by-id", "token/200-basic", "list-secrets/200-both")

said("MiniStack knows no dynamodb:LeadingKeys: it enforces actions and resources only")
said("MiniStack's Ref of a secret is its name, where CloudFormation's is its ARN: the ARN is asked for by GetAtt")
said("MiniStack knows no metric math: an alarm watches its first metric")
template = emulated(built / "template.yaml", built / "emulated.yaml")
state_template = emulated(Path("state.yaml"), built / "emulated-state.yaml")


def still_good(registry: Registry) -> None:
    """Sends requests with tokens and secrets that were issued before."""
    for event in STILL_GOOD:
        registry.body(event)


def secret(arn: str) -> str:
    """A master secret's text."""
    return secrets.get_secret_value(SecretId=arn)["SecretString"]


def all_secrets() -> set[str]:
    """The ARN of each secret that is not being deleted."""
    return {one["ARN"] for one in secrets.list_secrets()["SecretList"] if "DeletedDate" not in one}


said("a first deployment that fails")
broken = yaml_parse(template.read_text())
# Behind the data: something that is waited for and does not come.
broken["Resources"] |= {
    "Never": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
    "Waiting": {
        "Type": "AWS::CloudFormation::WaitCondition",
        "DependsOn": ["Table", "MasterSecret", "Sweep"],
        "Properties": {"Handle": {"Ref": "Never"}, "Timeout": "1"},
    },
}
broken_template = built / "emulated-broken.yaml"
broken_template.write_text(yaml_dump(broken))
tables_before, secrets_before = set(dynamodb.list_tables()["TableNames"]), all_secrets()
failing = Stack("failing")
try:
    failing.deploy(broken_template, **X86)
    sys.exit("FAILED: the deployment did not fail")
except Failed:
    failing.delete()
check(all_secrets() == secrets_before, "a failed deployment left its secret")
orphans = set(dynamodb.list_tables()["TableNames"]) - tables_before
check(len(orphans) == 1, f"the table, which refuses its deletion, should be left: {orphans}")
check(not functions.list_functions()["Functions"], "functions stayed")
said(f"the secret is gone; the table, which refuses its deletion, is left: {orphans.pop()}")

said("sam deploy")
roster = Stack("roster")
first = roster.deploy(template, **X86)

said("every event to the functions")
faults = []
for event in names():
    registry = Registry(roster.invoke)
    answer = roster.invoke(event.split("/")[0], registry.event(event))
    faults += differences(event, answer, Path(os.environ["ANSWERS"]))
    wipe(first["TableName"])
check(not faults, "\n".join(faults))
said(f"{len(names())} events agree")

said("the scheduled functions")
registry = Registry(roster.invoke)
deleted = roster.invoke("delete-app", registry.event("delete-app/204-forced"))
check(deleted["statusCode"] == 204, f"an app could not be deleted: {deleted}")
scheduled = {"version": "0", "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}}
swept, rotated = roster.invoke("sweep", scheduled), roster.invoke("rotate-keys", scheduled)
# It leaves fresh deletions for a while, to catch writes that were under way.
check(swept["finished"] + swept["unfinished"] == 1, f"sweep did not find the deleted app: {swept}")
said(f"sweep: {swept}, rotate-keys: {rotated}")
planned = [scheduler.get_schedule(Name=one["Name"]) for one in scheduler.list_schedules()["Schedules"]]
targets = {one["Target"]["Arn"].rpartition(":")[2]: one["Target"] for one in planned}
for function in ("RotateKeys", "Sweep"):
    target = targets[roster.names[function]]
    check(roster.names[f"{function}ScheduleRole"] in target["RoleArn"], f"another role: {target}")
    check("MissedRuns" in target["DeadLetterConfig"]["Arn"], f"another queue: {target}")
wipe(first["TableName"])

said("what INIT logged")
streams = logs.filter_log_events(logGroupName=first["LogGroup"])["events"]
lines = [json.loads(one["message"]) for one in streams if one["message"].startswith("{")]
loud = [line for line in lines if "preload" in str(line.get("message")) or "INIT" in str(line.get("message"))]
check(not loud, f"INIT of a function was refused something: {loud}")
said(f"nothing, among {len(lines)} lines")

said("an update of the stack")
registry = Registry(roster.invoke)
before = items(first["TableName"])
second = roster.deploy(template, Stage="changed", LogRetentionDays="7", Tracing="true", OpenThrottlingRate="5", **X86)
for output in ("TableName", "MasterSecretArn"):
    check(first[output] == second[output], f"the update replaced {output}")
group = logs.describe_log_groups(logGroupNamePrefix=second["LogGroup"])["logGroups"][0]
check(group["retentionInDays"] == 7, f"the update changed nothing: {group}")
check(in_order(items(first["TableName"])) == in_order(before), "the update changed the data")
still_good(registry)
said("the data is as it was, tokens and secrets of before are good")

said("the stack lets go of its data, and goes on with it")
master = secret(first["MasterSecretArn"])
kept = {"ExistingTable": first["TableName"], "ExistingMasterSecretArn": first["MasterSecretArn"]}
roster.deploy(template, **kept, **X86)
check(not {"Table", "MasterSecret"} & set(roster.names), f"they are still the stack's: {roster.names}")
still_good(registry)
roster.delete()
check(in_order(items(first["TableName"])) == in_order(before), "the table did not stay as it was")
check(secret(first["MasterSecretArn"]) == master, "the master secret did not stay")
check(not functions.list_functions()["Functions"], "functions stayed")
said(f"the stack is gone; {first['TableName']} and {first['MasterSecretArn']} stay")

said("another stack takes them over")
# Of another name, as MiniStack makes the same names for the same stack again.
successor = Stack("successor")
successor.deploy(template, **kept, **X86)
registry.invoke = successor.invoke
still_good(registry)
successor.delete()
said("tokens and secrets of before were good there")

said("the data in a stack of its own")
state = Stack("roster-state")
handed = state.deploy(state_template, CustomerManagedKey="true")
handed = {name: handed[name] for name in ("ExistingTable", "ExistingMasterSecretArn")}
tables = set(dynamodb.list_tables()["TableNames"])
application = Stack("application")
application.deploy(template, **handed, **X86)
check(set(dynamodb.list_tables()["TableNames"]) == tables, "the application made a table")
check(not {"Table", "MasterSecret", "Key"} & set(application.names), f"data of its own: {application.names}")
registry = Registry(application.invoke)
still_good(registry)
application.delete()
before = items(handed["ExistingTable"])
application = Stack("application-again")
application.deploy(template, **handed, **X86)
registry.invoke = application.invoke
still_good(registry)
application.delete()
said("the application was removed and made again beside its data; tokens and secrets of before are good")
state.delete()
check(in_order(items(handed["ExistingTable"])) == in_order(before), "the table did not outlive its stack")
check(len(secret(handed["ExistingMasterSecretArn"])) == 64, "the master secret did not outlive its stack")
said("the stack of the data is gone; its table and master secret stay")
