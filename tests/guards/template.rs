//! `template.yaml` against the code: functions, routes, permissions, schedules, the table, settings.

use std::{collections::BTreeSet, fmt::Write as _};

use api::{
    operations::{Grant, OPERATIONS, On, Operation},
    routes::{ROUTES, Route},
    settings,
};

use crate::workspace::{none, read, root};

const FILE: &str = "template.yaml";
const OPEN: &str = "  # <functions>";
const CLOSE: &str = "  # </functions>\n";

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

/// A function as the template has it.
fn function(operation: &Operation) -> String {
    let name = operation.name;
    let mut text = format!(
        "\n  {}:\n    Type: AWS::Serverless::Function\n    Metadata:\n      \
         BuildMethod: rust-cargolambda\n      BuildProperties: {{ Binary: {name} }}\n    \
         Properties:\n      Description: {}\n      CodeUri: functions/{name}\n",
        logical(name),
        operation.purpose,
    );
    if operation.master {
        let secret = settings::MASTER_SECRET_ARN;
        let _ = write!(
            text,
            "      Environment:\n        Variables: {{ {secret}: !Ref MasterSecret }}\n"
        );
    }
    text.push_str("      Policies:\n        - Statement:\n");
    text.extend(operation.grants.iter().map(statement));
    if operation.master {
        text.push_str(
            "            - Effect: Allow\n              Action: secretsmanager:GetSecretValue\n              \
             Resource: !Ref MasterSecret\n",
        );
    }
    let routes = ROUTES.iter().filter(|route| route.operation == name);
    let mut events: String = routes.map(event).collect();
    if let Some(schedule) = operation.schedule {
        let _ = write!(
            events,
            "        Schedule: {{ Type: Schedule, Properties: {{ Schedule: {schedule} }} }}\n"
        );
    }
    if !events.is_empty() {
        text.push_str("      Events:\n");
        text.push_str(&events);
    }
    text
}

fn statement(grant: &Grant) -> String {
    let action = grant.action;
    let start = format!("            - Effect: Allow\n              Action: dynamodb:{action}\n");
    match grant.on {
        On::Index(index) => {
            format!("{start}              Resource: !Sub ${{Table.Arn}}/index/{index}\n")
        }
        On::Keys(patterns) => {
            let patterns: Vec<_> = patterns.iter().map(|key| format!("\"{key}\"")).collect();
            let patterns = patterns.join(", ");
            format!(
                "{start}              Resource: !GetAtt Table.Arn\n              Condition:\n                \
                 ForAllValues:StringLike: {{ dynamodb:LeadingKeys: [{patterns}] }}\n                \
                 \"Null\": {{ dynamodb:LeadingKeys: \"false\" }}\n"
            )
        }
    }
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
