"""Deploys Roster into an account under names of its own, tries it as its callers do, and removes it again."""

import argparse
import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
from deployed import Failed, Stack, check, dynamodb, emulated, functions, said
from samcli.yamlhelper import yaml_parse

parser = argparse.ArgumentParser(prog="tests/sam/smoke")
parser.add_argument("--emulated", action="store_true", help="in MiniStack, not in an account")
parser.add_argument("--architecture", default="arm64", choices=("arm64", "x86_64"))
parser.add_argument("--domain", help="a domain to deploy with, in the end")
parser.add_argument("--certificate", help="its certificate, in the same region")
parser.add_argument("--zone", help="its Route 53 zone; without one no request goes through the domain")
parser.add_argument("--built", type=Path, required=True, help=argparse.SUPPRESS)
options = parser.parse_args()
if options.domain and not options.certificate:
    parser.error("--domain needs --certificate")

mark = secrets.token_hex(3)
state, roster = Stack(f"roster-smoke-{mark}-state"), Stack(f"roster-smoke-{mark}")
built, state_template = options.built / "template.yaml", Path("state.yaml")
if options.emulated:
    built = emulated(built, options.built / "emulated.yaml")
    state_template = emulated(state_template, options.built / "emulated-state.yaml")
    # A domain costs nothing there.
    options.domain = f"{mark}.example.com"
    options.certificate = boto3.client("acm").request_certificate(DomainName=options.domain)["CertificateArn"]
    zone = boto3.client("route53").create_hosted_zone(Name=options.domain, CallerReference=mark)
    options.zone = zone["HostedZone"]["Id"].rpartition("/")[2]
scheduler, sqs = boto3.client("scheduler"), boto3.client("sqs")
# The stories that compare what the API says of its own address with where it is.
NEED_AN_ADDRESS = ("oauth2_crate::", "seeds::oauth_client_app::")
# What is retained when a stack goes, to be removed all the same.
kept: dict[str, str] = {}


def address(outputs: dict[str, str]) -> str:
    """Where the API answers. MiniStack imports no routes: they are made, and found under a path of its own."""
    if not options.emulated:
        return outputs["ApiUrl"]
    gateway = boto3.client("apigatewayv2")
    api = roster.names["Api"]
    existing = {route["RouteKey"] for route in gateway.get_routes(ApiId=api)["Items"]}
    for name, resource in yaml_parse(built.read_text())["Resources"].items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] != "HttpApi":
                continue
            properties = event["Properties"]
            route = f"{properties['Method']} {properties['Path']}" if "Path" in properties else "$default"
            if route in existing:
                continue
            arn = functions.get_function(FunctionName=roster.names[name])["Configuration"]["FunctionArn"]
            integration = gateway.create_integration(
                ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
            )
            target = f"integrations/{integration['IntegrationId']}"
            gateway.create_route(ApiId=api, RouteKey=route, Target=target)
    return f"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/{api}/$default"


def stories(at: str) -> None:
    """Tells the stories of tests/e2e to a deployment, as a management client that is made for them."""
    made = roster.invoke("create-tenant", {})
    credentials = {"CLIENT_ID": made["client_id"], "CLIENT_SECRET": made["client_secret"]}
    command = ["cargo", "test", "--quiet", "-p", "tests", "--test", "e2e", "--"]
    # Those that know any deployment. One thread: a throttle is for all callers together.
    command += ["--test-threads=1", "lifecycle::", "oauth2_crate::", "seeds::", "stories::"]
    if options.emulated:
        said(f"left out, as in MiniStack the API is no https address and lies under a path: {', '.join(NEED_AN_ADDRESS)}")
        command += [part for story in NEED_AN_ADDRESS for part in ("--skip", story)]
    run = subprocess.run(command, env=os.environ | credentials | {"BASE_URL": at}, check=False)
    check(run.returncode == 0, f"the stories failed at {at}")


