//! The local server: the handlers that Lambda runs, over HTTP, on an embedded DynamoDB.

pub mod args;
pub mod data;
pub mod limits;
pub mod operations;
pub mod server;
pub mod start;
