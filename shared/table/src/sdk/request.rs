//! The operations that Roster uses: from an input's builder to the SDK's own types of what comes back.

use std::{error::Error, fmt::Debug, sync::OnceLock};

pub(crate) use aws_sdk_dynamodb::operation::{
    batch_get_item::BatchGetItemInput, batch_write_item::BatchWriteItemInput,
    create_table::CreateTableInput, delete_item::DeleteItemInput, get_item::GetItemInput,
    put_item::PutItemInput, query::QueryInput, transact_write_items::TransactWriteItemsInput,
    update_item::UpdateItemInput,
};
use aws_sdk_dynamodb::{error::SdkError, operation as dynamodb};
use aws_sdk_secretsmanager::operation as secretsmanager;
pub(crate) use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueInput;
use aws_smithy_runtime::client::orchestrator;
use aws_smithy_runtime_api::client::{
    interceptors::context::{self, Input, Output},
    orchestrator::HttpResponse,
    runtime_components::RuntimeComponentsBuilder,
    runtime_plugin::{RuntimePlugin, SharedRuntimePlugin, StaticRuntimePlugin},
    ser_de::{DeserializeResponse, SharedResponseDeserializer},
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag, error::operation::BuildError};

use super::Sdk;
use crate::item::Item;

/// The builder of an operation's input, which knows the rest of the operation.
pub(crate) trait Request {
    /// As the SDK names the service and the operation.
    const SERVICE: &'static str;
    /// The operation.
    const NAME: &'static str;
    type Input: Debug + Send + Sync + 'static;
    type Output;
    type Error: Error + Send + Sync + 'static;

    /// Carries it out.
    async fn send_to(self, sdk: &Sdk) -> Result<Self::Output, SdkError<Self::Error>>
    where
        Self: Sized,
    {
        let input = self.build().map_err(SdkError::construction_failure)?;
        let plugins = sdk
            .plugins
            .clone()
            .with_operation_plugin(Self::plugin().clone());
        // Boxed, for it is large and every request's future would else carry and copy it.
        let sent = orchestrator::invoke(Self::SERVICE, Self::NAME, Input::erase(input), &plugins);
        let output = Box::pin(sent)
            .await
            .map_err(|failed| failed.map_service_error(Self::error))?;
        Ok(Self::output(output))
    }

    fn build(self) -> Result<Self::Input, BuildError>;
    /// How the SDK writes and reads it, made once.
    fn plugin() -> &'static SharedRuntimePlugin;
    fn output(erased: Output) -> Self::Output;
    fn error(erased: context::Error) -> Self::Error;
}

/// An operation's plugin with its parts at hand: the SDK's makes them anew each time it is asked.
fn ready(operation: &impl RuntimePlugin) -> SharedRuntimePlugin {
    let mut plugin = StaticRuntimePlugin::new().with_runtime_components(
        operation
            .runtime_components(&RuntimeComponentsBuilder::new("roster"))
            .into_owned(),
    );
    if let Some(config) = operation.config() {
        plugin = plugin.with_config(config);
    }
    SharedRuntimePlugin::new(plugin)
}

/// The item of an answer to `GetItem`, read as every answer is.
pub(crate) fn item_of(answer: &'static str) -> Option<Item> {
    use dynamodb::get_item::builders::GetItemInputBuilder as GetItem;
    let config = GetItem::plugin().config()?;
    let reader = config.load::<SharedResponseDeserializer>()?;
    let response = HttpResponse::new(200.try_into().ok()?, SdkBody::from(answer));
    let read = reader.deserialize_nonstreaming_with_config(&response, &ConfigBag::base());
    GetItem::output(read.ok()?).item
}

macro_rules! requests {
    ($($service:literal $from:ident::$module:ident:
        $operation:ident, $builder:ident, $input:ident, $output:ident, $error:ident;)*) => {$(
        impl Request for $from::$module::builders::$builder {
            const SERVICE: &'static str = $service;
            const NAME: &'static str = stringify!($operation);
            type Input = $from::$module::$input;
            type Output = $from::$module::$output;
            type Error = $from::$module::$error;

            fn build(self) -> Result<Self::Input, BuildError> {
                Self::build(self)
            }

            fn plugin() -> &'static SharedRuntimePlugin {
                static READY: OnceLock<SharedRuntimePlugin> = OnceLock::new();
                READY.get_or_init(|| ready(&$from::$module::$operation::new()))
            }

            fn output(erased: Output) -> Self::Output {
                erased.downcast().expect("the operation's output")
            }

            fn error(erased: context::Error) -> Self::Error {
                erased.downcast().expect("the operation's error")
            }
        }
    )*};
}

requests! {
    "DynamoDB" dynamodb::get_item:
        GetItem, GetItemInputBuilder, GetItemInput, GetItemOutput, GetItemError;
    "DynamoDB" dynamodb::batch_get_item:
        BatchGetItem, BatchGetItemInputBuilder, BatchGetItemInput, BatchGetItemOutput, BatchGetItemError;
    "DynamoDB" dynamodb::batch_write_item:
        BatchWriteItem, BatchWriteItemInputBuilder, BatchWriteItemInput, BatchWriteItemOutput,
        BatchWriteItemError;
    "DynamoDB" dynamodb::query:
        Query, QueryInputBuilder, QueryInput, QueryOutput, QueryError;
    "DynamoDB" dynamodb::put_item:
        PutItem, PutItemInputBuilder, PutItemInput, PutItemOutput, PutItemError;
    "DynamoDB" dynamodb::update_item:
        UpdateItem, UpdateItemInputBuilder, UpdateItemInput, UpdateItemOutput, UpdateItemError;
    "DynamoDB" dynamodb::delete_item:
        DeleteItem, DeleteItemInputBuilder, DeleteItemInput, DeleteItemOutput, DeleteItemError;
    "DynamoDB" dynamodb::transact_write_items:
        TransactWriteItems, TransactWriteItemsInputBuilder, TransactWriteItemsInput,
        TransactWriteItemsOutput, TransactWriteItemsError;
    "DynamoDB" dynamodb::create_table:
        CreateTable, CreateTableInputBuilder, CreateTableInput, CreateTableOutput, CreateTableError;
    "Secrets Manager" secretsmanager::get_secret_value:
        GetSecretValue, GetSecretValueInputBuilder, GetSecretValueInput, GetSecretValueOutput,
        GetSecretValueError;
}
