//! INIT of every operation, held against what the operation is granted. There are five ways to begin; each is
//! taken here by a program that ships, and the requests that it makes before it asks for its first event must be
//! allowed to all operations that begin in the same way.

use std::{fs, path::Path};

use api::operations::{OPERATIONS, Operation};
use serde_json::Value;

use super::{CREATE_APP, RuntimeApi, Stack, log};

/// A way to begin, by what `main` calls, with a program that takes it.
const WAYS: [(&str, &str); 5] = [
    ("serve", env!("CARGO_BIN_EXE_get-app-under-test")),
    ("serve_with_master", CREATE_APP),
    (
        "serve_signer_with_master",
        env!("CARGO_BIN_EXE_token-under-test"),
    ),
    ("serve_invocations", env!("CARGO_BIN_EXE_sweep-under-test")),
    (
        "serve_invocations_with_master",
        env!("CARGO_BIN_EXE_rotate-keys-under-test"),
    ),
];

/// What `main` of an operation calls.
fn way(operation: &Operation) -> &'static str {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let main = root.join("functions").join(operation.name);
    let main = fs::read_to_string(main.join("src/main.rs")).unwrap();
    let ways = WAYS.iter().map(|(way, _)| *way);
    let mut called = ways.filter(|way| main.contains(&format!("api::lambda::{way}(")));
    let found = called.next();
    found.unwrap_or_else(|| panic!("{}: none of the ways to begin", operation.name))
}

/// Whether an operation may make a request, as IAM decides.
fn may(operation: &Operation, action: &str, sent: &Value) -> bool {
    if action == "GetSecretValue" {
        return operation.master;
    }
    // The requests of INIT name one partition: a query's condition has it among its values.
    let values = sent["ExpressionAttributeValues"].as_object();
    let keys = values.into_iter().flatten();
    let mut keys = keys.filter_map(|(_, value)| value["S"].as_str());
    let key = sent["Key"]["pk"]["S"].as_str().or_else(|| keys.next());
    let index = sent["IndexName"].as_str();
    let key = key.unwrap_or_else(|| panic!("{action} names no partition: {sent}"));
    operation.granting(action, index, key).is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn init_of_every_operation_stays_within_its_permissions() {
    for (way_to_begin, program) in WAYS {
        let stack = Stack::new().await;
        let runtime = RuntimeApi::serve().await;
        let before = stack.aws.requests().len();
        let _function = stack.start_program(program, &runtime, |_| {});
        let begun = runtime.was_asked().await;
        assert!(begun, "{way_to_begin}: {}", log(&stack.directory));
        assert_eq!(log(&stack.directory), "", "{way_to_begin} logs in INIT");
        let requests = stack.aws.requests().split_off(before);
        let takers = OPERATIONS.iter().filter(|one| way(one) == way_to_begin);
        let takers: Vec<_> = takers.collect();
        assert!(!takers.is_empty(), "{way_to_begin}: nobody begins so");
        for (action, sent) in &requests {
            let denied = takers.iter().find(|one| !may(one, action, sent));
            assert!(
                denied.is_none(),
                "{denied:?} may not {action} in INIT: {sent}"
            );
        }
        let reads_master = requests
            .iter()
            .any(|(action, _)| action == "GetSecretValue");
        let wrong = takers.iter().find(|one| one.master != reads_master);
        assert!(
            wrong.is_none(),
            "reads the secret: {reads_master}, but {wrong:?}"
        );
    }
}