def schedules() -> None:
    """Invokes what the scheduler invokes, and looks whether it will."""
    for operation, function in (("rotate-keys", "RotateKeys"), ("sweep", "Sweep")):
        said(f"{operation}: {roster.invoke(operation, {'detail-type': 'Scheduled Event'})}")
        pages = scheduler.get_paginator("list_schedules").paginate()
        found = [one for page in pages for one in page["Schedules"]]
        ours = [one for one in found if one["Target"]["Arn"].endswith(f":{roster.names[function]}")]
        check([one["State"] for one in ours] == ["ENABLED"], f"{operation} is not scheduled: {ours}")


def metadata(at: str) -> dict:
    """What a deployment says of itself."""
    with urllib.request.urlopen(f"{at}/.well-known/oauth-authorization-server", timeout=10) as answer:
        return json.load(answer)


def behind_the_domain(parameters: dict[str, str], was: str) -> None:
    """Deploys again with the domain: the issuer is the domain's, and the API's own address is off."""
    given = {"DomainName": options.domain, "CertificateArn": options.certificate}
    given |= {"HostedZoneId": options.zone} if options.zone else {}
    outputs = roster.deploy(built, **parameters, **given)
    check(outputs["ApiUrl"] == f"https://{options.domain}", f"another address: {outputs}")
    if options.emulated:
        mapped = boto3.client("apigatewayv2").get_api_mappings(DomainName=options.domain)["Items"]
        check([one["Stage"] for one in mapped] == ["$default"], f"another mapping: {mapped}")
        said("MiniStack serves no domain: it was deployed and mapped, and no more")
        return
    try:
        metadata(was)
        sys.exit("FAILED: the API's own address still answers")
    except urllib.error.HTTPError as refused:
        said(f"the API's own address answers {refused.code}")
    if not options.zone:
        said(f"no zone: lead {options.domain} to {outputs['DomainTarget']} to try it")
        return
    for _ in range(60):
        with contextlib.suppress(OSError):
            check(metadata(outputs["ApiUrl"])["issuer"] == outputs["ApiUrl"], "another issuer")
            break
        time.sleep(10)
    else:
        sys.exit(f"FAILED: {options.domain} did not answer in ten minutes")
    stories(outputs["ApiUrl"])


def remove() -> None:
    """Removes both stacks, and what they retain."""
    for stack in (roster, state):
        stack.delete()
    if "ExistingTable" in kept:
        table = {"TableName": kept["ExistingTable"]}
        # MiniStack takes the word "false" for true.
        if dynamodb.describe_table(**table)["Table"].get("DeletionProtectionEnabled"):
            dynamodb.update_table(**table, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(**table)
        dynamodb.delete_table(**table)
    if "ExistingMasterSecretArn" in kept:
        manager = boto3.client("secretsmanager")
        manager.delete_secret(SecretId=kept["ExistingMasterSecretArn"], ForceDeleteWithoutRecovery=True)
    said("the stacks, the table and the master secret are gone")


def main() -> None:
    """All of it."""
    stage = {"Stage": f"smoke-{mark}"}
    kept.update(state.deploy(state_template, **stage, DeletionProtection="false"))
    parameters = {**stage, "Architecture": options.architecture, "LogRetentionDays": "1", "Dashboard": "false"}
    parameters |= {name: kept[name] for name in ("ExistingTable", "ExistingMasterSecretArn")}
    outputs = roster.deploy(built, **parameters)
    at = address(outputs)
    schedules()
    said(f"the stories, at {at}")
    stories(at)
    waiting = sqs.get_queue_attributes(
        QueueUrl=outputs["MissedRunsQueue"], AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    check(waiting["ApproximateNumberOfMessages"] == "0", f"runs were missed: {waiting}")
    if options.domain:
        said(f"again, behind {options.domain}")
        behind_the_domain(parameters, at)
    said("an update that changes nothing keeps everything")
    again = roster.deploy(built, **parameters)
    check(again["TableName"] == outputs["TableName"], "another table")


try:
    main()
except Failed as failed:
    sys.exit(f"FAILED: {failed}")
finally:
    remove()
