//! The three dialects side by side, each through the dispatcher with the handlers that ship: one app
//! reads the same in all of them, each names its errors in its own words, and what SCIM alone can do.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test whose set-up fails has failed"
)]

mod advice;
mod arbitrary;
mod attacks;
mod bounds;
mod case;
mod echoes;
mod effective;
mod errors;
mod faults;
mod ground;
mod headers;
mod keeps;
mod lifetimes;
mod mapping;
mod names;
mod patches;
mod places;
mod preconditions;
mod queries;
mod read_only;
mod roles;
mod warnings;
mod words;
