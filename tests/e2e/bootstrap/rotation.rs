//! The program of `token` while the master secret is rotated in Secrets Manager.

use api::master_secret::MasterSecret;
use domain::Clock;
use serde_json::json;
use testkit::SharedMaster;

use super::{MASTER, Stack, SystemClock, body, events, runtime_api::RuntimeApi};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_was_started_before_learns_of_a_new_version() {
    let stack = Stack::new().await;
    let mut runtime = RuntimeApi::serve().await;
    let program = env!("CARGO_BIN_EXE_token-under-test");
    let _function = stack.start_program(program, &runtime, |_| {});
    let event = stack.filling.fill(&events::text("token/200-basic"));
    let answer = runtime.invoke(event.clone()).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    // Of all functions it is the one that reads private halves to sign.
    assert!(stack.aws.was_asked("SIGNING_KEY_HALVES"));
    let reads = || {
        let calls = stack.aws.calls();
        calls
            .iter()
            .filter(|call| *call == "GetSecretValue")
            .count()
    };
    assert_eq!(reads(), 1);

    let both = json!({"1": MASTER, "2": "the next master secret of the bootstrap tests"});
    stack.aws.put_secret(&both.to_string());
    // Another instance, started since, moves the digest.
    let secret: MasterSecret = SharedMaster::new(&both.to_string()).secret(SystemClock.now());
    let ahead = stack.registry.clone().trusting(Some(secret), Vec::new());
    let moved = events::answer(&ahead, "token", &event).await;
    assert_eq!(moved.status, 200, "{}", moved.body);

    for _ in 0..2 {
        let answer = runtime.invoke(event.clone()).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        assert!(body(&answer)["access_token"].is_string());
    }
    assert_eq!(reads(), 2);
}
