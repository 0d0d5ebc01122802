//! What DynamoDB and the network do on a bad day (lessons 41 to 43). Time is paused: back-off is free.

use std::time::Duration;

use domain::App;
use engine::{Failure, Intercept, error_body};
use table::{CreateAppError, CreateTenantError, TableError};
use tokio::time::Instant;

use crate::apps::{app, secret_of};
use crate::ground::Ground;
use crate::patterns::page_of;
use crate::watcher::{Watcher, cancelled, refusal};

const WRITE: &str = "TransactWriteItems";
/// The time that a whole request has.
const DEADLINE: Duration = table::budgets::REQUEST;

/// Creates an app on a fresh table whose transactions meet these faults.
async fn create(faults: impl Into<Vec<Intercept>>) -> Option<Outcome> {
    let (ground, watcher) = Ground::with_faults().await?;
    let app = app("acme", "myapp");
    watcher.script(WRITE, faults.into());
    let started = Instant::now();
    let (_, secret) = secret_of(&app);
    let result = ground.table.create_app(&app, Some(&secret), None).await;
    let took = started.elapsed();
    let calls = ground.calls();
    let tokens = calls
        .iter()
        .map(|c| c.request["ClientRequestToken"].to_string());
    let tokens: Vec<_> = tokens.collect();
    ground.assert_whole().await;
    Some(Outcome {
        result,
        took,
        tokens,
        stored: ground.table.app(&app.tenant_id, &app.app_id).await.unwrap(),
        app,
    })
}

struct Outcome {
    result: Result<(), CreateAppError>,
    took: Duration,
    /// One a call.
    tokens: Vec<String>,
    stored: Option<App>,
    app: App,
}

impl Outcome {
    fn assert_created(&self, calls: usize) {
        assert_eq!(self.result, Ok(()));
        assert_eq!(self.stored.as_ref(), Some(&self.app));
        assert_eq!(self.tokens.len(), calls);
        assert!(self.took < DEADLINE, "{:?}", self.took);
    }

