//! Campaigns against what goes wrong: a short slice of each with every test run, whole ones by `just faults`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a campaign that can't go on has failed, and its figures are to be seen"
)]

#[path = "../e2e/client.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod client;
mod clock;
mod crash;
mod disk;
#[path = "../tokens/keys.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod keys;
mod load;
mod matrix;
mod poison;
#[path = "../e2e/process.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod process;
mod report;
mod requests;
mod soak;
mod state;
mod storms;
mod world;
