//! The program that Lambda starts for `create-app`, between a Lambda Runtime API and an AWS of our own.

mod aws;
mod init;
mod rotation;
mod runtime_api;

use std::{
    fs::File,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use api::{
    Registry,
    system::{SystemClock, SystemEntropy},
};
use create_tenant::CreateTenant;
use domain::Master;
use engine::Engine;
use serde_json::Value;
use table::{Table, connect};
use tempfile::TempDir;

use self::{aws::Aws, runtime_api::RuntimeApi};
use crate::{
    events::{self, Filling},
    process::{ended, log},
};

const TABLE: &str = "roster";
const ISSUER: &str = "https://id.example.com";
const CREATE_APP: &str = env!("CARGO_BIN_EXE_create-app-under-test");
const MASTER: &str = "the master secret of the bootstrap tests";

/// A deployment's table with a tenant, and what `create-app` gets to reach it.
struct Stack {
    aws: Aws,
    registry: Registry,
    filling: Filling,
    directory: TempDir,
}

impl Stack {
    async fn new() -> Self {
        let engine = Engine::memory().unwrap();
        let table = Table::new(connect::embedded(engine.http_client()).unwrap(), TABLE);
        table.create_if_absent().await.unwrap();
        let registry = Registry::new(
            table,
            Some(Arc::new(Master::parse(MASTER).unwrap())),
            Some(ISSUER.into()),
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        );
        let management = create_tenant::handle(registry.clone(), CreateTenant::default());
        let mut filling = Filling::of(&management.await.unwrap());
        // The token comes from the token endpoint's own event.
        let event = filling.fill(&events::text("token/200-basic"));
        let answer = events::answer(&registry, "token", &event).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let token = body["access_token"].as_str().unwrap().to_owned();
        filling.0.push(("{{token}}", token));
        Self {
            aws: Aws::serve(engine, MASTER).await,
            registry,
            filling,
            directory: TempDir::new().unwrap(),
        }
    }

    /// Starts the program of `create-app` with the environment that Lambda gives it, and what `change` makes of
    /// it.
    fn start(&self, runtime: &RuntimeApi, change: impl FnOnce(&mut Command)) -> Function {
        self.start_program(CREATE_APP, runtime, change)
    }

    /// The same for any function's program.
    fn start_program(
        &self,
        program: &str,
        runtime: &RuntimeApi,
        change: impl FnOnce(&mut Command),
    ) -> Function {
        let log = File::create(self.directory.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "create-app")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/create-app")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/02/[$LATEST]0")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "an example")
            .env("AWS_SESSION_TOKEN", "an example")
            .env("AWS_ENDPOINT_URL_DYNAMODB", &self.aws.url)
            .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", &self.aws.url)
            .env("TABLE_NAME", TABLE)
            .env("MASTER_SECRET_ARN", aws::SECRET_ARN)
            .env("ISSUER", ISSUER)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        change(&mut command);
        Function(command.spawn().unwrap())
    }

    /// Has an event of `create-app` answered.
    async fn invoke(&self, runtime: &mut RuntimeApi, event: &str) -> Value {
        let event = self
            .filling
            .fill(&events::text(&format!("create-app/{event}")));
        let answer = runtime.invoke(event).await;
        answer.unwrap_or_else(|e| panic!("{e:?}: {}", log(&self.directory)))
    }
}

