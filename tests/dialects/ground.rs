//! A registry with the handlers of every operation.

use std::{collections::HashMap, ops::Deref};

use api::{Handler, Response, routes};
use testkit::{TestApp, TestRequest, Value, body, json};

pub(crate) const NATIVE: &str = "/v1/applications";
pub(crate) const OPENID: &str = "/platform/v1/apps";
pub(crate) const SCIM: &str = "/admin/v1/Apps";
pub(crate) const APP_SCHEMA: &str = "urn:ietf:params:scim:schemas:oracle:idcs:App";
pub(crate) const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A test registry that knows which handler a route has.
pub(crate) struct Ground {
    app: TestApp,
    handlers: HashMap<&'static str, Handler>,
}

impl Deref for Ground {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

impl Ground {
    pub(crate) async fn new() -> Self {
        Self {
            app: TestApp::new().await,
            handlers: local::operations::all(),
        }
    }

    /// Starts a request to whatever operation the path leads to.
    pub(crate) fn to(&self, method: &str, path: &str) -> TestRequest<'_> {
        let bare = path.split('?').next().unwrap();
        let (route, _) = routes::resolve(method, bare).unwrap();
        let handler = self.handlers[route.operation].clone();
        self.request_to(handler, method, path)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.to("GET", path).send().await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, content: &Value) -> Response {
        self.to(method, path).json(content).send().await
    }

    /// The body of an answer that must have this status.
    pub(crate) async fn expect(
        &self,
        status: u16,
        method: &str,
        path: &str,
        content: &Value,
    ) -> Value {
        let mut request = self.to(method, path);
        if !content.is_null() {
            request = request.json(content);
        }
        expect(status, &request.send().await)
    }

    /// Throws an app's kill switch, through SCIM.
    pub(crate) async fn activate(&self, id: &str, active: bool) {
        let body = json!({
            "active": active,
            "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"],
        });
        let path = format!("/admin/v1/AppStatusChanger/{id}");
        self.expect(200, "PUT", &path, &body).await;
    }

    /// An app made through SCIM: the ordinary document with these members laid over it.
    pub(crate) async fn scim_app(&self, over: &Value) -> Value {
        self.expect(201, "POST", SCIM, &scim(over)).await
    }

    /// What the token endpoint answers to a client's credentials.
    pub(crate) async fn token_of(&self, id: &str, secret: &str) -> Response {
        self.to("POST", "/oauth2/token")
            .form("grant_type=client_credentials")
            .header("authorization", &testkit::basic(id, secret))
            .send()
            .await
    }
}

#[track_caller]
pub(crate) fn expect(status: u16, response: &Response) -> Value {
    assert_eq!(response.status, status, "{}", response.body);
    if response.body.is_empty() {
        Value::Null
    } else {
        body(response)
    }
}

/// The members of `over` laid over `base`; null takes one away.
pub(crate) fn laid(mut base: Value, over: &Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in over.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

/// A SCIM document of a confidential app with these members laid over it.
pub(crate) fn scim(over: &Value) -> Value {
    let base = json!({
        "schemas": [APP_SCHEMA],
        "displayName": "demoapp",
        "isOAuthClient": true,
        "active": true,
        "clientType": "confidential",
        "basedOnTemplate": {"value": "CustomWebAppTemplateId"},
        "redirectUris": ["https://app.example.com/cb"],
        "allowedGrants": ["authorization_code", "client_credentials"],
    });
    laid(base, over)
}

pub(crate) fn patch_op(operations: &Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    })
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The operations that reached the engine since the last look.
pub(crate) fn round_trips(ground: &Ground) -> Vec<String> {
    ground.recorder.summary().operations
}
