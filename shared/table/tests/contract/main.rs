//! What the table promises, through the SDK: each access pattern with its round trips and capacity,
//! each refusal, races, faults, paging, items that can't be read.
//!
//! Embedded by default. With `AWS_ENDPOINT_URL_DYNAMODB`, a region and credentials the same tests run
//! against another `DynamoDB`, a new table each; capacity is then not counted, and the tests that inject
//! faults have nothing to do.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't be set up has failed"
)]

mod absent;
mod apps;
mod audiences;
mod faults;
mod filling;
mod garbage;
mod ground;
mod paging;
mod patterns;
mod poison;
mod poison_guards;
mod poison_secrets;
mod races;
mod refused;
mod schema;
mod silence;
mod watcher;
