//! Access pattern 6: a client and its app from the client id alone.

use domain::{App, Client, ClientId, StoredSecret};

use crate::{
    Table, TableError,
    item::decode,
    keys,
    record::{AppRecord, LISTED_ATTRIBUTES},
};

/// A client and the app whose kill switch it hangs on.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The app.
    pub app: App,
    /// The client: the app's default one, or another.
    pub client: Client,
}

impl Principal {
    /// Whether neither the app nor the client is switched off.
    pub const fn is_active(&self) -> bool {
        self.app.status.active && self.client.status.active
    }
}

/// A principal with what proves it.
#[derive(Debug)]
pub struct Credentials {
    /// Who it is.
    pub principal: Principal,
    /// Digests of its live and expired secrets.
    pub secrets: Vec<StoredSecret>,
}

impl Table {
    /// Pattern 6, for the token endpoint: with the secrets' digests.
    pub async fn credentials(&self, id: &ClientId) -> Result<Option<Credentials>, TableError> {
        let wanted = format!("{}, secrets", LISTED_ATTRIBUTES.join(", "));
        self.client_and_app(id, &wanted).await
    }

    /// Pattern 6, for a caller that has shown a token: without digests.
    pub async fn principal(&self, id: &ClientId) -> Result<Option<Principal>, TableError> {
        let found = self
            .client_and_app(id, &LISTED_ATTRIBUTES.join(", "))
            .await?;
        Ok(found.map(|credentials| credentials.principal))
    }

    async fn client_and_app(
        &self,
        id: &ClientId,
        attributes: &str,
    ) -> Result<Option<Credentials>, TableError> {
        // An id that Roster did not make names no app, and so no client.
        let Some(app_id) = id.app_id() else {
            return Ok(None);
        };
        if !id.is_default_form() {
            return Ok(None);
        }
        let Some(item) = self.get(&keys::app(&app_id), Some(attributes)).await? else {
            return Ok(None);
        };
        // Written with every app, be they none: an app without them does not pass for one with none.
        if attributes.ends_with(", secrets") && !item.contains_key("secrets") {
            let key = keys::app(&app_id).to_string();
            return Err(TableError::corrupt(key, "it has no secrets"));
        }
        let (app, secrets) = decode::<AppRecord>(item)?.into_parts(app_id)?;
        let client = app.default_client.clone();
        Ok(Some(Credentials {
            principal: Principal { app, client },
            secrets,
        }))
    }
}
