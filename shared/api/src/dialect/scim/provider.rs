//! What SCIM clients learn by themselves (RFC 7644 §4, RFC 7643 §5 to §7).

use serde_json::{Value, json};

use super::{APP_SCHEMA, SCIM, list_response};
use crate::{ApiError, Call, Response};

/// The document that the path names.
pub(super) fn document(call: &Call) -> Result<Response, ApiError> {
    let request = &call.request;
    if request.query.contains("filter") {
        // RFC 7644 §4: filters are refused here.
        return Err(ApiError::Forbidden("Discovery endpoints take no filter."));
    }
    let named = request.path_parameter("id");
    let found = match request.route.path {
        "/admin/v1/ServiceProviderConfig" => config(&call.base),
        "/admin/v1/Schemas" => {
            return Ok(all(vec![app_schema(&call.base)]));
        }
        "/admin/v1/ResourceTypes" => return Ok(all(vec![app_type(&call.base)])),
        "/admin/v1/Schemas/{id}" if named.eq_ignore_ascii_case(APP_SCHEMA) => {
            app_schema(&call.base)
        }
        "/admin/v1/ResourceTypes/{id}" if named == "App" => app_type(&call.base),
        _ => return Err(ApiError::NotFound("schema or resource type")),
    };
    Ok(Response::typed(200, SCIM, &found))
}

fn all(documents: Vec<Value>) -> Response {
    let total = documents.len();
    list_response(documents, total, 1)
}

fn config(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": 1000 },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "An access token from /oauth2/token (RFC 6750).",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/admin/v1/ServiceProviderConfig"),
        },
    })
}

fn app_type(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "App",
        "name": "App",
        "endpoint": "/Apps",
        "description": "An OAuth client application",
        "schema": APP_SCHEMA,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/admin/v1/ResourceTypes/App"),
        },
    })
}

fn schema(base: &str, id: &str, name: &str, description: &str, attributes: &Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "description": description,
        "attributes": attributes,
        "meta": {
            "resourceType": "Schema",
            "location": format!("{base}/admin/v1/Schemas/{id}"),
        },
    })
}

/// One attribute's definition (RFC 7643 §7), with the defaults of its kind.
struct Attribute(Value);

impl Attribute {
    fn new(name: &str, kind: &str, description: &str) -> Self {
        Self(json!({
            "name": name,
            "type": kind,
            "multiValued": false,
            "description": description,
            "required": false,
            "caseExact": false,
            "mutability": "readWrite",
            "returned": "default",
            "uniqueness": "none",
        }))
    }

    fn text(name: &str, description: &str) -> Self {
        Self::new(name, "string", description)
    }

    fn boolean(name: &str, description: &str) -> Self {
        Self::new(name, "boolean", description)
    }

    fn complex(name: &str, description: &str, parts: Vec<Self>) -> Self {
        let parts: Vec<_> = parts.into_iter().map(Self::json).collect();
        Self::new(name, "complex", description).with("subAttributes", json!(parts))
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        if let Some(members) = self.0.as_object_mut() {
            members.insert(name.into(), value);
        }
        self
    }

    fn many(self) -> Self {
        self.with("multiValued", json!(true))
    }

    fn required(self) -> Self {
        self.with("required", json!(true))
    }

    fn exact(self) -> Self {
        self.with("caseExact", json!(true))
    }

    fn read_only(self) -> Self {
        self.with("mutability", json!("readOnly"))
    }

    fn immutable(self) -> Self {
        self.with("mutability", json!("immutable"))
    }

    fn one_of(self, values: &[&str]) -> Self {
        self.with("canonicalValues", json!(values))
    }

    fn uri(self) -> Self {
        self.with("type", json!("reference"))
            .with("referenceTypes", json!(["external"]))
            .exact()
    }

    fn json(self) -> Value {
        self.0
    }
}

fn app_schema(base: &str) -> Value {
    let all = own_attributes().into_iter().chain(offered_attributes());
    let all: Vec<_> = all.map(Attribute::json).collect();
    schema(
        base,
        APP_SCHEMA,
        "App",
        "An OAuth client application",
        &json!(all),
    )
}

