//! The calls of every case.

use testkit::Value;

use crate::cases::{ENDPOINTS, Ground, Kind};

// rauthy#1167: an unknown client was answered faster than a known one.
#[tokio::test]
async fn every_refused_client_costs_the_same_calls_known_or_not() {
    let ground = Ground::new().await;
    for endpoint in ENDPOINTS {
        for case in &ground.cases {
            ground.refused(case, endpoint).await;
            let why = format!("{} {:?} {}", endpoint.0, case.kind, case.name);
            let calls = ground.app.recorder.take();
            let made: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
            let expected: &[&str] = match case.kind {
                Kind::Default | Kind::Assertion => &["GetItem"],
                Kind::Further => &["BatchGetItem"],
                Kind::Chosen => &["GetItem", "GetItem"],
            };
            assert_eq!(made, expected, "{why}");
            // They differ from those of the kind's first case in the keys alone.
            let first = ground.cases.iter().find(|other| other.kind == case.kind);
            ground.refused(first.unwrap(), endpoint).await;
            let others = ground.app.recorder.take();
            for (call, other) in calls.into_iter().zip(others) {
                assert!(call.consistent, "{why}");
                let partitions = |keys: &[(String, String)]| -> Vec<_> {
                    let kind = |pk: &str| pk.split('#').next().map(str::to_owned);
                    keys.iter().map(|(pk, _)| (kind(pk), pk.len())).collect()
                };
                assert_eq!(partitions(&call.keys), partitions(&other.keys), "{why}");
                let asked = (without_keys(call.request), without_keys(other.request));
                assert_eq!(asked.0, asked.1, "{why}");
            }
        }
    }
}

fn without_keys(mut request: Value) -> Value {
    for member in ["/Key", "/RequestItems/roster/Keys"] {
        if let Some(keys) = request.pointer_mut(member) {
            *keys = Value::Null;
        }
    }
    request
}
