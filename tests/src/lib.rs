//! End-to-end stories and agreement guards.

pub mod words;
