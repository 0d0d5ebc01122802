//! Every fault of a native refusal stands in one place: a JSON pointer into the body (RFC 6901), or the name of a
//! parameter or a header.

use proptest::{prelude::*, test_runner::TestRunner};
use testkit::{Value, body};

use crate::ground::{Ground, NATIVE};

/// RFC 6901 §3: nothing, or tokens that each begin with `/` and escape `~` and `/`.
fn is_pointer(text: &str) -> bool {
    let tokens = text.split('/').skip(1);
    let escaped = |token: &str| {
        token
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']))
    };
    (text.is_empty() || text.starts_with('/')) && tokens.into_iter().all(escaped)
}

/// Says where each fault of a native refusal stands, if it does in one way.
fn check_places(response: &api::Response) -> Result<usize, String> {
    if response.status != 400 {
        return Ok(0);
    }
    let shown = body(response);
    let errors = shown["errors"].as_array().cloned().unwrap_or_default();
    for error in &errors {
        let places: Vec<_> = ["pointer", "parameter", "header"]
            .into_iter()
            .filter_map(|name| Some((name, error.get(name)?.as_str()?)))
            .collect();
        match places.as_slice() {
            [("pointer", text)] if is_pointer(text) => {}
            [("parameter" | "header", _)] => {}
            // The query as a whole.
            [] if error["message"]
                .as_str()
                .unwrap_or_default()
                .starts_with("the query ") => {}
            other => return Err(format!("{other:?} in {shown}")),
        }
    }
    Ok(errors.len())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "app_name", "redirect_uris", "device_authorization", "jwks", "keys", "active", "version",
            "client_scopes", "scopes", "expires_in", "resource_ids", "limit", "cursor", "contains",
            "a/b", "~", "m~n", "~0", "/", "",
        ]).prop_map(str::to_owned),
        1 => "[ -~é/~]{0,12}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~é]{0,10}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect::<testkit::Map<_, _>>().into()),
        ]
    })
}

#[test]
fn every_fault_has_one_place_and_every_pointer_is_a_json_pointer() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ground = runtime.block_on(Ground::new());
    let made = runtime.block_on(ground.register("My app", |_| ()));
    let app = format!("{NATIVE}/{}", made.id());
    let client = format!("{app}/clients/{}", made.client_id());
    let routes = [
        ("POST", NATIVE.to_owned()),
        ("PUT", app.clone()),
        ("PATCH", app.clone()),
        ("PUT", format!("{app}/status")),
        ("PUT", format!("{app}/resources")),
        ("POST", format!("{app}/clients")),
        ("PUT", client.clone()),
        ("PATCH", client.clone()),
        ("POST", format!("{client}/secrets")),
        ("GET", NATIVE.to_owned()),
        ("DELETE", format!("{NATIVE}/nosuchapp")),
    ];
    let members = prop::collection::hash_map(name(), value(), 0..5);
    let query = prop::collection::vec((name(), "[ -~]{0,6}"), 0..3);
    let header = prop::option::of("[ -~]{1,6}");
    let cases = (0..routes.len(), members, query, header.clone(), header);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(600));
    let count = std::cell::Cell::new(0_usize);
    runner
        .run(&cases, |(route, members, query, tag, key)| {
            let (method, path) = &routes[route];
            let mut encoded = form_urlencoded::Serializer::new(String::new());
            encoded.extend_pairs(&query);
            let query = encoded.finish();
            let mut request = ground.to(method, &format!("{path}?{query}"));
            if !["GET", "DELETE"].contains(method) {
                let members: testkit::Map<_, _> = members.into_iter().collect();
                request = request.json(&Value::Object(members));
            }
            for (name, value) in [("if-match", tag), ("idempotency-key", key)] {
                request = request.header(name, value.as_deref().unwrap_or_default());
            }
            let response = runtime.block_on(request.send());
            let found = check_places(&response).map_err(TestCaseError::fail)?;
            count.set(count.get() + found);
            Ok(())
        })
        .unwrap();
    assert!(count.get() > 300, "{} faults", count.get());
    for (method, path) in &routes {
        let many = vec!["a=b"; 65].join("&");
        let response = runtime.block_on(ground.to(method, &format!("{path}?{many}")).send());
        assert_eq!(response.status, 400, "{method} {path}");
        check_places(&response).unwrap();
    }
}

#[test]
fn what_is_no_json_pointer_is_known_as_none() {
    for good in ["", "/", "/a", "/a/0", "/a~1b/m~0n", "//"] {
        assert!(is_pointer(good), "{good}");
    }
    for bad in ["a", "limit", "/a~", "/~2", "/m~n", "if-match"] {
        assert!(!is_pointer(bad), "{bad}");
    }
}
