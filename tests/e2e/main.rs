//! Stories over real HTTP: against the local server, or against the deployment that `BASE_URL` names;
//! the program that Lambda starts against a Lambda Runtime API; every raw event through its handler.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story whose set-up fails has failed"
)]

mod bootstrap;
mod client;
mod data_directory;
mod doors;
mod events;
mod lifecycle;
mod locations;
mod oauth2_crate;
mod permissions;
mod process;
mod seeds;
mod slow;
mod stories;
mod wire;
