//! The conditions that guard writes, by name.

/// No item has this key.
pub(crate) const ABSENT: &str = "attribute_not_exists(pk)";
