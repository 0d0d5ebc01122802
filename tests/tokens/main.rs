//! Tokens: how clients prove themselves, what they get, who may ask about it, how it ends.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't be set up has failed"
)]

mod assertions;
mod audiences;
mod authentication;
mod discovery;
mod forgeries;
mod introspection;
mod issued;
mod key_set;
mod keys;
mod leaked;
mod master;
mod master_load;
mod revocation;
mod rotation;
mod setup;
