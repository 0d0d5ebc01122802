//! An app with a strong sibling beside its default client, and the management application with a further
//! client.

use api::{Handler, Response};
use domain::{AllowedOperation, ClientId, ResourceId, Scope, scopes};
use testkit::{Registered, RegisteredClient, TestApp};

use crate::rows::Row;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The default client of an ordinary app, which holds every scope that it may.
    Own,
    /// The management client.
    Management,
}

/// Whose credentials or rights are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// An app that is to be made.
    New,
    /// The ordinary app's default client, or the app.
    Own,
    /// Its sibling, with a scope, a resource and an operation more.
    Sibling,
    /// The management application's default client, or that application.
    Management,
    /// A further client of the management application.
    Operator,
}

impl Target {
    pub(crate) const fn is_management(self) -> bool {
        matches!(self, Self::Management | Self::Operator)
    }

    /// The scopes of its tokens.
    pub(crate) fn carries(self) -> Vec<&'static str> {
        match self {
            Self::New => vec![scopes::READ, scopes::EDIT],
            Self::Own => scopes::ORDINARY.into(),
            Self::Sibling => vec![scopes::READ, scopes::EDIT, "photos"],
            Self::Management => scopes::MANAGEMENT.into(),
            Self::Operator => vec![scopes::LIST, scopes::SECRETS],
        }
    }
}

pub(crate) struct World {
    pub(crate) app: TestApp,
    own: Registered,
    sibling: RegisteredClient,
    operator: RegisteredClient,
    /// A second secret of each target.
    secrets: Vec<(Target, String)>,
}

fn named(names: &[&str]) -> Vec<Scope> {
    names.iter().map(|s| Scope::parse(s).unwrap()).collect()
}

impl World {
    pub(crate) async fn new() -> Self {
        let app = TestApp::new().await;
        let own = app
            .register("Own", |create| {
                create.client.scopes = named(&scopes::ORDINARY);
            })
            .await;
        let sibling = app
            .register_client(&own.app, "Sibling", |settings| {
                settings.scopes = named(&Target::Sibling.carries());
                settings.resources = vec![ResourceId::parse("urn:theirs").unwrap()];
                settings.allowed_operations = vec![AllowedOperation::Introspect];
            })
            .await;
        let management = app
            .registry
            .table
            .principal(&app.management.client_id)
            .await;
        let management = management.unwrap().unwrap().app;
        let operator = app
            .register_client(&management, "Operator", |settings| {
                settings.scopes = named(&Target::Operator.carries());
            })
            .await;
        let mut world = Self {
            app,
            own,
            sibling,
            operator,
            secrets: Vec::new(),
        };
        for target in [
            Target::Own,
            Target::Sibling,
            Target::Management,
            Target::Operator,
        ] {
            let client = world.client(target).clone();
            let secret = world.app.issue(&client, None).await;
            world.secrets.push((target, secret.id().to_string()));
        }
        world
    }

    pub(crate) const fn own_app(&self) -> &domain::App {
        &self.own.app
    }

    fn client(&self, target: Target) -> &ClientId {
        match target {
            Target::New | Target::Own => self.own.client_id(),
            Target::Sibling => self.sibling.id(),
            Target::Management => &self.app.management.client_id,
            Target::Operator => self.operator.id(),
        }
    }

    pub(crate) async fn token(&self, who: Who, scopes: &[&str]) -> String {
        let client = match who {
            Who::Own => self.own.client_id(),
            Who::Management => &self.app.management.client_id,
        };
        self.app.token(client, scopes).await
    }

    /// The path with the target's ids in it.
    pub(crate) fn filled(&self, text: &str, target: Target) -> String {
        let client = self.client(target);
        let app = client.app_id().unwrap().to_string();
        let secret = self.secrets.iter().find(|(of, _)| *of == target);
        text.replace("{app}", &app)
            .replace("{client_id}", client.as_str())
            .replace("{grant}", &format!("me.{app}"))
            .replace("{secret_id}", secret.map_or("", |(_, id)| id))
    }

    pub(crate) async fn send(&self, row: &Row, target: Target, token: &str) -> Response {
        let path = self.filled(row.path, target);
        let request = self.app.request_to(handler(row), row.method, &path);
        let request = request.token(token);
        let body = self.filled(&row.body.to_string(), target);
        let request = match (row.body.is_null(), row.method, row.path.starts_with("/v1/")) {
            (true, ..) => request,
            (false, "PATCH", true) => request.body("application/merge-patch+json", body.as_bytes()),
            _ => request.body("application/json", body.as_bytes()),
        };
        request.send().await
    }
}

fn handler(row: &Row) -> Handler {
    match row.operation() {
        "change-status" => Handler::new(change_status::handle),
        "create-app" => Handler::new(create_app::handle),
        "create-client" => Handler::new(create_client::handle),
        "create-grant" => Handler::new(create_grant::handle),
        "delete-app" => Handler::new(delete_app::handle),
        "delete-client" => Handler::new(delete_client::handle),
        "delete-grant" => Handler::new(delete_grant::handle),
        "issue-secret" => Handler::new(issue_secret::handle),
        "revoke-secret" => Handler::new(revoke_secret::handle),
        "update-app" => Handler::new(update_app::handle),
        "update-client" => Handler::new(update_client::handle),
        "update-resources" => Handler::new(update_resources::handle),
        other => panic!("no row needs {other}"),
    }
}
