//! The table's own shape. `template.yaml` says the same for AWS; a guard compares the two.

use aws_sdk_dynamodb::{
    error::SdkError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType,
    },
};

use crate::{
    error::TableError,
    keys::{APP_IDS, LISTED_IN, LISTING, PK, SK},
    record::LISTED_ATTRIBUTES,
    sdk::{CreateTableInput, Request, Sdk},
};

/// The attribute by which DynamoDB drops expired items, some time after their second has come.
pub const TTL: &str = "expires_at";

pub(crate) async fn create(sdk: &Sdk, name: &str) -> Result<(), TableError> {
    let invalid = |e: aws_sdk_dynamodb::error::BuildError| TableError::internal("schema", &e);
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .map_err(invalid)
    };
    let text = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(invalid)
    };
    let index = |name: &str, projection: Projection| -> Result<_, TableError> {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(key(LISTED_IN, KeyType::Hash)?)
            .key_schema(key(PK, KeyType::Range)?)
            .projection(projection)
            .build()
            .map_err(invalid)
    };
    let listed = Projection::builder()
        .projection_type(ProjectionType::Include)
        .set_non_key_attributes(Some(
            LISTED_ATTRIBUTES.iter().map(ToString::to_string).collect(),
        ))
        .build();
    let keys_only = Projection::builder()
        .projection_type(ProjectionType::KeysOnly)
        .build();
    let created = CreateTableInput::builder()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(text(PK)?)
        .attribute_definitions(text(SK)?)
        .attribute_definitions(text(LISTED_IN)?)
        .key_schema(key(PK, KeyType::Hash)?)
        .key_schema(key(SK, KeyType::Range)?)
        .global_secondary_indexes(index(LISTING, listed)?)
        .global_secondary_indexes(index(APP_IDS, keys_only)?)
        .send_to(sdk)
        .await;
    match created {
        Ok(_) => Ok(()),
        Err(SdkError::ServiceError(e)) if e.err().is_resource_in_use_exception() => Ok(()),
        Err(e) => Err(TableError::from_sdk("CreateTable", &e)),
    }
}
