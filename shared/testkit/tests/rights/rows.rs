//! What each request needs: the route's scope, what its change needs, and what a credential that comes of it
//! carries.

use api::{
    Route,
    routes::{Access, ROUTES, Reach},
};
use domain::scopes;
use testkit::{Value, json};

use crate::{
    bodies::{merged, native_app, native_client, scim_app},
    members::{Class, MEMBERS, Member},
    world::{Target, Who},
};

/// One request.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Value,
    needs: Needs,
}

/// What a request needs besides its route's scope.
#[expect(clippy::struct_excessive_bools, reason = "each is a need of its own")]
#[derive(Clone, Copy, Default)]
struct Needs {
    trust: bool,
    access: bool,
    secrets: bool,
    /// It yields a credential of the target, which carries all that the target may.
    credential: bool,
    /// It changes a client of the management application, when that is the target.
    of_client: bool,
    /// It gives a client the scope `apps:read`.
    reads: bool,
    /// It ends a secret.
    ends_secret: bool,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.method, self.path, self.body)
    }
}

impl Row {
    fn found(&self) -> &'static Route {
        let path = self.path.split('?').next().unwrap();
        let same = |route: &&Route| route.method == self.method && route.path == path;
        ROUTES
            .iter()
            .find(same)
            .unwrap_or_else(|| panic!("no route {self:?}"))
    }

    pub(crate) fn route(&self) -> String {
        self.found().key()
    }

    pub(crate) fn operation(&self) -> &'static str {
        self.found().operation
    }

    /// What this can be tried at.
    pub(crate) fn targets(&self, who: Who) -> Vec<Target> {
        let names_client = self.path.contains("{client_id}");
        let names_app = self.path.contains("{app}")
            || self.path.contains("{grant}")
            || self.body.to_string().contains("{app}");
        match (names_client, names_app, who) {
            (true, _, Who::Own) => vec![Target::Own, Target::Sibling],
            (true, _, Who::Management) => {
                vec![
                    Target::Own,
                    Target::Sibling,
                    Target::Management,
                    Target::Operator,
                ]
            }
            (false, true, Who::Own) => vec![Target::Own],
            (false, true, Who::Management) => vec![Target::Own, Target::Management],
            // Of an app, that is its own; management is asked which, and makes none.
            (false, false, Who::Management) if self.path == "/v1/clients" => Vec::new(),
            // The caller's own app, or a new one.
            (false, false, _) => vec![Target::New],
        }
    }

    /// Whether a token with these scopes may do it.
    pub(crate) fn suffices(&self, who: Who, target: Target, scopes: &[&str]) -> bool {
        let Access::Scope(scope, reach) = self.found().access else {
            return false;
        };
        let has = |scope: &str| {
            scopes.contains(&scope) && (who == Who::Management || scopes::ORDINARY.contains(&scope))
        };
        let management = who == Who::Management;
        let needs = self.needs;
        let trust = needs.trust || needs.of_client && target.is_management();
        let holds_all = || {
            let mut carried = self.carries(target).into_iter();
            // The sibling's operation and other scope are nobody's else.
            carried.all(has) && target != Target::Sibling
        };
        let lifted = management && has(scopes::TRUST) && !target.is_management();
        has(scope)
            && (management || reach == Reach::OwnApp)
            && (!trust || management && has(scopes::TRUST))
            && (!needs.access || has(scopes::ACCESS))
            && (!needs.secrets || has(scopes::SECRETS))
            && (!needs.credential || lifted || holds_all())
            // What a credential gains is judged like one that is made.
            && (!needs.reads || target != Target::Operator || has(scopes::READ))
            && (!(needs.ends_secret && target.is_management()) || holds_all())
    }

    /// The scopes of the credential that it yields: the target's, or what the body asks for a new client.
    fn carries(&self, target: Target) -> Vec<&'static str> {
        if self.operation() != "create-client" && self.operation() != "create-app" {
            return target.carries();
        }
        let asked = ["scopes", "client_scopes"]
            .iter()
            .find_map(|name| self.body.get(name));
        match asked {
            Some(names) if *names == json!(["apps:read"]) => vec![scopes::READ],
            Some(_) => Vec::new(),
            None if self.operation() == "create-client" => Vec::new(),
            // SCIM gives no scopes by default.
            None if self.path.starts_with("/admin") => Vec::new(),
            None => target.carries(),
        }
    }
}

