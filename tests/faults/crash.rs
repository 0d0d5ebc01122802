//! `kill -9` at any moment of a load of writes: what was acknowledged is there, and it starts again.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use engine::Engine;
use tempfile::TempDir;
use testkit::audit::Audit;

use crate::{
    load::{Caller, Counts},
    process::Local,
    report,
};

const CALLERS: u64 = 4;
/// So long writes are waited for, which do not come when their callers have failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole table of a server that is not running.
pub(crate) async fn audit(directory: &Path) -> Audit {
    let engine = Engine::open(&directory.join("data/table.sqlite")).unwrap();
    Audit::of(&engine).await
}

fn start(directory: TempDir) -> Local {
    Local::start_in(directory, &["--data", "data", "--quiet"])
}

/// So many kills, each within so many writes of the one before; what the callers counted, and the audit.
async fn run(kills: usize, within: usize) -> String {
    let counts = Counts::default();
    let mut callers: Vec<_> = (0..CALLERS).map(|n| Caller::new(n, &counts)).collect();
    let mut directory = TempDir::new().unwrap();
    for kill in 0..kills {
        let mut server = start(directory);
        let stop = AtomicBool::new(false);
        // A prime, so that kills come after any number of writes; and at any moment of the next one.
        let writes = counts.acknowledged.load(Relaxed) + 1 + (kill * 7919) % within;
        let moment = Duration::from_micros((kill as u64 * 7919) % 20_000);
        let (base_url, management) = (&server.base_url.clone(), &server.management.clone());
        thread::scope(|scope| {
            for caller in &mut callers {
                let stop = &stop;
                scope.spawn(move || {
                    if caller.connect(base_url, management) && caller.settle() {
                        caller.write(stop);
                    }
                });
            }
            let begun = Instant::now();
            while counts.acknowledged.load(Relaxed) < writes && begun.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(moment);
            server.kill();
            stop.store(true, Relaxed);
        });
        directory = server.into_directory();
    }
    let server = start(directory);
    for caller in &mut callers {
        assert!(caller.connect(&server.base_url, &server.management));
        assert!(caller.settle() && caller.check_all());
    }
    let directory = server.stop();
    let audit = audit(directory.path()).await;
    audit.assert_sound("the last kill");
    let apps: usize = callers.iter().map(Caller::known).sum();
    format!(
        "{kills} times `kill -9`, {} acknowledged writes to {apps} apps: each there, each secret good. {} writes had no \
         answer; of those {} were done after all, whole. Started again {kills} times of {kills}. The auditor read {} items. \
         Lost 0, half done 0.\n",
        counts.acknowledged.load(Relaxed),
        counts.in_doubt.load(Relaxed),
        counts.done_after_all.load(Relaxed),
        audit.count(),
    )
}

#[tokio::test]
async fn a_few_kills_lose_nothing() {
    println!("{}", run(5, 60).await);
}

#[tokio::test]
#[ignore = "a campaign: just faults"]
async fn kills_under_load() {
    let (kills, within) = (report::size("KILLS", 100), report::size("WITHIN", 240));
    report::section("3 crashes", &run(kills, within).await);
}
