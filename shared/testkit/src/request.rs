//! Builds a request and sends it through the dispatcher.

use std::collections::HashMap;

use api::{Handler, Request, Response, dispatch, routes};
use serde_json::Value;

use crate::TestApp;

/// A request on its way; by default it carries the admin token.
#[derive(Debug)]
pub struct TestRequest<'a> {
    app: &'a TestApp,
    handler: Handler,
    request: Request,
}

impl<'a> TestRequest<'a> {
    pub(crate) fn new(app: &'a TestApp, handler: Handler, method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (route, parameters) =
            routes::resolve(method, path).unwrap_or_else(|| panic_no_route(method, path));
        let bearer = format!("Bearer {}", app.admin);
        Self {
            app,
            handler,
            request: Request {
                route,
                path: parameters,
                query: query.into(),
                headers: HashMap::from([("authorization".into(), bearer)]),
                body: Vec::new(),
                host: "roster.test".into(),
                id: "request-1".into(),
            },
        }
    }

    /// With a header; an empty value takes it away.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            self.request.headers.remove(name);
        } else {
            self.request.headers.insert(name.into(), value.into());
        }
        self
    }

    /// With another value of a path parameter, as a gateway may decode it.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.request.path.retain(|(known, _)| known != name);
        self.request.path.push((name.into(), value.into()));
        self
    }

    /// With another access token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }

    /// With a merge patch (RFC 7396).
    #[must_use]
    pub fn merge(self, patch: &Value) -> Self {
        self.body("application/merge-patch+json", patch.to_string().as_bytes())
    }

    /// With a form body and no token.
    #[must_use]
    pub fn form(self, body: &str) -> Self {
        self.header("authorization", "")
            .body("application/x-www-form-urlencoded", body.as_bytes())
    }

    /// With any body.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: &[u8]) -> Self {
        self.request.body = body.to_vec();
        self.header("content-type", media_type)
    }

    /// The answer.
    pub async fn send(self) -> Response {
        let operation = self.request.route.operation;
        let work = dispatch(&self.app.registry, &self.handler, self.request);
        self.app.recorder.as_operation(operation, work).await
    }
}

#[expect(clippy::panic, reason = "the test names a route that is not there")]
fn panic_no_route(method: &str, path: &str) -> ! {
    panic!("no route {method} {path}")
}
