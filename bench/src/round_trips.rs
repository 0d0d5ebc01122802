//! What operations cost on the wire: the calls of the real programs and their capacity units, beside
//! the table of `docs/DATA.md`.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use api::routes;
use engine::{Call, Observer};
use serde_json::{Value, json};

use crate::{
    Outcome,
    deployment::{Deployment, Wire, basic, function::Function, text},
    programs,
    report::{Table, progress},
};

/// Keeps every call.
#[derive(Debug, Default)]
struct Wiretap(Mutex<Vec<Call>>);

impl Observer for Wiretap {
    fn after(&self, call: &Call) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(call.clone());
    }
}

impl Wiretap {
    fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Units per operation, as the table's bill names them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bill {
    /// The calls, in order.
    pub(crate) calls: Vec<String>,
    /// Read units.
    pub(crate) read: f64,
    /// Write units.
    pub(crate) write: f64,
    /// The indexes' part of both.
    indexes: f64,
}

impl Bill {
    fn of(calls: &[Call]) -> Self {
        Self {
            calls: calls.iter().map(|call| call.operation.clone()).collect(),
            read: calls.iter().map(|call| call.capacity.read).sum(),
            write: calls.iter().map(|call| call.capacity.write).sum(),
            indexes: calls.iter().map(|call| call.capacity.indexes).sum(),
        }
    }

    /// As `docs/DATA.md` writes it.
    fn line(&self) -> String {
        let (calls, read, write, indexes) =
            (self.calls.join(" + "), self.read, self.write, self.indexes);
        format!("{calls}: {read} RU, {write} WU, {indexes} of them the index's")
    }
}

/// A request, by the name that `docs/DATA.md` has for its pattern.
struct Shown {
    pattern: &'static str,
    method: &'static str,
    path: String,
    body: Option<Value>,
}

fn shown(
    pattern: &'static str,
    method: &'static str,
    path: impl Into<String>,
    body: Option<Value>,
) -> Shown {
    Shown {
        pattern,
        method,
        path: path.into(),
        body,
    }
}

/// Its client is one whose secret nobody has used yet.
const FIRST_TOKEN: &str = "token, first of the day";

/// Every pattern, in an order in which each finds what it needs.
fn patterns(app: &str, default: &str, further: &str, lone: &str) -> Vec<Shown> {
    let apps = "/v1/applications";
    let app = format!("{apps}/{app}");
    let clients = format!("{app}/clients");
    let (default, further) = (
        format!("{clients}/{default}"),
        format!("{clients}/{further}"),
    );
    let status = format!("{apps}/{lone}/status");
    let secrets = format!("{default}/secrets");
    let named = |name: &str| {
        Some(json!({
            "app_name": name,
            "client_display_name": name,
            "redirect_uris": ["https://app.example.com/callback"],
        }))
    };
    let active = |active: bool| Some(json!({ "active": active }));
    vec![
        shown("create an app", "POST", apps, named("New")),
        shown("create an app, code name taken", "POST", apps, named("New")),
        shown("create an app, with a key", "POST", apps, named("Keyed")),
        shown("create an app, replayed", "POST", apps, named("Keyed")),
        shown("app by id", "GET", &app, None),
        shown("app by code name", "GET", format!("{apps}/seeded"), None),
        shown("page of apps", "GET", apps, None),
        shown(
            "update an app",
            "PUT",
            &app,
            Some(json!({"client_description": "new"})),
        ),
        shown("create a client", "POST", &clients, {
            Some(json!({"name": "New", "redirect_uris": ["https://app.example.com/new"]}))
        }),
        shown("page of clients", "GET", &clients, None),
        shown("client, default", "GET", &default, None),
        shown("client, further", "GET", &further, None),
        shown(
            "update a further client",
            "PUT",
            &further,
            Some(json!({"description": "new"})),
        ),
        shown(
            "status of a further client",
            "PUT",
            format!("{further}/status"),
            active(false),
        ),
        shown("issue a secret", "POST", &secrets, Some(json!({}))),
        shown("list secrets", "GET", &secrets, None),
        shown(FIRST_TOKEN, "POST", "/oauth2/token", None),
        shown("token", "POST", "/oauth2/token", None),
        shown("status of an app", "PUT", &status, active(false)),
        shown("status of an app, as it was", "PUT", &status, active(false)),
        shown("status of an app, back", "PUT", &status, active(true)),
        shown("delete an app", "DELETE", format!("{apps}/{lone}"), None),
    ]
}

/// The running functions, and what they call.
struct Session {
    deployment: Deployment,
    wiretap: Arc<Wiretap>,
    directory: PathBuf,
    running: HashMap<&'static str, Function>,
    /// Credentials of a client that has not used them.
    fresh: String,
}

