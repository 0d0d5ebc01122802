//! The Me role and its grants. There is one role, so a grant is named by the app that has it.

use domain::{App, AppId, Violations, scopes};
use serde_json::{Value, json};

use super::{
    super::{Grant, ListGrants},
    SCIM, body, filter,
    grammar::{AttrPath, CompareOp, Filter},
    list_response, schema,
};
use crate::{ApiError, Call, Response, fields::Fields};

const ROLE_SCHEMA: &str = "urn:ietf:params:scim:schemas:oracle:idcs:AppRole";
const GRANT_SCHEMA: &str = "urn:ietf:params:scim:schemas:oracle:idcs:Grant";
/// The one role's id.
const ME: &str = "me";
/// The app whose role it is: the vendor's name of its own service.
const SERVICE: &str = "IDCSAppId";
const MECHANISM: &str = "ADMINISTRATOR_TO_APP";

/// The roles, or the one that the path names.
pub(super) fn roles(call: &Call) -> Result<Response, ApiError> {
    let role = json!({
        "schemas": [ROLE_SCHEMA],
        "id": ME,
        "displayName": "Me",
        "app": { "value": SERVICE },
        "description": format!("Puts the scope of self-service, {}, into the tokens of the app's client.", scopes::ME),
        "meta": {
            "resourceType": "AppRole",
            "location": role_location(&call.base),
        },
    });
    match call.request.path_parameter("role") {
        "" => {}
        ME => return Ok(Response::typed(200, SCIM, &role)),
        _ => return Err(ApiError::NotFound("role")),
    }
    let found = match filter_text(call)? {
        None => true,
        Some(text) => filter::matches(&filter::parse(&text)?, &role),
    };
    let shown = if found { vec![role] } else { Vec::new() };
    let total = shown.len();
    Ok(list_response(shown, total, 1))
}

fn role_location(base: &str) -> String {
    format!("{base}/admin/v1/AppRoles/{ME}")
}

/// The roles that an app was given, as the app shows them.
pub(super) fn granted(app: &App, base: &str) -> Vec<Value> {
    let role = json!({
        "value": ME,
        "display": "Me",
        "appId": SERVICE,
        "$ref": role_location(base),
    });
    app.me_role.iter().map(|_| role.clone()).collect()
}

fn filter_text(call: &Call) -> Result<Option<String>, ApiError> {
    let known = [
        "filter",
        "startIndex",
        "count",
        "attributes",
        "sortBy",
        "sortOrder",
    ];
    let mut faults = Violations::default();
    let mut query = call.request.query_parameters(&known, &mut faults)?;
    Ok(faults.or(query.remove("filter"))?)
}

/// A grant's id.
pub(super) fn id(app_id: &AppId) -> String {
    format!("{ME}.{app_id}")
}

pub(super) fn in_path(call: &Call) -> Result<AppId, ApiError> {
    let named = call.request.path_parameter("grant");
    let app = named
        .strip_prefix(ME)
        .and_then(|rest| rest.strip_prefix('.'));
    app.and_then(|id| AppId::parse(id).ok())
        .ok_or(ApiError::NotFound("grant"))
}

pub(super) fn create(call: &Call) -> Result<AppId, ApiError> {
    let mut f = body(call)?;
    schema(&mut f, GRANT_SCHEMA);
    let exactly = |wanted: &'static str, why: &'static str| {
        move |text: &str| {
            if text == wanted {
                Ok(())
            } else {
                Err(domain::Invalid::Conflict(why))
            }
        }
    };
    part(&mut f, "app", |f| {
        f.required(
            "value",
            exactly(SERVICE, "must be IDCSAppId, whose role Me is"),
        );
    });
    part(&mut f, "entitlement", |f| {
        f.required("attributeName", exactly("appRoles", "must be appRoles"));
        f.required(
            "attributeValue",
            exactly(ME, "must be the id of the role Me; GET AppRoles tells it"),
        );
    });
    f.required(
        "grantMechanism",
        exactly(MECHANISM, "must be ADMINISTRATOR_TO_APP"),
    );
    let grantee = part(&mut f, "grantee", |f| {
        f.required("type", exactly("App", "must be App"));
        f.required("value", |text| {
            AppId::parse(text).map_err(|_| domain::Invalid::Conflict("must be an application's id"))
        })
    });
    f.ignore_others();
    let faults = f.into_faults();
    match grantee.flatten() {
        Some(app_id) => Ok(faults.or(app_id)?),
        None => Err(faults.into()),
    }
}

/// A required complex attribute.
fn part<T>(f: &mut Fields, name: &str, read: impl FnOnce(&mut Fields) -> T) -> Option<T> {
    if !f.has(name) {
        f.fault(name, domain::Invalid::Required);
    }
    f.object(name, |f| {
        let value = read(f);
        f.ignore_others();
        value
    })
}

/// `grantee[value eq "…" and type eq "App"]`, or no filter.
pub(super) fn list(call: &Call) -> Result<ListGrants, ApiError> {
    let Some(text) = filter_text(call)? else {
        return Ok(ListGrants::All);
    };
    let unserved = || {
        ApiError::query(
            "invalidFilter",
            "Grants are found by their grantee; an example: grantee[value eq \"<app id>\" and type eq \"App\"]",
        )
    };
    let (value, kind) = match filter::parse(&text)? {
        Filter::ValuePath(path, inner) if path.name.eq_ignore_ascii_case("grantee") => {
            comparisons(*inner)
        }
        Filter::Comparison(path, CompareOp::Eq, Value::String(value)) if is_grantee(&path) => {
            (Some(value), None)
        }
        _ => return Err(unserved()),
    };
    let value = value.ok_or_else(unserved)?;
    if kind.is_some_and(|kind| kind != "App") {
        return Ok(ListGrants::Nothing);
    }
    Ok(AppId::parse(&value).map_or(ListGrants::Nothing, ListGrants::Of))
}

/// Whether a path is `grantee.value`.
fn is_grantee(path: &AttrPath) -> bool {
    let sub_attr = path.sub_attr.as_deref().unwrap_or_default();
    path.uri.is_none()
        && path.name.eq_ignore_ascii_case("grantee")
        && sub_attr.eq_ignore_ascii_case("value")
}

/// What `value` and `type` are compared with.
fn comparisons(filter: Filter) -> (Option<String>, Option<String>) {
    let (mut value, mut kind) = (None, None);
    for one in filter.conjuncts() {
        if let Filter::Comparison(path, CompareOp::Eq, Value::String(text)) = one {
            if path.name.eq_ignore_ascii_case("value") {
                value = Some(text);
            } else if path.name.eq_ignore_ascii_case("type") {
                kind = Some(text);
            }
        }
    }
    (value, kind)
}

pub(super) fn shown(call: &Call, grant: &Grant) -> Value {
    json!({
        "schemas": [GRANT_SCHEMA],
        "id": id(&grant.app_id),
        "app": { "value": SERVICE },
        "entitlement": { "attributeName": "appRoles", "attributeValue": ME },
        "grantMechanism": MECHANISM,
        "grantee": { "type": "App", "value": grant.app_id },
        "grantor": { "type": "App", "value": grant.role.granted_by },
        "meta": {
            "resourceType": "Grant",
            "created": grant.role.granted_at.to_string(),
            "location": format!("{}/admin/v1/Grants/{}", call.base, id(&grant.app_id)),
        },
    })
}