fn row(method: &'static str, path: &'static str, body: Value, needs: Needs) -> Row {
    Row {
        method,
        path,
        body,
        needs,
    }
}

const NONE: Needs = Needs {
    trust: false,
    access: false,
    secrets: false,
    credential: false,
    of_client: false,
    ends_secret: false,
    reads: false,
};
const OF_CLIENT: Needs = Needs {
    of_client: true,
    ..NONE
};
const CREDENTIAL: Needs = Needs {
    credential: true,
    ..NONE
};

/// What a change of this member needs.
const fn needs(member: &Member) -> Needs {
    let needs = Needs {
        of_client: member.of_client,
        reads: matches!(member.name.as_bytes(), b"scopes"),
        ..NONE
    };
    match member.class {
        Class::Edit => needs,
        Class::Trust => Needs {
            trust: true,
            ..needs
        },
        Class::Access => Needs {
            access: true,
            ..needs
        },
        Class::Secrets => Needs {
            secrets: true,
            credential: true,
            ..needs
        },
    }
}

/// To end a secret of a management client takes what issuing one takes; of any other, nothing more.
const ENDS: Needs = Needs {
    ends_secret: true,
    ..NONE
};

/// Every row.
pub(crate) fn rows() -> Vec<Row> {
    let mut all = Vec::new();
    for member in MEMBERS {
        all.extend(changes(member));
        all.extend(creations(member));
    }
    all.extend(plain());
    all
}

/// A member changed, in every dialect that has it.
fn changes(member: &Member) -> Vec<Row> {
    let needs = needs(member);
    let mut all = Vec::new();
    let mut change = |method, path, body: &str| {
        if !body.is_empty() {
            let body = serde_json::from_str(body).unwrap();
            all.push(row(method, path, body, needs));
        }
    };
    for method in ["PUT", "PATCH"] {
        change(method, "/v1/applications/{app}", member.app);
        change(
            method,
            "/v1/applications/{app}/clients/{client_id}",
            member.client,
        );
        change(method, "/v1/clients/{client_id}", member.client);
    }
    change("PUT", "/platform/v1/apps/{app}", member.openid);
    if !member.scim.is_empty() {
        let value: Value = serde_json::from_str(member.scim).unwrap();
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "value": value}],
        });
        change("PATCH", "/admin/v1/Apps/{app}", &patch.to_string());
    }
    all
}

/// A member given to what is made.
fn creations(member: &Member) -> Vec<Row> {
    let class = needs(member);
    let made = |mut needs: Needs| {
        needs.secrets = false;
        needs.credential = true;
        needs
    };
    let read = |text: &str| -> Option<Value> { serde_json::from_str(text).ok() };
    let mut all = Vec::new();
    // Keys and methods of a new client are its own, and its default rights follow the method.
    let own_credential = member.class == Class::Secrets;
    if let Some(value) = read(member.app).filter(|_| !own_credential) {
        all.push(row(
            "POST",
            "/v1/applications",
            merged(native_app(), &value),
            made(class),
        ));
    }
    if let Some(value) = read(member.scim).filter(|_| !own_credential) {
        all.push(row(
            "POST",
            "/admin/v1/Apps",
            merged(scim_app(), &value),
            made(class),
        ));
    }
    if let Some(value) = read(member.client).filter(|_| !own_credential) {
        // Scopes within those of the app's default client a new one may have too; the grant is another.
        let trust = member.name == "grant_types";
        let needs = made(Needs { trust, ..class });
        let needs = Needs {
            of_client: true,
            ..needs
        };
        let body = merged(native_client(), &value);
        let of_app = merged(body.clone(), &json!({"app_id": "{app}"}));
        for (path, body) in [
            ("/v1/applications/{app}/clients", body.clone()),
            ("/v1/clients", body),
            ("/v1/clients", of_app),
        ] {
            all.push(row("POST", path, body, needs));
        }
    }
    all
}

