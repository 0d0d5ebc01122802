//! Tenants, each made together with its management application.

use aws_sdk_dynamodb::{
    error::SdkError, operation::update_item::UpdateItemError, types::AttributeValue,
};
use domain::{App, AppId, StoredSecret, TenantId, Timestamp};
use thiserror::Error;

use crate::{
    Table, TableError,
    apps::app_puts,
    error::reason,
    guard::TenantRecord,
    item::{decode, key_item, text},
    keys,
    record::AppRecord,
    sdk::{Request, UpdateItemInput},
    secret_record::SecretRecord,
    transact::{codes, jitter_of, put_new},
};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub tenant_id: TenantId,
    /// The app whose client may manage all others.
    pub management_app_id: AppId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a tenant was not created.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreateTenantError {
    /// It exists.
    #[error("the tenant exists")]
    Exists,
    /// The table did not answer.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl Table {
    /// A tenant, strongly consistent.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, TableError> {
        let Some(item) = self.get(&keys::tenant(id), None).await? else {
            return Ok(None);
        };
        let record: TenantRecord = decode(item)?;
        Ok(Some(Tenant {
            tenant_id: record.tenant_id,
            management_app_id: record.management_app_id,
            created_at: record.created_at,
        }))
    }

    /// A tenant and its management application, all or nothing.
    pub async fn create_tenant(
        &self,
        management: &App,
        secret: &StoredSecret,
    ) -> Result<(), CreateTenantError> {
        let record = TenantRecord {
            tenant_id: management.tenant_id.clone(),
            management_app_id: management.app_id,
            created_at: management.created_at,
        };
        let mut items = vec![put_new(
            &self.name,
            &keys::tenant(&management.tenant_id),
            &record,
        )?];
        let app = app_puts(&self.name, management, Some(secret))?;
        items.extend(app.into_iter().map(|(_, put)| put));
        match self.transact(items, jitter_of(&management.app_id)).await? {
            Ok(()) => Ok(()),
            // Refused, or met by another writer: either way another call has made it.
            Err(reasons) if reason(&reasons, 0) != "None" => Err(CreateTenantError::Exists),
            Err(reasons) => {
                let codes = format!("{:?}", codes(&reasons));
                Err(TableError::internal("creating a tenant", &codes).into())
            }
        }
    }

    /// Replaces every secret of an app's default client by one; `false` when there is no such app.
    pub async fn reset_secrets(
        &self,
        app_id: &AppId,
        secret: &StoredSecret,
    ) -> Result<bool, TableError> {
        let only =
            std::collections::BTreeMap::from([(secret.id.clone(), SecretRecord::new(secret))]);
        let secrets = serde_dynamo::to_attribute_value(only)
            .map_err(|e| TableError::internal("encoding a secret", &e))?;
        let update = UpdateItemInput::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(&keys::app(app_id))))
            .update_expression("SET secrets = :secrets ADD secrets_rev :one")
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .condition_expression("#kind = :app")
            .expression_attribute_names("#kind", "kind")
            .expression_attribute_values(":secrets", secrets)
            .expression_attribute_values(":app", text(<AppRecord as crate::item::Record>::KIND))
            .send_to(&self.sdk)
            .await;
        match update {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e))
                if matches!(e.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(false)
            }
            Err(e) => Err(TableError::from_sdk("UpdateItem", &e)),
        }
    }
}
