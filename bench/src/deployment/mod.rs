//! A deployment on this machine: a table with a tenant, the services of AWS, and what functions get to
//! reach them.

pub(crate) mod aws;
pub(crate) mod events;
pub(crate) mod function;
mod runtime_api;

use std::{
    collections::HashMap,
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use api::{
    Handler, Registry, lambda,
    system::{SystemClock, SystemEntropy},
};
use create_tenant::CreateTenant;
use data_encoding::BASE64;
use domain::Master;
use engine::{Engine, Observer};
use serde_json::{Value, json};
use table::{Table, connect};
use tempfile::{NamedTempFile, TempDir};

use self::{aws::Aws, function::Function};
use crate::{Outcome, programs};

const TABLE: &str = "roster";
const ISSUER: &str = "https://id.example.com";
const MASTER: &str = "the master secret of the measurements";

/// How functions reach the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// As on AWS.
    Tls,
    /// Without TLS and the look-up of a name, to leave their share out.
    Plain,
}

/// A table with a tenant, an app `seeded` and another one, and what the events of `events/` name.
pub(crate) struct Deployment {
    /// The services.
    pub(crate) aws: Aws,
    handlers: HashMap<&'static str, Handler>,
    registry: Registry,
    names: Vec<(&'static str, String)>,
    root: NamedTempFile,
    _data: TempDir,
}

impl Deployment {
    /// A new one; `observer` sees every call that its functions make.
    ///
    /// Its engine remembers what it read, so that little of what functions wait for is its own time.
    pub(crate) async fn new(observer: Option<Arc<dyn Observer>>) -> Outcome<Self> {
        let data = programs::scratch()?;
        let engine = Engine::open(&data.path().join("table.sqlite"))?;
        let table = Table::new(connect::embedded(engine.http_client())?, TABLE);
        table.create_if_absent().await?;
        let mut registry = Registry::new(
            table,
            Some(Arc::new(Master::parse(MASTER)?)),
            Some(ISSUER.into()),
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        );
        // Each measured call may make one more of the same app.
        registry.limits.clients_per_app = u32::MAX;
        let made = create_tenant::handle(registry.clone(), CreateTenant::default()).await;
        let management = made.map_err(|e| e.detail())?;
        let basic = basic(management.client_id.as_str(), &management.client_secret);
        let watched = match observer {
            Some(observer) => engine.with_observer(observer),
            None => engine,
        };
        let aws = Aws::serve(watched, MASTER).await?;
        let mut root = NamedTempFile::new()?;
        root.write_all(aws.root.as_bytes())?;
        let mut deployment = Self {
            aws,
            handlers: local::operations::all(),
            registry,
            names: vec![("{{basic}}", basic)],
            root,
            _data: data,
        };
        deployment.seed().await?;
        Ok(deployment)
    }

    /// What `tests/e2e` seeds, too: the events name it.
    async fn seed(&mut self) -> Outcome<()> {
        let token = self.make("token/200-basic", |_| {}).await?;
        self.name("{{token}}", &token, "access_token")?;
        let app = self.make_app("Seeded").await?;
        self.name("{{app_id}}", &app, "app_id")?;
        self.name("{{default_client_id}}", &app, "client_id")?;
        let client = self.make("create-client/201-further", |_| {}).await?;
        self.name("{{client_id}}", &client, "client_id")?;
        Ok(())
    }

    fn name(&mut self, placeholder: &'static str, from: &Value, member: &str) -> Outcome<()> {
        self.names.push((placeholder, text(from, member)?));
        Ok(())
    }

    /// Makes an app of this name, in this process.
    pub(crate) async fn make_app(&self, name: &str) -> Outcome<Value> {
        self.make("create-app/201-native", |event| rename(event, name))
            .await
    }

    /// Has an event answered in this process, with what `change` makes of it; what it made.
    pub(crate) async fn make(
        &self,
        event: &str,
        change: impl FnOnce(&mut Value),
    ) -> Outcome<Value> {
        Ok(self.answered(event, change).await?.0)
    }

    /// The same; how long it took.
    pub(crate) async fn timed(
        &self,
        event: &str,
        change: impl FnOnce(&mut Value),
    ) -> Outcome<Duration> {
        Ok(self.answered(event, change).await?.1)
    }

    async fn answered(
        &self,
        event: &str,
        change: impl FnOnce(&mut Value),
    ) -> Outcome<(Value, Duration)> {
        let (operation, _) = event.split_once('/').unwrap_or_default();
        let mut value = self.event(event)?;
        change(&mut value);
        let handler = self.handlers.get(operation).ok_or("no such operation")?;
        let request = serde_json::from_value(value)?;
        let begun = Instant::now();
        let answered = Box::pin(lambda::answer(&self.registry, handler, request)).await;
        let took = begun.elapsed();
        if !(200..300).contains(&answered.status) {
            return Err(format!("{event}: {} {}", answered.status, answered.body).into());
        }
        let body: Value = serde_json::from_str(&answered.body)?;
        // In the native dialect it is in `result`, elsewhere it is the body.
        Ok((body.get("result").unwrap_or(&body).clone(), took))
    }

    /// What stands for a placeholder.
    pub(crate) fn filled(&self, placeholder: &str) -> Outcome<String> {
        let found = self.names.iter().find(|(name, _)| *name == placeholder);
        let (_, value) = found.ok_or_else(|| format!("nothing stands for {placeholder}"))?;
        Ok(value.clone())
    }

    /// An event of `events/`, with its placeholders filled.
    pub(crate) fn event(&self, name: &str) -> Outcome<Value> {
        let path = programs::root().join(format!("events/{name}.json"));
        let mut text =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        for (placeholder, value) in &self.names {
            text = text.replace(placeholder, value);
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Starts a function's program, and waits for the end of its INIT.
    pub(crate) async fn start(&self, program: &std::path::Path, wire: Wire) -> Outcome<Function> {
        let url = match wire {
            Wire::Tls => format!("https://localhost:{}", self.aws.tls),
            Wire::Plain => format!("http://127.0.0.1:{}", self.aws.plain),
        };
        let settings = [
            ("AWS_ENDPOINT_URL", url),
            ("TABLE_NAME", TABLE.into()),
            ("MAX_CLIENTS_PER_APP", u32::MAX.to_string()),
            ("MASTER_SECRET_ARN", aws::SECRET_ARN.into()),
            ("ISSUER", ISSUER.into()),
            ("CA_BUNDLE", self.root.path().display().to_string()),
        ];
        Function::start(program, &settings).await
    }
}

/// Gives the app that an event registers another name, so that its code name is free.
pub(crate) fn rename(event: &mut Value, name: &str) {
    let body = event
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let renamed = body.replace("Photo Printer", name);
    if let Some(body) = event.get_mut("body") {
        *body = json!(renamed);
    }
}

/// Credentials as `Authorization: Basic` has them (RFC 7617 §2).
pub(crate) fn basic(id: &str, secret: &str) -> String {
    BASE64.encode(format!("{id}:{secret}").as_bytes())
}

/// A text member of an answer.
pub(crate) fn text(value: &Value, member: &str) -> Outcome<String> {
    let found = value.get(member).and_then(Value::as_str);
    Ok(found
        .ok_or_else(|| format!("no {member} in {value}"))?
        .to_owned())
}