    fn assert_unavailable(&self, calls: usize) {
        match &self.result {
            Err(CreateAppError::Table(TableError::Unavailable(_))) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(self.tokens.len(), calls);
        assert!(self.took < DEADLINE, "{:?}", self.took);
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_met_another_one_is_sent_again() {
    let conflict = || cancelled(&["None", "TransactionConflict"]);
    for (times, faults) in [(1, vec![conflict()]), (4, vec![conflict(); 4])] {
        let Some(met) = create(faults).await else {
            return;
        };
        met.assert_created(times + 1);
    }
    let both = cancelled(&["TransactionConflict", "TransactionConflict"]);
    let Some(met) = create([both]).await else {
        return;
    };
    met.assert_created(2);
}

#[tokio::test(start_paused = true)]
async fn conflicts_without_end_are_unavailable_in_time_and_leave_nothing() {
    let conflict = cancelled(&["TransactionConflict", "None"]);
    let Some(met) = create(vec![conflict; 100]).await else {
        return;
    };
    met.assert_unavailable(5);
    assert_eq!(met.stored, None);
    // Nobody waits after the last try.
    assert!(met.took < Duration::from_millis(600), "{:?}", met.took);
}

#[tokio::test(start_paused = true)]
async fn a_loser_of_a_race_is_told_that_the_name_is_taken_at_once() {
    let lost = cancelled(&["TransactionConflict", "ConditionalCheckFailed"]);
    let Some(met) = create([lost]).await else {
        return;
    };
    assert_eq!(met.result, Err(CreateAppError::CodeNameTaken));
    assert_eq!(met.tokens.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_then_a_taken_name_is_a_taken_name() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    ground
        .table
        .create_app(&app("acme", "myapp"), None, None)
        .await
        .unwrap();
    watcher.script(WRITE, [cancelled(&["None", "TransactionConflict"])]);
    let refused = ground
        .table
        .create_app(&app("acme", "myapp"), None, None)
        .await;
    assert_eq!(refused, Err(CreateAppError::CodeNameTaken));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_cancelled_for_throttling_is_sent_again() {
    for code in ["ThrottlingError", "ProvisionedThroughputExceeded"] {
        let Some(met) = create([cancelled(&[code, "None"])]).await else {
            return;
        };
        met.assert_created(2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_cancelled_for_a_mistake_is_not_sent_again() {
    for reasons in [
        &["ValidationError", "None"][..],
        &["ItemCollectionSizeLimitExceeded", "TransactionConflict"],
        &["None", "None"],
        &["Unheard"],
        &[],
    ] {
        let Some(met) = create([cancelled(reasons)]).await else {
            return;
        };
        let internal = Err(CreateAppError::Table(TableError::Internal(String::new())));
        let kind =
            |o: &Result<(), CreateAppError>| o.clone().map_err(|e| std::mem::discriminant(&e));
        assert_eq!(kind(&met.result), kind(&internal), "{reasons:?}");
        assert_eq!((met.tokens.len(), &met.stored), (1, &None));
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_and_server_errors_are_tried_three_times() {
    for (status, code) in [
        (400, "ThrottlingException"),
        (400, "ProvisionedThroughputExceededException"),
        (400, "RequestLimitExceeded"),
        (400, "TransactionInProgressException"),
        (500, "InternalServerError"),
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
    ] {
        let Some(met) = create(vec![refusal(status, code); 2]).await else {
            return;
        };
        met.assert_created(3);
        let Some(met) = create(vec![refusal(status, code); 3]).await else {
            return;
        };
        met.assert_unavailable(3);
        assert_eq!(met.stored, None, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mistake_is_an_internal_error_after_one_try() {
    for code in [
        "AccessDeniedException",
        "ValidationException",
        "ResourceNotFoundException",
    ] {
        let Some(met) = create([refusal(400, code)]).await else {
            return;
        };
        match &met.result {
            Err(CreateAppError::Table(TableError::Internal(text))) => assert!(text.contains(code)),
            other => panic!("{other:?}"),
        }
        assert_eq!(met.tokens.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_a_success_because_the_retry_says_that_it_is_one() {
    let body = || error_body("InternalServerError", "injected");
    let executed_then_500 = Intercept::ExecuteThenAnswer {
        status: 500,
        body: body(),
    };
    for lost in [
        Intercept::ExecuteThenFail(Failure::Io),
        Intercept::ExecuteThenFail(Failure::Timeout),
        executed_then_500,
    ] {
        let Some(met) = create(vec![lost; 2]).await else {
            return;
        };
        met.assert_created(3);
        assert!(
            met.tokens
                .iter()
                .all(|t| *t == met.tokens[0] && t.len() > 30)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_lost_three_times_is_unavailable_and_the_app_is_whole() {
    let lost = Intercept::ExecuteThenFail(Failure::Io);
    let Some(met) = create(vec![lost; 3]).await else {
        return;
    };
    met.assert_unavailable(3);
    assert_eq!(met.stored, Some(met.app));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_new_tenant_is_a_success() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    watcher.script(WRITE, [Intercept::ExecuteThenFail(Failure::Io)]);
    let app = app("acme", "management");
    let (_, secret) = secret_of(&app);
    let made = ground.table.create_tenant(&app, &secret).await;
    assert_eq!(made, Ok(()));
    let again = ground.table.create_tenant(&app, &secret).await;
    assert_eq!(again, Err(CreateTenantError::Exists));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_reset_of_secrets_is_a_success() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    let app = app("acme", "myapp");
    ground.table.create_app(&app, None, None).await.unwrap();
    let (_, secret) = secret_of(&app);
    watcher.script("UpdateItem", [Intercept::ExecuteThenFail(Failure::Timeout)]);
    assert_eq!(
        ground.table.reset_secrets(&app.app_id, &secret).await,
        Ok(true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_table_is_given_up_within_the_deadline() {
    let slow = Intercept::Delay(Duration::from_mins(10));
    let Some(met) = create(vec![slow.clone(); 9]).await else {
        return;
    };
    met.assert_unavailable(met.tokens.len());
    assert_eq!(met.stored, None);
    assert!(met.took >= Duration::from_secs(1));

    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    for read in ["GetItem", "Query"] {
        watcher.always(read, slow.clone());
        let started = Instant::now();
        all_unavailable(&ground, read).await;
        assert!(started.elapsed() < DEADLINE * 6);
    }
}

#[tokio::test(start_paused = true)]
async fn one_slow_answer_is_waited_for_and_a_silent_one_is_asked_for_again() {
    let Some(met) = create([Intercept::Delay(Duration::from_millis(900))]).await else {
        return;
    };
    met.assert_created(1);
    let Some(met) = create([Intercept::Delay(Duration::from_mins(1))]).await else {
        return;
    };
    met.assert_created(2);
    assert!(met.took >= Duration::from_secs(1));
}

/// Every read fails as unavailable, and none takes a failure for an absence.
async fn all_unavailable(ground: &Ground, operation: &str) {
    let app = app("acme", "myapp");
    let client = &app.default_client.client_id;
    let table = &ground.table;
    let outcomes = if operation == "GetItem" {
        vec![
            table.app(&app.tenant_id, &app.app_id).await.map(drop),
            table
                .app_id_of(&app.tenant_id, &app.code_name)
                .await
                .map(drop),
            table.credentials(client).await.map(drop),
            table.principal(client).await.map(drop),
            table.tenant(&app.tenant_id).await.map(drop),
        ]
    } else {
        vec![
            table.apps_page(&page_of("acme", 5)).await.map(drop),
            table.signing_keys().await.map(drop),
            table.signing_key_halves().await.map(drop),
            table.warm_up().await,
        ]
    };
    for outcome in outcomes {
        assert!(
            matches!(outcome, Err(TableError::Unavailable(_))),
            "{outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_is_unavailable_and_never_an_absence() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    for operation in ["GetItem", "Query"] {
        for fault in [
            refusal(400, "ThrottlingException"),
            refusal(500, "InternalServerError"),
            refusal(503, ""),
            Intercept::Fail(Failure::Io),
            Intercept::Fail(Failure::Timeout),
            Intercept::Fail(Failure::Other),
        ] {
            watcher.always(operation, fault);
            all_unavailable(&ground, operation).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_survives_two_failures() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    let app = app("acme", "myapp");
    ground.table.create_app(&app, None, None).await.unwrap();
    for fault in [
        refusal(400, "ProvisionedThroughputExceededException"),
        refusal(500, "InternalServerError"),
        Intercept::Fail(Failure::Io),
        Intercept::Fail(Failure::Timeout),
    ] {
        twice(&watcher, "GetItem", &fault);
        let found = ground.table.app(&app.tenant_id, &app.app_id).await;
        assert_eq!(found.unwrap().as_ref(), Some(&app));
        twice(&watcher, "Query", &fault);
        let page = ground.table.apps_page(&page_of("acme", 5)).await.unwrap();
        assert_eq!(page.apps.len(), 1);
    }
}

fn twice(watcher: &Watcher, operation: &'static str, fault: &Intercept) {
    watcher.script(operation, vec![fault.clone(); 2]);
}

#[tokio::test(start_paused = true)]
async fn the_failures_of_one_engine_leave_the_retries_of_another() {
    for _ in 0..60 {
        let silent = vec![Intercept::Fail(Failure::Timeout); 3];
        let Some(met) = create(silent).await else {
            return;
        };
        met.assert_unavailable(3);
    }
}
