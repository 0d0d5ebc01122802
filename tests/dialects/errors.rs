//! What each dialect answers to the same mistakes: status and whole body.

use testkit::{TestRequest, Value, answer, json};

use crate::ground::{ERROR_SCHEMA, Ground, NATIVE, OPENID, SCIM, expect, laid, scim};

const NO_SUCH: &str = "019b7ca9-8c88-7150-a17a-a00ce50fffff";
const NO_TOKEN: &str =
    "Send an access token from /oauth2/token in the Authorization header: Bearer <token>.";
const STALE: &str =
    "It has changed since the version in If-Match; read it again and repeat the change.";

pub(crate) fn native(over: &Value) -> Value {
    let base = json!({
        "app_name": "My app", "app_code_name": "myapp", "client_display_name": "My client",
        "redirect_uris": ["https://a.example/cb"],
    });
    laid(base, over)
}

pub(crate) fn openid(over: &Value) -> Value {
    let base = json!({
        "name": "Dir app", "app_code_name": "dirapp", "redirect_uri": "https://a.example/cb",
    });
    laid(base, over)
}

fn problem(code: &str, title: &str, status: u16, detail: &str) -> (u16, Value) {
    let body = json!({
        "type": format!("urn:roster:problem:{code}"), "title": title, "status": status,
        "detail": detail, "message": [detail], "error_code": status, "request_id": "request-1",
    });
    (status, body)
}

fn fault(pointer: &str, code: &str, message: &str) -> (u16, Value) {
    let (status, mut body) = problem("invalid-request", "Invalid request", 400, message);
    body["errors"] = json!([{"pointer": pointer, "code": code, "message": message}]);
    (status, body)
}

fn entry(status: u16, code: &str, message: &str) -> (u16, Value) {
    let body = json!({"errors": [{"code": code, "message": message}], "success": false});
    (status, body)
}

fn scim_error(status: u16, kind: &str, detail: &str) -> (u16, Value) {
    let mut body = json!({
        "schemas": [ERROR_SCHEMA], "detail": detail, "status": status.to_string(),
    });
    if !kind.is_empty() {
        body["scimType"] = kind.into();
    }
    (status, body)
}

