//! What `template.yaml` should say of each function: its code, its settings, its events and what its role may do.

use std::fmt::Write as _;

use api::{
    operations::{Grant, On, Operation},
    routes::{NOWHERE, ROUTES, Route},
    settings,
};

/// The master secret in use.
const MASTER_SECRET: &str =
    "!If [OwnMasterSecret, !Ref MasterSecret, !Ref ExistingMasterSecretArn]";

/// A function and its role, as the template has them.
pub(crate) fn function(operation: &Operation) -> String {
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
    let routes = ROUTES.iter().chain([&NOWHERE]);
    let routes = routes.filter(|route| route.operation == *name);
    let mut events: String = routes.map(event).collect();
    if let Some(schedule) = operation.schedule {
        events.push_str(&scheduled(&logical, schedule));
    }
    if !events.is_empty() {
        text.push_str("      Events:\n");
        text.push_str(&events);
    }
    text.push_str(&role(operation, &logical));
    if operation.schedule.is_some() {
        text.push_str(&scheduler_role(operation, &logical));
    }
    text
}

/// A schedule of `EventBridge Scheduler`. CloudFormation names it, as the name that SAM gives would be another
/// stack's too. What can't be started within the hour goes to the queue, not to a run that is no longer needed.
fn scheduled(logical: &str, schedule: &str) -> String {
    format!(
        "        Schedule:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: {schedule}
            OmitName: true
            RoleArn: !GetAtt {logical}ScheduleRole.Arn
            RetryPolicy: {{ MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 10 }}
            DeadLetterConfig: {{ Arn: !GetAtt MissedRuns.Arn }}
"
    )
}

/// What the scheduler may do for a schedule: start its function, and say that it could not.
fn scheduler_role(operation: &Operation, logical: &str) -> String {
    format!(
        "  {logical}ScheduleRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: \"2012-10-17\"
        Statement:
          - Effect: Allow
            Principal: {{ Service: scheduler.amazonaws.com }}
            Action: sts:AssumeRole
            # No schedule of another account.
            Condition: {{ StringEquals: {{ aws:SourceAccount: !Ref AWS::AccountId }} }}
      Policies:
        - PolicyName: schedule-{}
          PolicyDocument:
            Version: \"2012-10-17\"
            Statement:
              - {{ Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt {logical}.Arn }}
              - {{ Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt MissedRuns.Arn }}
",
        operation.name
    )
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
    format!("!If [OwnTable, {own}, {other}]")
}

fn event(route: &Route) -> String {
    let Route { method, path, .. } = route;
    if std::ptr::eq(route, &raw const NOWHERE) {
        // SAM's way to write the route `$default`.
        return "        Default: { Type: HttpApi, Properties: { ApiId: !Ref Api } }\n".into();
    }
    let name = logical(&format!("{}{path}", method.to_lowercase()));
    format!(
        "        {name}: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Api, Method: {method}, Path: \"{path}\" }} }}\n"
    )
}

/// A name in CloudFormation's alphabet: `create-app` is `CreateApp`.
pub(crate) fn logical(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    words.map(capital).collect()
}
