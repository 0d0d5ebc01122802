//! `template.yaml` against the code: functions, routes, permissions, schedules, the table, settings.

use std::{collections::BTreeSet, fmt::Write as _};

use api::{
    operations::{Grant, OPERATIONS, On, Operation},
    routes::{ROUTES, Route},
    settings,
};

use serde_json::json;
use serde_norway::Value;
use table::Table;

use crate::workspace::{none, read, root};

const FILE: &str = "template.yaml";
const OPEN: &str = "  # <functions>";
const CLOSE: &str = "  # </functions>\n";

/// The master secret in use.
const MASTER_SECRET: &str =
    "!If [OtherMasterSecret, !Ref ExistingMasterSecretArn, !Ref MasterSecret]";

/// With `UPDATE_TEMPLATE=1` in the environment the functions are written instead of compared.
#[test]
fn the_template_has_every_operation_with_its_routes_and_permissions() {
    let template = read(FILE);
    let (before, rest) = template.split_once(OPEN).unwrap();
    let (note, rest) = rest.split_once('\n').unwrap();
    let (written, after) = rest.split_once(CLOSE).unwrap();
    let expected: String = OPERATIONS.iter().map(function).collect();
    if std::env::var_os("UPDATE_TEMPLATE").is_some() {
        let text = format!("{before}{OPEN}{note}\n{expected}{CLOSE}{after}");
        // Renamed into place: the other guards read it at the same time.
        let new = root().join("target/template.yaml");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, root().join(FILE)).unwrap();
        return;
    }
    let differing = written
        .lines()
        .zip(expected.lines())
        .find(|(old, new)| old != new);
    assert!(
        written == expected,
        "run `UPDATE_TEMPLATE=1 cargo test -p tests --test guards` and commit {FILE}\n\
         the first line that differs, and what it should be: {differing:?}"
    );
}

/// A function and its role, as the template has them.
fn function(operation: &Operation) -> String {
    let Operation { name, purpose, .. } = operation;
    let logical = logical(name);
    let mut text = format!(
        "
  {logical}:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: rust-cargolambda
      BuildProperties: {{ Binary: {name} }}
    Properties:
      Description: {purpose}
      CodeUri: functions/{name}
      Role: !GetAtt {logical}Role.Arn
"
    );
    if operation.master {
        let name = settings::MASTER_SECRET_ARN;
        let _ = write!(
            text,
            "      Environment:\n        Variables:\n          {name}: {MASTER_SECRET}\n"
        );
    }
    let routes = ROUTES.iter().filter(|route| route.operation == *name);
    let mut events: String = routes.map(event).collect();
    if let Some(schedule) = operation.schedule {
        let _ = writeln!(
            events,
            "        Schedule: {{ Type: Schedule, Properties: {{ Schedule: {schedule} }} }}"
        );
    }
    if !events.is_empty() {
        text.push_str("      Events:\n");
        text.push_str(&events);
    }
    text.push_str(&role(operation, &logical));
    text
}

