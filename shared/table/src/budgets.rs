//! Every limit of time, from the shortest to the longest: each ends before the one around it, so that
//! whoever waits outside is answered and not cut off.

use std::time::Duration;

/// One attempt of one call to the table.
pub const ATTEMPT: Duration = Duration::from_secs(1);
/// One call with its retries.
pub const OPERATION: Duration = Duration::from_millis(2300);
/// One request, whatever number of calls it makes.
pub const REQUEST: Duration = Duration::from_millis(2500);
/// What a scheduled run does before it leaves the rest to the next one.
pub const SCHEDULED: Duration = Duration::from_secs(3);
/// A function's `Timeout` in `template.yaml`: Lambda ends it then, answer or not.
pub const FUNCTION: Duration = Duration::from_secs(5);
/// The longest that API Gateway's HTTP APIs wait for a function; theirs, and fixed.
pub const GATEWAY: Duration = Duration::from_secs(30);
/// How long a deleted app's item stays: whoever read the app before is done by then, so nothing that
/// they put beside it escapes the sweep.
pub const LINGER: Duration = Duration::from_mins(1);

const fn ends_before(inner: Duration, outer: Duration) {
    assert!(inner.as_millis() < outer.as_millis());
}

const _: () = {
    ends_before(ATTEMPT, OPERATION);
    ends_before(OPERATION, REQUEST);
    ends_before(REQUEST, SCHEDULED);
    ends_before(SCHEDULED, FUNCTION);
    ends_before(FUNCTION, GATEWAY);
    ends_before(FUNCTION, LINGER);
};
