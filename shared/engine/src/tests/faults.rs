//! What an observer can make of a call.

use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;

use super::*;
use crate::{Failure, error_body};

/// Runs one conditional write against a script, and says what the SDK made of it.
async fn write(script: impl Into<Vec<Intercept>>) -> (Result<(), String>, bool, Vec<Call>) {
    let recorder = Recorder::new("TransactWriteItems", script);
    let client = observed(&recorder).await;
    let config = client.config().to_builder().timeout_config(
        TimeoutConfig::builder()
            .read_timeout(Duration::from_millis(200))
            .build(),
    );
    let client = Client::from_conf(config.build());
    let sent = client
        .transact_write_items()
        .transact_items(fresh(put("a", "1")))
        .send()
        .await;
    let outcome = sent.map(|_| ()).map_err(|error| format!("{error:?}"));
    let committed = exists(&client, "a", "1").await;
    (outcome, committed, recorder.calls("TransactWriteItems"))
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_was_committed_and_the_retry_replays_it() {
    let (outcome, committed, calls) = write([Intercept::ExecuteThenFail(Failure::Io)]).await;
    // The SDK's own client token makes the retry a replay, not a refusal.
    outcome.unwrap();
    assert!(committed);
    let statuses: Vec<_> = calls.iter().map(|c| (c.executed, c.status)).collect();
    assert_eq!(statuses, [(Some(200), 0), (Some(200), 200)]);
    assert_eq!(
        (calls[1].capacity.read, calls[1].capacity.write),
        (2.0, 0.0)
    );
}

#[tokio::test(start_paused = true)]
async fn every_answer_lost_is_an_error_though_committed() {
    let lost = Intercept::ExecuteThenFail(Failure::Timeout);
    let (outcome, committed, calls) = write(vec![lost; 3]).await;
    assert!(outcome.unwrap_err().contains("timed out by the observer"));
    assert!(committed);
    assert_eq!(calls.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_was_not_executed() {
    let (outcome, committed, calls) = write([Intercept::Fail(Failure::Other)]).await;
    assert!(outcome.unwrap_err().contains("failed by the observer"));
    assert!(!committed);
    assert_eq!((calls.len(), calls[0].executed), (1, None));
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_the_place_of_the_engine_is_retried_if_it_throttles() {
    let body = error_body("ThrottlingException", "slow down");
    let throttled = Intercept::Answer { status: 400, body };
    let (outcome, committed, calls) = write([throttled]).await;
    outcome.unwrap();
    assert!(committed);
    assert_eq!((calls[0].status, calls[0].executed), (400, None));
    assert_eq!(calls[0].response["message"], "slow down");
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_replace_the_one_of_the_engine() {
    let body = error_body("AccessDeniedException", "no");
    let denied = Intercept::ExecuteThenAnswer { status: 400, body };
    let (outcome, committed, calls) = write([denied]).await;
    assert!(outcome.unwrap_err().contains("AccessDeniedException"));
    assert!(committed);
    assert_eq!((calls[0].status, calls[0].executed), (400, Some(200)));
}

#[tokio::test(start_paused = true)]
async fn a_delay_passes_unless_the_read_timeout_is_shorter() {
    let short = Intercept::Delay(Duration::from_millis(100));
    let (outcome, committed, calls) = write([short]).await;
    outcome.unwrap();
    assert!(committed);
    assert_eq!(calls[0].status, 200);

    let long = Intercept::Delay(Duration::from_secs(1));
    let (outcome, _, calls) = write([long]).await;
    outcome.unwrap();
    let statuses: Vec<_> = calls.iter().map(|c| (c.executed, c.status)).collect();
    assert_eq!(statuses, [(None, 0), (Some(200), 200)]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_too_late_was_committed() {
    let late = Intercept::ExecuteThenDelay(Duration::from_secs(1));
    let (outcome, committed, calls) = write([late]).await;
    outcome.unwrap();
    assert!(committed);
    let statuses: Vec<_> = calls.iter().map(|c| (c.executed, c.status)).collect();
    assert_eq!(statuses, [(Some(200), 0), (Some(200), 200)]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_none_is_an_error() {
    let body = b"<html>".to_vec();
    let garbage = Intercept::Garbage { status: 200, body };
    for (intercept, executed) in [(garbage, false), (Intercept::ExecuteThenTruncate, true)] {
        let (outcome, committed, _) = write([intercept]).await;
        outcome.unwrap_err();
        assert_eq!(committed, executed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_does_not_resolve_is_tried_again() {
    let (outcome, _, calls) = write([Intercept::Fail(Failure::NoConnection)]).await;
    outcome.unwrap();
    assert_eq!(calls.len(), 2);
}
