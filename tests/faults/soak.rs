//! A mixed load for as long as asked, and an audit at the end.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{
    crash::audit,
    load::{Caller, Counts},
    process::Local,
    report,
};

const CALLERS: u64 = 8;

/// Until so many requests were answered or so much time has passed.
async fn run(requests: usize, longest: Duration) -> String {
    let counts = Counts::default();
    let mut callers: Vec<_> = (0..CALLERS).map(|n| Caller::new(n, &counts)).collect();
    let server = Local::start(&["--data", "data", "--quiet"]);
    let (begun, stop) = (Instant::now(), AtomicBool::new(false));
    thread::scope(|scope| {
        let mut running = Vec::new();
        for caller in &mut callers {
            let (server, stop) = (&server, &stop);
            running.push(scope.spawn(move || {
                assert!(caller.connect(&server.base_url, &server.management));
                caller.mix(stop);
                assert!(caller.settle());
            }));
        }
        let failed = || running.iter().any(thread::ScopedJoinHandle::is_finished);
        while !failed() && begun.elapsed() < longest && counts.requests.load(Relaxed) < requests {
            thread::sleep(Duration::from_millis(50));
        }
        stop.store(true, Relaxed);
    });
    let took = begun.elapsed();
    for caller in &mut callers {
        assert!(caller.connect(&server.base_url, &server.management));
        assert!(caller.check_all());
    }
    let log = server.log();
    assert!(!log.contains("ERROR"), "{log}");
    let directory = server.stop();
    let audit = audit(directory.path()).await;
    audit.assert_sound("the soak");
    let sent = counts.requests.load(Relaxed);
    format!(
        "{sent} requests in {} s by {CALLERS} callers, {} acknowledged writes, {} answers by 503, none by another 5xx. \
         The auditor read {} items. Lost 0, doubled 0, half done 0.\n",
        took.as_secs(),
        counts.acknowledged.load(Relaxed),
        counts.later.load(Relaxed),
        audit.count(),
    )
}

#[tokio::test]
async fn a_short_soak() {
    println!("{}", run(1500, Duration::from_secs(10)).await);
}

#[tokio::test]
#[ignore = "a campaign: just faults"]
async fn a_soak() {
    let requests = report::size("REQUESTS", 1_000_000);
    let minutes = report::size("MINUTES", 60);
    report::section("4 soak", &run(requests, Duration::from_mins(minutes)).await);
}