/// What no member decides.
fn plain() -> Vec<Row> {
    let public = json!({
        "app_name": "New", "client_display_name": "New", "client_type": "native", "client_auth_method": "none",
        "redirect_uris": ["https://app.example.com/cb"],
    });
    let off = json!({"active": false});
    let resources = json!({"resource_ids": ["urn:new"]});
    let access = Needs {
        of_client: true,
        ..NONE
    };
    let openid = json!({"name": "New app", "redirect_uri": "https://app.example.com/cb"});
    let grant = json!({
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:Grant"], "app": {"value": "IDCSAppId"},
        "entitlement": {"attributeName": "appRoles", "attributeValue": "me"},
        "grantMechanism": "ADMINISTRATOR_TO_APP", "grantee": {"type": "App", "value": "{app}"},
    });
    let regenerate = json!({
        "appId": "{app}", "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],
    });
    let scim_status = json!({
        "active": false, "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"],
    });
    // A full document with `trusted` in it: the vendor's way to replace.
    let trusted = merged(
        scim_app(),
        &json!({"clientType": "trusted", "displayName": "Own"}),
    );
    let trust = Needs {
        trust: true,
        of_client: true,
        ..NONE
    };
    let mut all = vec![
        row("POST", "/v1/applications", native_app(), CREDENTIAL),
        row("POST", "/v1/applications", public, NONE),
        row("POST", "/platform/v1/apps", openid, CREDENTIAL),
        row("POST", "/admin/v1/Apps", scim_app(), CREDENTIAL),
        row("PUT", "/admin/v1/Apps/{app}", trusted, trust),
        row(
            "POST",
            "/admin/v1/AppClientSecretRegenerator",
            regenerate,
            CREDENTIAL,
        ),
        row("PUT", "/v1/applications/{app}/status", off.clone(), NONE),
        row("PUT", "/admin/v1/AppStatusChanger/{app}", scim_status, NONE),
        row(
            "DELETE",
            "/v1/applications/{app}?force=true",
            Value::Null,
            NONE,
        ),
        row(
            "DELETE",
            "/admin/v1/Apps/{app}?forceDelete=true",
            Value::Null,
            NONE,
        ),
        row(
            "PUT",
            "/v1/applications/{app}/resources",
            resources.clone(),
            access,
        ),
        row("POST", "/admin/v1/Grants", grant, OF_CLIENT),
        row("DELETE", "/admin/v1/Grants/{grant}", Value::Null, OF_CLIENT),
    ];
    all.extend(of_one_client(&off, &resources));
    all
}

/// The same of one client, by both paths that lead to it.
fn of_one_client(off: &Value, resources: &Value) -> Vec<Row> {
    let client = |[whole, secrets, secret, status, wanted]: [&'static str; 5]| {
        [
            row("POST", secrets, json!({}), CREDENTIAL),
            row("DELETE", secret, Value::Null, ENDS),
            row("PUT", status, off.clone(), OF_CLIENT),
            row("DELETE", whole, Value::Null, OF_CLIENT),
            row("PUT", wanted, resources.clone(), OF_CLIENT),
        ]
    };
    let long = client([
        "/v1/applications/{app}/clients/{client_id}?force=true",
        "/v1/applications/{app}/clients/{client_id}/secrets",
        "/v1/applications/{app}/clients/{client_id}/secrets/{secret_id}",
        "/v1/applications/{app}/clients/{client_id}/status",
        "/v1/applications/{app}/clients/{client_id}/resources",
    ]);
    let short = client([
        "/v1/clients/{client_id}?force=true",
        "/v1/clients/{client_id}/secrets",
        "/v1/clients/{client_id}/secrets/{secret_id}",
        "/v1/clients/{client_id}/status",
        "/v1/clients/{client_id}/resources",
    ]);
    long.into_iter().chain(short).collect()
}
