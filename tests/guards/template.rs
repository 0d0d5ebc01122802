//! `template.yaml` against the code: functions, routes, permissions, schedules, the table, settings.

use std::collections::BTreeSet;

use api::{
    operations::OPERATIONS,
    routes::{Access, NOWHERE, ROUTES, Route},
    settings,
};

use serde_json::json;
use serde_norway::Value;

use crate::{
    functions::{function, logical},
    workspace::{none, read, root},
};

pub(crate) const FILE: &str = "template.yaml";

/// A text around a part of it, which stands behind the line of `# <name>` and before that of `# </name>`.
pub(crate) fn part<'a>(text: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let open = text.find(&format!("# <{name}>")).unwrap();
    let begin = open + text.get(open..).unwrap().find('\n').unwrap() + 1;
    let (before, rest) = text.split_at(begin);
    let close = rest.find(&format!("# </{name}>")).unwrap();
    let end = rest.get(..close).unwrap().rfind('\n').unwrap_or(0);
    // The indentation of the closing line belongs to what follows.
    let end = if end == 0 { 0 } else { end + 1 };
    let (within, after) = rest.split_at(end);
    (before, within, after)
}

/// Whether files are to be written instead of compared.
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_TEMPLATE").is_some()
}

/// Writes a file of the root. Renamed into place: the other guards read it at the same time.
pub(crate) fn write(file: &str, text: &str) {
    let new = root().join("target").join(file.replace('/', "-"));
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, root().join(file)).unwrap();
}

/// Fails when a file is not what it should be, and says how to write it.
#[track_caller]
pub(crate) fn same(file: &str, written: &str, expected: &str) {
    let mut lines = written.lines().zip(expected.lines());
    let differing = lines.find(|(old, new)| old != new);
    assert!(
        written == expected,
        "run `UPDATE_TEMPLATE=1 cargo test -p tests --test guards` and commit {file}\n\
         the first line that differs, and what it should be: {differing:?}"
    );
}

/// With `UPDATE_TEMPLATE=1` in the environment functions and throttles are written instead of compared.
#[test]
fn the_template_has_every_operation_with_its_routes_and_permissions() {
    let template = read(FILE);
    let functions: String = OPERATIONS.iter().map(function).collect();
    let (before, _, after) = part(&template, "functions");
    let expected = format!("{before}{functions}{after}");
    let routes = ROUTES.iter().chain([&NOWHERE]);
    let throttles: String = routes.filter_map(throttle).collect();
    let (before, _, after) = part(&expected, "throttles");
    let expected = format!("{before}{throttles}{after}");
    if updating() {
        write(FILE, &expected);
    } else {
        same(FILE, &template, &expected);
    }
}

/// The settings of a route where the caller need not have a token: whoever asks has it run, and an answer may
/// take a signature or the check of a secret.
fn throttle(route: &Route) -> Option<String> {
    let open = !matches!(route.access, Access::Scope(..));
    open.then(|| {
        format!(
            "        \"{}\": {{ ThrottlingRateLimit: !Ref OpenThrottlingRate, ThrottlingBurstLimit: !Ref OpenThrottlingBurst }}\n",
            route.key()
        )
    })
}

/// A template of the root, as JSON.
pub(crate) fn parsed(file: &str) -> serde_json::Value {
    plain(&serde_norway::from_str(&read(file)).unwrap())
}

/// A value with CloudFormation's tags left out, as JSON.
fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Tagged(tagged) => plain(&tagged.value),
        Value::Sequence(list) => list.iter().map(plain).collect(),
        Value::Mapping(members) => members
            .iter()
            .map(|(name, value)| (name.as_str().unwrap().to_owned(), plain(value)))
            .collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

#[test]
fn the_template_sets_every_setting() {
    let template = parsed(FILE);
    let mut set = BTreeSet::new();
    let mut add = |properties: &serde_json::Value| {
        let variables = properties["Environment"]["Variables"].as_object();
        set.extend(
            variables
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone()),
        );
    };
    add(&template["Globals"]["Function"]);
    for (_, resource) in template["Resources"].as_object().unwrap() {
        add(&resource["Properties"]);
    }
    assert_eq!(set, settings::ALL.map(str::to_owned).into());
}

