//! A registry with a large app in it, and what one request to it takes.

use std::{collections::HashMap, time::Duration};

use api::{
    Handler, Route,
    routes::{Access, by_key},
};
use domain::{
    Name, RedirectUri, Scope, Tag,
    scopes::{EDIT, READ},
};
use rustix::time::{ClockId, clock_gettime};
use testkit::{Registered, RegisteredClient, TestApp, basic};

use crate::{
    Cost, MEMORY, Part,
    bodies::{self, Shape},
    rows::Row,
};

pub(crate) struct World {
    app: TestApp,
    handlers: HashMap<&'static str, Handler>,
    seeded: Registered,
    further: RegisteredClient,
    /// A token of the seeded app's own, for routes that name no app.
    own: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let mut app = TestApp::new().await;
        app.registry.limits.clients_per_app = u32::MAX;
        let seeded = app
            .register("Seeded", |command| {
                let tag = |n| Tag {
                    key: Name::parse(&format!("k{n}")).unwrap(),
                    value: Name::parse("v").unwrap(),
                };
                command.profile.tags = (0..100).map(tag).collect();
                let uri = |n| RedirectUri::parse(&format!("https://u{n}.example/cb")).unwrap();
                command.client.redirect_uris = (0..50).map(uri).collect();
                let scope = |n| Scope::parse(&format!("scope-{n}")).unwrap();
                command.client.scopes.extend((0..98).map(scope));
            })
            .await;
        let further = app.register_client(&seeded.app, "Further", |_| ()).await;
        for n in 0..20 {
            app.register(&format!("Beside {n}"), |_| ()).await;
        }
        let own = app.token(seeded.client_id(), &[READ, EDIT]).await;
        Self {
            app,
            own,
            handlers: local::operations::all(),
            seeded,
            further,
        }
    }

    fn path(&self, route: &Route) -> String {
        let app = if route.path.starts_with("/platform") {
            self.seeded.app.code_name.to_string()
        } else {
            self.seeded.id()
        };
        route
            .path
            .replace("{app}", &app)
            .replace("{client_id}", self.further.id().as_str())
            .replace("{role}", "me")
            .replace("{grant}", &format!("me.{app}"))
            .replace("{tenant}", "default")
            .replace(['{', '}'], "")
    }

    /// What it takes to answer one request.
    pub(crate) async fn cost(
        &self,
        route: &'static Route,
        row: &Row,
        parts: &[Part],
        authenticated: bool,
    ) -> Cost {
        let text = bodies::text(row.shape, &row.base, row.names, parts);
        if text.len() > bodies::BODY {
            // It would be refused by its length.
            return Cost::default();
        }
        let handler = self.handlers[route.operation].clone();
        debug_assert!(by_key(&route.key()).is_some());
        let path = self.path(route);
        let mut request = match row.shape {
            Shape::Query => {
                let with_query = format!("{path}?{text}");
                self.app.request_to(handler, route.method, &with_query)
            }
            shape => {
                let media_type = match shape {
                    Shape::Form => "application/x-www-form-urlencoded",
                    _ => "application/json",
                };
                let request = self.app.request_to(handler, route.method, &path);
                request.body(media_type, text.as_bytes())
            }
        };
        if route.path == "/v1/clients" {
            request = request.token(&self.own);
        }
        if route.access == Access::Client || !authenticated {
            let credentials = basic(self.seeded.client_id(), &self.seeded.secret);
            request = request.header(
                "authorization",
                if authenticated { &credentials } else { "" },
            );
        }
        drop(text);
        self.app.recorder.take();
        MEMORY.reset_peak_usage();
        let (before, since) = (MEMORY.current_usage(), processor_ms());
        let response = request.send().await;
        let ms = processor_ms() - since;
        let bytes = MEMORY.peak_usage().saturating_sub(before);
        assert!(response.status < 500, "{route:?}: {}", response.body);
        Cost { ms, bytes }
    }
}

/// Processor time of this thread, in milliseconds. `/proc` would count it in ticks of 4 ms.
fn processor_ms() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(spent).unwrap().as_secs_f64() * 1e3
}