impl Session {
    /// The bill of one request. A function's caller is looked up by a request before.
    async fn bill(&mut self, shown: &Shown) -> Outcome<Bill> {
        let (route, path) = routes::resolve(shown.method, &shown.path)
            .ok_or_else(|| format!("no route to {}", shown.path))?;
        let operation = route.operation;
        if !self.running.contains_key(operation) {
            let program = self.directory.join(operation);
            let mut started = self.deployment.start(&program, Wire::Tls).await?;
            // One that is refused behind the look-up of its caller, and changes nothing.
            let mut refused = self.deployment.event("get-app/404-unknown")?;
            let any = json!({"app": "nobody", "client_id": "nobody"});
            merge(&mut refused, route, &any, "");
            started.invoke(refused.to_string()).await?;
            self.running.insert(operation, started);
        }
        let mut event = match operation {
            "token" => self.deployment.event("token/200-basic")?,
            _ => self.deployment.event("get-app/200-by-id")?,
        };
        if operation != "token" {
            let path = path.into_iter().map(|(name, value)| (name, value.into()));
            let body = shown
                .body
                .as_ref()
                .map(Value::to_string)
                .unwrap_or_default();
            merge(&mut event, route, &Value::Object(path.collect()), &body);
        }
        if shown.pattern.ends_with("with a key") || shown.pattern.ends_with("replayed") {
            header(&mut event, "idempotency-key", "one-key");
        }
        if shown.pattern == FIRST_TOKEN {
            header(&mut event, "authorization", &self.fresh);
        }
        let running = self.running.get_mut(operation).ok_or("it was started")?;
        self.wiretap.take();
        let answer = running.invoke(event.to_string()).await?;
        let answer: Value = serde_json::from_slice(&answer.body)?;
        let status = answer.get("statusCode").and_then(Value::as_u64);
        if !status.is_some_and(|status| (200..300).contains(&status)) {
            return Err(format!("{}: {answer}", shown.pattern).into());
        }
        Ok(Bill::of(&self.wiretap.take()))
    }
}

/// Has an event ask something else.
fn merge(event: &mut Value, route: &routes::Route, path: &Value, body: &str) {
    let Some(event) = event.as_object_mut() else {
        return;
    };
    event.insert("routeKey".into(), route.key().into());
    event.insert("pathParameters".into(), path.clone());
    event.insert("rawQueryString".into(), "force=true".into());
    if route.method != "DELETE" {
        event.insert("rawQueryString".into(), "".into());
    }
    event.insert("body".into(), body.into());
    if let Some(context) = event
        .get_mut("requestContext")
        .and_then(Value::as_object_mut)
    {
        context.insert("routeKey".into(), route.key().into());
    }
    header_in(event, "content-type", "application/json");
}

fn header(event: &mut Value, name: &str, value: &str) {
    if let Some(event) = event.as_object_mut() {
        header_in(event, name, value);
    }
}

fn header_in(event: &mut serde_json::Map<String, Value>, name: &str, value: &str) {
    if let Some(headers) = event.get_mut("headers").and_then(Value::as_object_mut) {
        headers.insert(name.into(), value.into());
    }
}

/// The bill of every pattern, by its name.
pub(crate) async fn bills() -> Outcome<Vec<(&'static str, Bill)>> {
    let wiretap = Arc::new(Wiretap::default());
    let deployment = Deployment::new(Some(Arc::clone(&wiretap) as Arc<dyn Observer>)).await?;
    let placeholder = |name| deployment.filled(name);
    let lone = deployment.make_app("Lone").await?;
    let (id, secret) = (text(&lone, "client_id")?, text(&lone, "client_secret")?);
    let patterns = patterns(
        &placeholder("{{app_id}}")?,
        &placeholder("{{default_client_id}}")?,
        &placeholder("{{client_id}}")?,
        &text(&lone, "app_id")?,
    );
    let mut packages: Vec<_> = patterns
        .iter()
        .filter_map(|shown| routes::resolve(shown.method, &shown.path))
        .map(|(route, _)| route.operation.to_owned())
        .collect();
    packages.sort();
    packages.dedup();
    let directory = programs::build("release", &packages)?;
    let mut session = Session {
        deployment,
        wiretap,
        directory,
        running: HashMap::new(),
        fresh: format!("Basic {}", basic(&id, &secret)),
    };
    let mut bills = Vec::new();
    for shown in &patterns {
        progress(format_args!("round-trips: {}", shown.pattern));
        bills.push((shown.pattern, session.bill(shown).await?));
    }
    Ok(bills)
}

/// Measures every pattern of `docs/DATA.md`.
pub(crate) async fn run() -> Outcome<Table> {
    let document = std::fs::read_to_string(programs::root().join("docs/DATA.md"))?;
    let mut table = Table::new(
        "Round trips and capacity, through the functions' programs",
        ["pattern", "round trips", "calls and units", "as in DATA.md"],
    );
    for (pattern, bill) in bills().await? {
        let line = bill.line();
        let row = format!("| {pattern} | `{line}` |");
        let agrees = document.lines().any(|line| line.ends_with(&row));
        let agrees = if agrees { "yes" } else { "**no**" };
        table.row([
            pattern,
            &bill.calls.len().to_string(),
            &format!("`{line}`"),
            agrees,
        ]);
    }
    Ok(table)
}
