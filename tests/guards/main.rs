//! Agreements that no compiler checks: between crates, files, routes, documents and settings.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a guard that can't read the checkout has failed"
)]

mod arrows;
mod budgets;
mod costs;
mod differences;
mod documents;
mod functions;
mod hygiene;
mod manifests;
mod roles;
mod routes;
mod security;
mod state;
mod template;
mod words;
mod workspace;