async fn refused(request: TestRequest<'_>, expected: &(u16, Value)) -> testkit::Value {
    let response = request.send().await;
    assert_eq!(&answer(&response), expected);
    let wanted = match expected.1 {
        ref body if body.get("type").is_some() => "application/problem+json",
        ref body if body.get("schemas").is_some() => "application/scim+json",
        _ => "application/json",
    };
    assert_eq!(response.header("content-type"), Some(wanted));
    json!(response.header("www-authenticate"))
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn a_missing_member_a_wrong_type_and_a_duplicate() {
    let ground = Ground::new().await;
    for (path, body) in [
        (NATIVE, native(&json!({}))),
        (OPENID, openid(&json!({}))),
        (SCIM, scim(&json!({}))),
    ] {
        ground.expect(201, "POST", path, &body).await;
    }
    let title = "Conflict";
    let taken = |name: &str| {
        format!(
            "The code name {name} is taken; choose another, or leave app_code_name out to have one made."
        )
    };
    let display = "Another application has this display name; choose another.";
    for (path, body, expected) in [
        (
            NATIVE,
            native(&json!({"app_name": null})),
            fault("/app_name", "required", "app_name is required"),
        ),
        (
            NATIVE,
            native(&json!({"app_name": 7})),
            fault("/app_name", "wrong_type", "app_name must be a string"),
        ),
        (
            NATIVE,
            native(&json!({"redirect_uris": "https://a.example/cb"})),
            fault(
                "/redirect_uris",
                "wrong_type",
                "redirect_uris must be an array of strings",
            ),
        ),
        (
            NATIVE,
            native(&json!({"app_code_name": "MyApp"})),
            problem("code-name-taken", title, 409, &taken("myapp")),
        ),
        (
            OPENID,
            openid(&json!({"name": null})),
            entry(422, "missing", "name is required"),
        ),
        (
            OPENID,
            openid(&json!({"name": 7})),
            entry(422, "invalid", "name must be a string"),
        ),
        (
            OPENID,
            openid(&json!({"oauth_redirect_uris": "https://a.example/cb"})),
            entry(
                422,
                "invalid",
                "oauth_redirect_uris must be an array of strings",
            ),
        ),
        (
            OPENID,
            openid(&json!({})),
            entry(422, "already_exists", &taken("dirapp")),
        ),
        (
            SCIM,
            scim(&json!({"displayName": null})),
            scim_error(400, "invalidValue", "displayName is required"),
        ),
        (
            SCIM,
            scim(&json!({"schemas": null})),
            scim_error(400, "invalidValue", "schemas is required"),
        ),
        (
            SCIM,
            scim(&json!({"basedOnTemplate": null})),
            scim_error(400, "invalidValue", "basedOnTemplate is required"),
        ),
        (
            SCIM,
            scim(&json!({"clientType": null})),
            scim_error(400, "invalidValue", "clientType is required"),
        ),
        (
            SCIM,
            scim(&json!({"isOAuthClient": null})),
            scim_error(400, "invalidValue", "isOAuthClient is required"),
        ),
        (
            SCIM,
            scim(&json!({"displayName": 7})),
            scim_error(400, "invalidValue", "displayName must be a string"),
        ),
        (
            SCIM,
            scim(&json!({"redirectUris": "https://a.example/cb"})),
            scim_error(
                400,
                "invalidValue",
                "redirectUris must be an array of strings",
            ),
        ),
        (
            SCIM,
            scim(&json!({"displayName": "DemoApp"})),
            scim_error(409, "uniqueness", display),
        ),
    ] {
        refused(ground.to("POST", path).json(&body), &expected).await;
    }
}

#[tokio::test]
async fn a_template_that_does_not_fit_the_client_type_is_a_400() {
    let ground = Ground::new().await;
    for (kind, template) in [
        ("public", "CustomWebAppTemplateId"),
        ("confidential", "CustomBrowserMobileTemplateId"),
        ("trusted", "CustomBrowserMobileTemplateId"),
        ("trusted", "Another"),
    ] {
        let body = scim(&json!({
            "clientType": kind, "basedOnTemplate": {"value": template},
            "allowedGrants": ["authorization_code"],
        }));
        let shown = ground.expect(400, "POST", SCIM, &body).await;
        assert_eq!(shown["scimType"], "invalidValue", "{kind} {template}");
    }
}

#[tokio::test]
async fn an_unknown_id_and_a_stale_version() {
    let ground = Ground::new().await;
    let made = ground
        .expect(201, "POST", NATIVE, &native(&json!({})))
        .await;
    let id = made["result"]["app_id"].as_str().unwrap();
    let gone = "There is no such application.";
    for (path, body, unknown, stale) in [
        (
            NATIVE,
            json!({"app_name": "Other"}),
            problem("not-found", "Not found", 404, gone),
            problem("precondition-failed", "Precondition failed", 412, STALE),
        ),
        (
            OPENID,
            json!({"name": "Other"}),
            entry(404, "not-found", gone),
            entry(412, "precondition-failed", STALE),
        ),
        (
            SCIM,
            scim(&json!({})),
            scim_error(404, "", gone),
            scim_error(412, "", STALE),
        ),
    ] {
        for named in [NO_SUCH, "nosuchapp"] {
            let path = format!("{path}/{named}");
            refused(ground.to("GET", &path), &unknown).await;
            refused(ground.to("PUT", &path).json(&body), &unknown).await;
        }
        let path = format!("{path}/{id}");
        for tag in ["\"9\"", "\"nonsense\"", "\"9\",\"x\""] {
            let request = ground.to("PUT", &path).json(&body);
            refused(request.header("if-match", tag), &stale).await;
        }
    }
    // Native and openid-apps compare strongly (RFC 9110 §13.1.1), SCIM also takes weak tags.
    for (method, path, body) in [
        (
            "PUT",
            format!("{SCIM}/{id}"),
            scim(&json!({"displayName": "Weak"})),
        ),
        (
            "PUT",
            format!("/admin/v1/AppStatusChanger/{id}"),
            json!({
                "active": false,
                "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"],
            }),
        ),
        ("DELETE", format!("{SCIM}/{id}"), json!({})),
    ] {
        let current = ground.get(&format!("{SCIM}/{id}")).await;
        let weak = format!("W/{}", current.header("etag").unwrap());
        let request = |tag: &str| ground.to(method, &path).json(&body).header("if-match", tag);
        refused(request("W/\"99\""), &scim_error(412, "", STALE)).await;
        let response = request(&weak).send().await;
        assert!([200, 204].contains(&response.status), "{}", response.body);
    }
}