/// Log lines into the one group, traces where they are wanted, and what the operation is granted.
fn role(operation: &Operation, logical: &str) -> String {
    let mut text = format!(
        "  {logical}Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: \"2012-10-17\"
        Statement: [{{ Effect: Allow, Principal: {{ Service: lambda.amazonaws.com }}, Action: sts:AssumeRole }}]
      Policies:
        - PolicyName: {}
          PolicyDocument:
            Version: \"2012-10-17\"
            Statement:
              - Effect: Allow
                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource: !GetAtt Logs.Arn
              - !If [HasTracing, {{ Effect: Allow, Action: [xray:PutTraceSegments, xray:PutTelemetryRecords], Resource: \"*\" }}, !Ref AWS::NoValue]
",
        operation.name
    );
    text.extend(operation.grants.iter().map(statement));
    if operation.master {
        let _ = write!(
            text,
            "              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: {MASTER_SECRET}
"
        );
    }
    text
}

fn statement(grant: &Grant) -> String {
    let index = match grant.on {
        On::Index(index) => format!("/index/{index}"),
        On::Keys(_) => String::new(),
    };
    let mut text = format!(
        "              - Effect: Allow
                Action: dynamodb:{}
                Resource: {}
",
        grant.action,
        table_arn(&index)
    );
    if let On::Keys(patterns) = grant.on {
        let patterns: Vec<_> = patterns.iter().map(|key| format!("\"{key}\"")).collect();
        let patterns = patterns.join(", ");
        let _ = write!(
            text,
            "                Condition:
                  ForAllValues:StringLike: {{ dynamodb:LeadingKeys: [{patterns}] }}
                  \"Null\": {{ dynamodb:LeadingKeys: \"false\" }}
"
        );
    }
    text
}

/// The table in use, or an index of it.
fn table_arn(index: &str) -> String {
    let account = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}";
    let other = format!("!Sub \"{account}:table/${{ExistingTable}}{index}\"");
    let own = if index.is_empty() {
        "!GetAtt Table.Arn".to_owned()
    } else {
        format!("!Sub \"${{Table.Arn}}{index}\"")
    };
    format!("!If [OtherTable, {other}, {own}]")
}

fn event(route: &Route) -> String {
    let Route { method, path, .. } = route;
    let name = logical(&format!("{}{path}", method.to_lowercase()));
    format!(
        "        {name}: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Api, Method: {method}, Path: \"{path}\" }} }}\n"
    )
}

/// A name in CloudFormation's alphabet: `create-app` is `CreateApp`.
fn logical(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    words.map(capital).collect()
}

fn parsed() -> Value {
    serde_norway::from_str(&read(FILE)).unwrap()
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

/// The same table as the code makes for itself.
#[tokio::test]
async fn the_template_has_the_table_that_the_code_has() {
    let engine = engine::Engine::memory().unwrap();
    let table = Table::new(
        table::connect::embedded(engine.http_client()).unwrap(),
        "roster",
    );
    table.create_if_absent().await.unwrap();
    let made = engine.ask("DescribeTable", &json!({ "TableName": "roster" }));
    let made = &made["Table"];
    let written = plain(&parsed()["Resources"]["Table"]["Properties"]);
    let sorted = |list: &serde_json::Value, by: &str| {
        let mut list = list.as_array().unwrap().clone();
        list.sort_by_key(|one| one[by].to_string());
        list
    };
    assert_eq!(
        sorted(&written["AttributeDefinitions"], "AttributeName"),
        sorted(&made["AttributeDefinitions"], "AttributeName")
    );
    assert_eq!(written["KeySchema"], made["KeySchema"]);
    let index = |index: &serde_json::Value| {
        let keys = ["IndexName", "KeySchema", "Projection"];
        json!(keys.map(|key| index[key].clone()))
    };
    let indexes = |table: &serde_json::Value| -> Vec<_> {
        let indexes = sorted(&table["GlobalSecondaryIndexes"], "IndexName");
        indexes.iter().map(index).collect()
    };
    assert_eq!(indexes(&written), indexes(made));
    let ttl = &written["TimeToLiveSpecification"];
    assert_eq!(
        *ttl,
        json!({"AttributeName": table::schema::TTL, "Enabled": true})
    );
    assert_eq!(written["BillingMode"], "PAY_PER_REQUEST");
    // A name would keep a second stack, and a replaced table, from being made.
    assert!(written.get("TableName").is_none());
}

#[test]
fn what_can_not_be_made_again_is_retained() {
    let resources = plain(&parsed()["Resources"]);
    for name in ["Table", "MasterSecret", "Key"] {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(resources[name][policy], "Retain", "{name}");
        }
    }
}

/// CloudFormation makes another secret when any of this changes, and nobody could authenticate any more.
#[test]
fn the_master_secrets_generator_is_never_edited() {
    let generator = json!({
        "PasswordLength": 64, "ExcludePunctuation": true, "RequireEachIncludedType": true
    });
    let secret = plain(&parsed()["Resources"]["MasterSecret"]["Properties"]);
    assert_eq!(secret["GenerateSecretString"], generator);
    assert!(secret.get("Name").is_none());
}

#[test]
fn the_template_sets_every_setting() {
    let template = plain(&parsed());
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
    let template = plain(&parsed());
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
    assert_eq!(roles.count(), OPERATIONS.len());
}

#[test]
fn functions_time_out_when_the_budgets_say() {
    let template = plain(&parsed());
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