/// Actions and resources are written out; but that traces have no resource that a policy could name.
#[test]
fn no_function_may_do_anything_to_everything() {
    let template = parsed(FILE);
    let resources = template["Resources"].as_object().unwrap();
    let mut faults = Vec::new();
    for operation in &OPERATIONS {
        let name = format!("{}Role", logical(operation.name));
        let properties = &resources[&name]["Properties"];
        assert!(properties.get("ManagedPolicyArns").is_none(), "{name}");
        let policies = properties["Policies"].as_array().unwrap();
        assert_eq!(policies.len(), 1, "{name}");
        let statements = &policies[0]["PolicyDocument"]["Statement"];
        let (traces, others): (Vec<_>, Vec<_>) = statements
            .as_array()
            .unwrap()
            .iter()
            .partition(|one| one.is_array());
        assert_eq!(traces.len(), 1, "{name}");
        assert_eq!(traces[0][0], "HasTracing", "{name}");
        for statement in others {
            let wide = |part: &str| statement[part].to_string().contains('*');
            if wide("Action") || wide("Resource") {
                faults.push(format!("{name}: {statement}"));
            }
        }
    }
    none(&faults);
    let roles = resources
        .values()
        .filter(|one| one["Type"] == "AWS::IAM::Role");
    let scheduled = OPERATIONS.iter().filter(|one| one.schedule.is_some());
    assert_eq!(roles.count(), OPERATIONS.len() + scheduled.count());
}

/// An `HttpApi` imports its routes with a server that has no address when the API's own is off, API Gateway warns
/// of it, and a deployment that fails on warnings would fail.
#[test]
fn a_warning_of_the_import_does_not_stop_a_deployment() {
    let api = &parsed(FILE)["Resources"]["Api"]["Properties"];
    assert!(api.get("DisableExecuteApiEndpoint").is_some());
    assert!(api.get("FailOnWarnings").is_none());
}

/// A mapping that has the stage's name only is made beside it, and refused when it is first.
#[test]
fn the_domain_is_mapped_when_the_stage_is_there() {
    let mapping = &parsed(FILE)["Resources"]["DomainMapping"]["Properties"];
    assert_eq!(mapping["Stage"], "Api.Stage");
}

/// A name of the account's that another stack would choose too stops that stack's deployment, or takes this one's
/// resource from it.
#[test]
fn names_are_the_stacks_own() {
    let names = [
        "DashboardName",
        "LogGroupName",
        "TableName",
        "Name",
        "FunctionName",
        "RoleName",
        "AlarmName",
        "QueueName",
        "BudgetName",
    ];
    let mut faults = Vec::new();
    let template = parsed(FILE);
    for (id, resource) in template["Resources"].as_object().unwrap() {
        for name in names {
            let value = resource["Properties"][name].to_string();
            // A record's name is the operator's; a metric filter names a group of the template's.
            let refers = ["AWS::Route53::RecordSet", "AWS::Logs::MetricFilter"]
                .iter()
                .any(|kind| resource["Type"] == *kind);
            if value != "null" && !refers && !value.contains("${AWS::StackName}") {
                faults.push(format!("{id}: {name} is {value}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn functions_time_out_when_the_budgets_say() {
    let template = parsed(FILE);
    let timeout = &template["Globals"]["Function"]["Timeout"];
    assert_eq!(*timeout, json!(table::budgets::FUNCTION.as_secs()));
}

/// A function verifies the caller by itself: what an authorizer before it has found out, or has cached over too few
/// inputs, or a mapping has put into a header, is never believed (`docs/SECURITY.md`, lesson 36).
#[test]
fn no_authorizer_stands_before_the_functions() {
    let template = read("template.yaml");
    let words = [
        "Authorizer",
        "Auth:",
        "RequestParameters",
        "ParameterMapping",
    ];
    let faults: Vec<_> = (1..)
        .zip(template.lines())
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(number, line)| format!("template.yaml:{number}: {}", line.trim()))
        .collect();
    none(&faults);
}
