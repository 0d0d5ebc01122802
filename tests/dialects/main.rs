//! The three dialects side by side, each through the dispatcher with the handlers that ship: one app
//! reads the same in all of them, each names its errors in its own words, and what SCIM alone can do.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test whose set-up fails has failed"
)]

mod arbitrary;
mod attacks;
mod bounds;
mod case;
mod errors;
mod ground;
mod headers;
mod keeps;
mod mapping;
mod names;
mod patches;
mod preconditions;
mod queries;
mod roles;
