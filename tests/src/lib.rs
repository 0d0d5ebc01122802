//! End-to-end stories and agreement guards.
