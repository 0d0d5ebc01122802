//! A client secret as it is kept: its digest and its life.

use crate::{ClientId, Pepper, Secret, SecretDigest, SecretId, Timestamp};

/// A stored secret. `Debug` shows its id and dates only.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// Its id, which stands in the secret's text too.
    pub id: SecretId,
    /// What the text is compared with.
    pub digest: SecretDigest,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
}

impl StoredSecret {
    /// The stored form of a new secret of `client`.
    pub fn new(secret: &Secret, pepper: &Pepper, client: &ClientId, at: Timestamp) -> Self {
        Self {
            id: secret.id(),
            digest: secret.digest(pepper, client),
            created_at: at,
            expires_at: None,
        }
    }

    /// Whether it works at `now`, whatever a late sweep has left in the table.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}