/// What makes it a client.
fn own_attributes() -> Vec<Attribute> {
    use Attribute as A;
    vec![
        A::text("name", "The client id, chosen at creation, else made")
            .immutable()
            .exact()
            .with("uniqueness", json!("global")),
        A::text(
            "displayName",
            "Shown to people; unique among applications made here",
        )
        .required()
        .with("uniqueness", json!("server")),
        A::text("description", "Shown to people"),
        A::boolean(
            "active",
            "Whether it may be used; changed through AppStatusChanger",
        )
        .immutable(),
        A::boolean("isOAuthClient", "Always true").required(),
        A::text("clientType", "How far the client can keep a secret")
            .required()
            .one_of(&["confidential", "trusted", "public"]),
        A::complex(
            "basedOnTemplate",
            "The template of its client type",
            vec![
                A::text("value", "The template's id")
                    .required()
                    .exact()
                    .one_of(&[super::CONFIDENTIAL_TEMPLATE, super::PUBLIC_TEMPLATE]),
            ],
        )
        .required(),
        A::text("redirectUris", "Where users may be sent back")
            .uri()
            .many(),
        A::text("logoutUri", "Where the client hears of logouts").uri(),
        A::text(
            "postLogoutRedirectUris",
            "Where users may land after logout",
        )
        .uri()
        .many(),
        A::boolean(
            "allUrlSchemesAllowed",
            "Whether private-use schemes are let in",
        ),
        A::text("allowedGrants", "How it may obtain tokens")
            .exact()
            .many()
            .one_of(&[
                "authorization_code",
                "client_credentials",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "urn:ietf:params:oauth:grant-type:device_code",
                "implicit",
                "password",
            ]),
        A::complex(
            "allowedScopes",
            "The scopes its tokens may carry",
            vec![A::text("fqs", "The scope's full name").required().exact()],
        )
        .many(),
        A::text("allowedOperations", "What it may do beside")
            .many()
            .one_of(&["introspect", "onBehalfOfUser"]),
        A::new(
            "accessTokenExpiry",
            "integer",
            "How long its access tokens live, in seconds",
        ),
        A::new(
            "refreshTokenExpiry",
            "integer",
            "How long its refresh tokens live, in seconds",
        ),
    ]
}

/// What concerns its users, what it offers to others, and labels.
fn offered_attributes() -> Vec<Attribute> {
    use Attribute as A;
    vec![
        A::boolean("bypassConsent", "Whether its users are not asked"),
        A::boolean("isOAuthResource", "Whether it is a resource server"),
        A::text("audience", "What tokens for it name").exact(),
        A::complex(
            "scopes",
            "The scopes that it understands as a resource server",
            vec![
                A::text("value", "Its name").required().exact(),
                A::text("description", "For people"),
                A::boolean("requiresConsent", "Whether users are asked"),
            ],
        )
        .many(),
        A::complex(
            "tags",
            "Labels",
            vec![
                A::text("key", "Its kind").required(),
                A::text("value", "Its value").required(),
            ],
        )
        .many(),
        A::complex(
            "certificates",
            "Certificates by alias",
            vec![A::text("certAlias", "The alias").required().exact()],
        )
        .many(),
        A::complex(
            "grantedAppRoles",
            "The roles that it was given through Grants",
            vec![
                A::text("value", "The role's id").read_only().exact(),
                A::text("display", "The role's name").read_only(),
                A::text("appId", "The application whose role it is")
                    .read_only()
                    .exact(),
                A::text("$ref", "The role")
                    .uri()
                    .with("referenceTypes", json!(["AppRole"]))
                    .read_only(),
            ],
        )
        .many()
        .read_only(),
        A::text(
            "warnings",
            "What is stored as asked and is not safe, or served by no endpoint, and what of a request was ignored",
        )
        .many()
        .read_only(),
        A::text(
            "clientSecret",
            "The secret, in the answer that made it only",
        )
        .read_only()
        .exact()
        .with("returned", json!("request")),
    ]
}