/// A running function. It is killed when dropped.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn body(answer: &Value) -> Value {
    assert_eq!(answer["isBase64Encoded"], false);
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_the_gateway_are_answered() {
    let stack = Stack::new().await;
    let mut runtime = RuntimeApi::serve().await;
    let _function = stack.start(&runtime, |_| {});

    let made = stack.invoke(&mut runtime, "201-native").await;
    assert_eq!(made["statusCode"], 201, "{made}");
    let headers = &made["headers"];
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-request-id"], "JKJaXmPLvHcESHA=");
    let app = body(&made)["result"].clone();
    let location = headers["location"].as_str().unwrap();
    assert!(
        location.ends_with(app["app_id"].as_str().unwrap()),
        "{location}"
    );
    assert_eq!(app["app_code_name"], "photoprinter");
    assert!(app["client_secret"].is_string());

    // INIT reads the master secret and the keys; a call its caller, anew where it makes a credential.
    let calls = stack.aws.calls();
    assert_eq!(
        calls.iter().filter(|c| *c == "GetSecretValue").count(),
        1,
        "{calls:?}"
    );
    // Public halves are enough for who signs nothing.
    assert!(stack.aws.was_asked("public_key") && !stack.aws.was_asked("sealed_private_key"));
    let openid = stack.invoke(&mut runtime, "201-openid-apps").await;
    assert_eq!(openid["statusCode"], 201, "{openid}");
    assert_eq!(body(&openid)["status"], "OK");
    assert_eq!(body(&openid)["data"]["app_code_name"], "myapp");
    assert_eq!(
        stack.aws.calls()[calls.len()..],
        ["BatchGetItem", "TransactWriteItems"]
    );

    let encoded = stack.invoke(&mut runtime, "201-base64-body").await;
    assert_eq!(
        body(&encoded)["result"]["app_description"],
        "Prints photos — größer"
    );

    let refused = stack.invoke(&mut runtime, "401-without-token").await;
    assert_eq!(refused["statusCode"], 401, "{refused}");
    let headers = &refused["headers"];
    assert_eq!(headers["www-authenticate"], "Bearer realm=\"roster\"");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(body(&refused)["error_code"], 401);

    let said = log(&stack.directory);
    for secret in [
        MASTER,
        app["client_secret"].as_str().unwrap(),
        "Photo Printer",
    ] {
        assert!(!said.contains(secret), "{said}");
    }
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(line["level"].is_string(), "{line}");
    }
}

/// The function itself never fails for what a caller sent.
#[tokio::test(flavor = "multi_thread")]
async fn what_panics_elsewhere_is_answered() {
    let stack = Stack::new().await;
    let mut runtime = RuntimeApi::serve().await;
    let _function = stack.start(&runtime, |_| {});
    let text = stack
        .filling
        .fill(&events::text("create-app/401-without-token"));
    let event: Value = serde_json::from_str(&text).unwrap();
    for (at, value) in [
        ("/headers/x-forwarded-proto", "https,https".to_owned()),
        ("/headers/host", "a b/c?d#e".to_owned()),
        ("/rawQueryString", "a b&c=%zz&[=]".to_owned()),
        ("/rawPath", format!("/v1/{}", "x".repeat(70_000))),
        ("/rawPath", "/v1/applications/../../admin#x".to_owned()),
        ("/requestContext/domainName", "not a host".to_owned()),
    ] {
        let mut odd = event.clone();
        *odd.pointer_mut(at).unwrap() = value.into();
        let answer = runtime.invoke(odd.to_string()).await;
        let answer = answer.unwrap_or_else(|e| panic!("{at}: {e:?}"));
        assert_eq!(answer["statusCode"], 401, "{at}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_setting_stops_init_by_name() {
    for name in ["TABLE_NAME", "MASTER_SECRET_ARN"] {
        let stack = Stack::new().await;
        let runtime = RuntimeApi::serve().await;
        let mut function = stack.start(&runtime, |command| {
            command.env_remove(name);
        });
        let status = ended(&mut function.0);
        assert!(!status.success(), "{name}");
        let said = log(&stack.directory);
        let words = format!("the environment variable {name} is missing");
        assert!(said.contains(&words), "{name}: {said}");
    }
}

/// DynamoDB out of reach: INIT goes on, and the call says so within its deadline.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_table_is_503() {
    let stack = Stack::new().await;
    let mut runtime = RuntimeApi::serve().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let _function = stack.start(&runtime, |command| {
        command.env("AWS_ENDPOINT_URL_DYNAMODB", url);
    });
    let answer = stack.invoke(&mut runtime, "201-native").await;
    assert_eq!(answer["statusCode"], 503, "{answer}");
    assert_eq!(answer["headers"]["retry-after"], "1");
    assert_eq!(body(&answer)["error_code"], 503);
}