#[tokio::test]
async fn no_token_and_a_token_without_the_scope() {
    let ground = Ground::new().await;
    let client = ground.management.client_id.clone();
    let poor = ground.token(&client, &["apps:read"]).await;
    let needs = |scope: &str| format!("This needs an access token with the scope {scope}.");
    for (method, path, scope) in [
        ("POST", NATIVE.to_owned(), "apps:create"),
        ("GET", NATIVE.to_owned(), "apps:list"),
        ("PUT", format!("{NATIVE}/x"), "apps:edit"),
        ("POST", OPENID.to_owned(), "apps:create"),
        ("GET", OPENID.to_owned(), "apps:list"),
        ("PUT", format!("{OPENID}/x"), "apps:edit"),
        ("POST", SCIM.to_owned(), "apps:create"),
        ("GET", SCIM.to_owned(), "apps:list"),
        ("POST", format!("{SCIM}/.search"), "apps:list"),
        ("PUT", format!("{SCIM}/x"), "apps:edit"),
        ("PATCH", format!("{SCIM}/x"), "apps:edit"),
        ("DELETE", format!("{SCIM}/x"), "apps:delete"),
        ("PUT", "/admin/v1/AppStatusChanger/x".into(), "apps:edit"),
        (
            "POST",
            "/admin/v1/AppClientSecretRegenerator".into(),
            "clients:secrets",
        ),
        ("POST", "/admin/v1/Grants".into(), "apps:edit"),
        ("GET", "/admin/v1/Grants".into(), "apps:edit"),
    ] {
        let (unauthorized, forbidden) = if path.starts_with("/v1") {
            let denied = problem(
                "insufficient-scope",
                "Insufficient scope",
                403,
                &needs(scope),
            );
            (
                problem("unauthorized", "Unauthorized", 401, NO_TOKEN),
                denied,
            )
        } else if path.starts_with("/platform") {
            let denied = entry(403, "insufficient-scope", &needs(scope));
            let own = NO_TOKEN.replace("/oauth2/token", "/oauth/service/token");
            (entry(401, "unauthorized", &own), denied)
        } else {
            let denied = scim_error(403, "", &needs(scope));
            (scim_error(401, "", NO_TOKEN), denied)
        };
        let request = || ground.to(method, &path).json(&json!({}));
        let challenge = refused(request().header("authorization", ""), &unauthorized).await;
        assert_eq!(challenge, "Bearer realm=\"roster\"", "{path}");
        let challenge = refused(request().token(&poor), &forbidden).await;
        let expected =
            format!("Bearer realm=\"roster\", error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(challenge, expected.as_str(), "{path}");
    }
}

/// More than a request could ask: every scope of the management API.
fn holds_everything(command: &mut domain::CreateApp) {
    let scopes = domain::scopes::MANAGEMENT.iter();
    command.client.scopes = scopes
        .map(|scope| domain::Scope::parse(scope).unwrap())
        .collect();
}

/// Tenant-wide operations are closed to tokens of other apps than the management one, whatever their
/// scopes; single ones reach their own app alone.
#[tokio::test]
async fn another_apps_token_reaches_that_app_alone() {
    let ground = Ground::new().await;
    let (own, other) = (
        ground.register("Own", holds_everything).await,
        ground.register("Other", |_| ()).await,
    );
    let scopes = domain::scopes::MANAGEMENT;
    let token = ground.token(own.client_id(), &scopes).await;
    for path in [NATIVE, OPENID, SCIM] {
        let read = |id: String| ground.to("GET", &format!("{path}/{id}")).token(&token);
        expect(200, &read(own.id()).send().await);
        expect(404, &read(other.id()).send().await);
        expect(403, &ground.to("GET", path).token(&token).send().await);
        let post = ground.to("POST", path).json(&json!({})).token(&token);
        expect(403, &post.send().await);
    }
    for (method, path) in [
        ("DELETE", format!("{SCIM}/{}", own.id())),
        ("PUT", format!("/admin/v1/AppStatusChanger/{}", own.id())),
        ("POST", "/admin/v1/Grants".to_owned()),
        ("GET", "/admin/v1/Grants".to_owned()),
        ("GET", format!("/admin/v1/Grants/me.{}", own.id())),
    ] {
        let request = ground.to(method, &path).json(&json!({})).token(&token);
        expect(403, &request.send().await);
    }
    let trust = scim(&json!({"clientType": "trusted"}));
    let request = ground
        .to("PUT", &format!("{SCIM}/{}", own.id()))
        .json(&trust);
    expect(403, &request.token(&token).send().await);
    let secret = json!({
        "appId": other.id(),
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],
    });
    let request = ground
        .to("POST", "/admin/v1/AppClientSecretRegenerator")
        .json(&secret);
    expect(404, &request.token(&token).send().await);
}
