//! A registry of its own for each request, with the handlers that ship.

use std::collections::{BTreeMap, HashMap};

use api::{Handler, Response, routes};
use domain::ClientId;
use serde_json::Value;
use testkit::{TestApp, basic};

use super::samples::{Caller, Document, Operation, body};

pub(super) struct World {
    app: TestApp,
    handlers: HashMap<&'static str, Handler>,
    /// What earlier answers had, by the name that paths give it.
    kept: BTreeMap<String, String>,
}

impl World {
    /// A registry in which everything has been done that an operation takes for granted.
    pub(super) async fn before(document: &Document, operation: &Operation) -> Self {
        let mut world = Self {
            app: TestApp::new().await,
            handlers: local::operations::all(),
            kept: BTreeMap::new(),
        };
        for step in &operation.after {
            let (name, times) = step.split_once(" × ").unwrap_or((step, "1"));
            for _ in 0..times.parse().unwrap() {
                world.prepare(document, document.operation(name)).await;
            }
        }
        world
    }

    async fn prepare(&mut self, document: &Document, step: &Operation) {
        let sent = sample(document, step);
        let answer = self.send(step, sent.as_ref()).await;
        let answer = answer.unwrap_or_else(|| panic!("{} leads nowhere", step.name));
        assert_eq!(answer.status, step.status, "{}: {}", step.name, answer.body);
        let answer = testkit::body(&answer);
        for (name, pointer) in &step.keep {
            let value = answer.pointer(pointer).and_then(Value::as_str).unwrap();
            self.kept.insert(name.clone(), value.to_owned());
        }
    }

    /// Sends a request exactly to where the document says; nothing comes back when no route is there.
    pub(super) async fn send(
        &self,
        operation: &Operation,
        sent: Option<&Value>,
    ) -> Option<Response> {
        let kept = self.kept.iter();
        let path = kept.fold(operation.path.clone(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
        let bare = path.split('?').next().unwrap();
        let (route, _) = routes::resolve(&operation.method, bare)?;
        let handler = self.handlers[route.operation].clone();
        let token = match operation.caller {
            Caller::Management => self.app.admin.clone(),
            Caller::App => self.own_token().await,
        };
        let request = self.app.request_to(handler, &operation.method, &path);
        let mut request = request.token(&token);
        if let Some(sent) = sent {
            request = request.json(sent);
        }
        let headers = operation.headers.iter();
        let request = headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        Some(request.send().await)
    }

    /// A token that the application itself gets with its credentials.
    async fn own_token(&self) -> String {
        let id = ClientId::parse(&self.kept["ownClient"]).unwrap();
        let handler = self.handlers["token"].clone();
        let request = self.app.request_to(handler, "POST", "/oauth2/token");
        let request = request
            .form("grant_type=client_credentials")
            .header("authorization", &basic(id, &self.kept["ownSecret"]));
        let answer = testkit::body(&request.send().await);
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

/// The body that the document shows.
pub(super) fn sample(document: &Document, operation: &Operation) -> Option<Value> {
    let members = document.members(operation)?;
    let members = members.iter();
    Some(body(
        members.map(|(at, member)| (at.as_str(), &member.value)),
    ))
}
