"""The questions of infra/rehearse to the template and to the emulated AWS: names that two stacks would share, an output of the
stack, what failed, what was not deleted."""

import json
import sys

import boto3
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

STACK = "colloquy"


def output(name):
    stack = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    print(next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == name))


def resources(kind):
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    return [each for each in found if each["ResourceType"] == kind]


def afterwards():
    wrong = []
    sqs = boto3.client("sqs")
    dead = [each for each in resources("AWS::SQS::Queue") if "DeadLetters" in each["LogicalResourceId"]]
    assert dead, "the stack has no dead-letter queues"
    for queue in dead:
        for message in sqs.receive_message(QueueUrl=queue["PhysicalResourceId"]).get("Messages", []):
            wrong.append(f"{queue['LogicalResourceId']}: {message['Body']}")
    logs = boto3.client("logs")
    lines = 0
    for group in resources("AWS::Logs::LogGroup"):
        name = group["PhysicalResourceId"]
        for stream in logs.describe_log_streams(logGroupName=name)["logStreams"]:
            page = logs.get_log_events(logGroupName=name, logStreamName=stream["logStreamName"], limit=10_000)
            for event in page["events"]:
                lines += 1
                text = event["message"]
                if '"level":"ERROR"' in text or "AccessDenied" in text or "Task timed out" in text:
                    wrong.append(text.strip())
    assert lines, "the functions have logged nothing"
    for line in wrong[:20]:
        print(line[:600], file=sys.stderr)
    sys.exit(f"{len(wrong)} failures that the stories did not see" if wrong else None)


def nothing_left():
    functions = [each["FunctionName"] for each in boto3.client("lambda").list_functions()["Functions"]]
    queues = boto3.client("sqs").list_queues().get("QueueUrls", [])
    tables = boto3.client("dynamodb").list_tables()["TableNames"]
    assert not functions and not queues, f"left behind: {functions} {queues}"
    # the table, which contains the data of people, is never deleted with the stack
    assert len(tables) == 1, f"tables after the delete: {tables}"


class NoManagedPolicies:
    """The template names managed policies by ARN, so SAM has nothing to look up."""

    def load(self):
        return {}


# Names that belong to AWS, to an API or to a zone, and references to functions.
SCOPED = {("AWS::CloudWatch::Alarm", "MetricName"), ("AWS::ApiGatewayV2::Stage", "StageName"),
          ("AWS::ApiGatewayV2::DomainName", "DomainName"),
          ("AWS::ApiGatewayV2::ApiMapping", "DomainName"), ("AWS::Route53::RecordSet", "Name"),
          ("AWS::Lambda::Permission", "FunctionName"), ("AWS::Lambda::EventSourceMapping", "FunctionName")}


def names(template):
    """Refuses a physical name without the stage, which a second stack in the account and region could not have. SAM gives some
    resources a name of its own, so this reads the template after the transform."""
    with open(template) as file:
        written = yaml_parse(file)
    # `sam deploy` uploads the code before the transform
    written["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    resources = transform(written, {}, NoManagedPolicies())["Resources"]
    named = {}
    for logical_id, resource in resources.items():
        for key, value in resource.get("Properties", {}).items():
            if (key == "Name" or key.endswith("Name")) and (resource["Type"], key) not in SCOPED:
                named[f"{logical_id} ({resource['Type']}) {key}"] = value
    assert len(named) > 40, f"only {len(named)} names: {sorted(named)}"
    shared = {name: value for name, value in named.items() if "${Stage}" not in json.dumps(value)}
    sys.exit("\n".join(f"two stacks would share the name of {name}: {value}" for name, value in shared.items()) or None)


{"names": names, "output": output, "afterwards": afterwards, "nothing_left": nothing_left}[sys.argv[1]](*sys.argv[2:])
