//! The engine through the SDK, as the product uses it.

mod faults;
mod ground;

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, KeysAndAttributes, Projection, ProjectionType, Put,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TransactWriteItem, Update,
};

use crate::{Call, Capacity, Engine, Intercept, Observer, Request};

const TABLE: &str = "items";
const INDEX: &str = "byOwner";

fn client(engine: &Engine) -> Client {
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .http_client(engine.http_client())
            .build(),
    )
}

/// The table of the tests: string keys, and an index that copies only `kind`.
async fn create(client: &Client) {
    let hash = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let text = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let projection = Projection::builder()
        .projection_type(ProjectionType::Include)
        .non_key_attributes("kind")
        .build();
    let index = GlobalSecondaryIndex::builder()
        .index_name(INDEX)
        .key_schema(hash("owner", KeyType::Hash))
        .key_schema(hash("sk", KeyType::Range))
        .projection(projection)
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(text("pk"))
        .attribute_definitions(text("sk"))
        .attribute_definitions(text("owner"))
        .key_schema(hash("pk", KeyType::Hash))
        .key_schema(hash("sk", KeyType::Range))
        .global_secondary_indexes(index)
        .send()
        .await
        .unwrap();
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn put(pk: &str, sk: &str) -> Put {
    Put::builder()
        .table_name(TABLE)
        .item("pk", s(pk))
        .item("sk", s(sk))
        .build()
        .unwrap()
}

fn fresh(put: Put) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(put.table_name)
        .set_item(Some(put.item))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .unwrap();
    TransactWriteItem::builder().put(put).build()
}

async fn exists(client: &Client, pk: &str, sk: &str) -> bool {
    let got = client
        .get_item()
        .table_name(TABLE)
        .key("pk", s(pk))
        .key("sk", s(sk))
        .consistent_read(true)
        .send()
        .await
        .unwrap();
    got.item.is_some()
}

/// Keeps every call, and gives each request of `on` the next intercept of the script.
#[derive(Debug, Default)]
struct Recorder {
    on: &'static str,
    script: Mutex<Vec<Intercept>>,
    calls: Mutex<Vec<Call>>,
}

impl Recorder {
    fn new(on: &'static str, script: impl Into<Vec<Intercept>>) -> Arc<Self> {
        let mut script = script.into();
        script.reverse();
        Arc::new(Self {
            on,
            script: Mutex::new(script),
            calls: Mutex::default(),
        })
    }

    fn calls(&self, operation: &str) -> Vec<Call> {
        let calls = self.calls.lock().unwrap();
        let of = calls.iter().filter(|call| call.operation == operation);
        of.cloned().collect()
    }
}

impl Observer for Recorder {
    fn before(&self, call: &Request) -> Intercept {
        if call.operation != self.on {
            return Intercept::Pass;
        }
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.pop().unwrap_or_default()
    }

    fn after(&self, call: &Call) {
        self.calls.lock().unwrap().push(call.clone());
    }
}

async fn observed(recorder: &Arc<Recorder>) -> Client {
    let engine = Engine::memory().unwrap().with_observer(recorder.clone());
    let client = client(&engine);
    create(&client).await;
    client
}

#[tokio::test]
async fn an_item_comes_back() {
    let client = client(&Engine::memory().unwrap());
    create(&client).await;
    let put = client.put_item().table_name(TABLE);
    put.item("pk", s("a"))
        .item("sk", s("1"))
        .send()
        .await
        .unwrap();
    assert!(exists(&client, "a", "1").await);
    assert!(!exists(&client, "a", "2").await);
}

#[tokio::test]
async fn a_refused_put_is_the_modelled_error_with_the_item() {
    let client = client(&Engine::memory().unwrap());
    create(&client).await;
    let put = |colour| {
        client
            .put_item()
            .table_name(TABLE)
            .item("pk", s("a"))
            .item("sk", s("1"))
            .item("colour", s(colour))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
    };
    put("red").await.unwrap();
    let error = put("blue").await.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
        refusal,
    ) = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(refusal.item.unwrap()["colour"], s("red"));
}

#[tokio::test]
async fn a_transaction_is_reported_with_its_parts() {
    let recorder = Recorder::new("", []);
    let client = observed(&recorder).await;
    let puts = ["1", "2", "3"].map(|sk| fresh(put("a", sk)));
    client
        .transact_write_items()
        .set_transact_items(Some(puts.into()))
        .send()
        .await
        .unwrap();

    let calls = recorder.calls("TransactWriteItems");
    let [call] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert_eq!(call.actions, ["PutItem"; 3]);
    let keys = ["1", "2", "3"].map(|sk| ("a".to_owned(), sk.to_owned()));
    assert_eq!(call.keys, keys);
    assert_eq!((call.status, call.executed), (200, Some(200)));
    assert_eq!(
        call.capacity,
        Capacity {
            total: 6.0,
            table: 6.0,
            write: 6.0,
            ..Capacity::default()
        }
    );
    assert!(call.request.get("ReturnConsumedCapacity").is_none());
}

#[tokio::test]
async fn a_cancelled_transaction_has_a_reason_for_each_position() {
    let client = client(&Engine::memory().unwrap());
    create(&client).await;
    let write = |sks: [&str; 2]| {
        client
            .transact_write_items()
            .set_transact_items(Some(sks.map(|sk| fresh(put("a", sk))).into()))
            .send()
    };
    write(["1", "2"]).await.unwrap();
    let error = write(["3", "2"]).await.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(cancelled) = error
    else {
        panic!("{error:?}")
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().filter_map(|r| r.code()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert!(reasons[0].item().is_none());
    assert_eq!(reasons[1].item().unwrap()["sk"], s("2"));
    assert!(!exists(&client, "a", "3").await);
}

#[tokio::test]
async fn an_index_is_read_by_page_with_what_it_projects() {
    let recorder = Recorder::new("", []);
    let client = observed(&recorder).await;
    for sk in ["1", "2", "3"] {
        let put = client.put_item().table_name(TABLE).item("pk", s(sk));
        put.item("sk", s(sk))
            .item("owner", s("o"))
            .item("kind", s("k"))
            .item("secret", s("x"))
            .send()
            .await
            .unwrap();
    }
    let page = |from| {
        client
            .query()
            .table_name(TABLE)
            .index_name(INDEX)
            .key_condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s("o"))
            .limit(2)
            .set_exclusive_start_key(from)
            .send()
    };
    let first = page(None).await.unwrap();
    let item = &first.items()[0];
    assert_eq!((item.len(), &item["kind"]), (4, &s("k")));
    assert_eq!(first.count, 2);
    let second = page(first.last_evaluated_key).await.unwrap();
    assert_eq!(second.items()[0]["sk"], s("3"));
    assert!(second.last_evaluated_key.is_none());

    let query = &recorder.calls("Query")[0];
    assert_eq!(query.index.as_deref(), Some(INDEX));
    assert!(!query.consistent && query.keys.is_empty());
    assert_eq!((query.capacity.indexes, query.capacity.table), (0.5, 0.0));
    let put = &recorder.calls("PutItem")[0];
    assert_eq!((put.capacity.table, put.capacity.indexes), (1.0, 1.0));
}

#[tokio::test]
async fn a_batch_is_consistent_if_all_of_it_is() {
    let recorder = Recorder::new("", []);
    let client = observed(&recorder).await;
    for consistent in [true, false] {
        let keys = KeysAndAttributes::builder()
            .keys([("pk".into(), s("a")), ("sk".into(), s("1"))].into())
            .keys([("pk".into(), s("b")), ("sk".into(), s("2"))].into())
            .consistent_read(consistent)
            .build()
            .unwrap();
        let get = client.batch_get_item().request_items(TABLE, keys);
        get.send().await.unwrap();
    }
    let calls = recorder.calls("BatchGetItem");
    assert_eq!(calls[0].keys.len(), 2);
    assert_eq!(calls[0].keys[1], ("b".to_owned(), "2".to_owned()));
    assert_eq!([calls[0].consistent, calls[1].consistent], [true, false]);
    // Two items of one unit each, or half of it.
    let read = [calls[0].capacity, calls[1].capacity].map(|units| (units.read, units.write));
    assert_eq!(read, [(2.0, 0.0), (1.0, 0.0)]);
}

#[tokio::test]
async fn a_file_keeps_its_items() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("items.db");
    {
        let client = client(&Engine::open(&path).unwrap());
        create(&client).await;
        let write = client.transact_write_items();
        let write = write.transact_items(fresh(put("a", "1")));
        write.send().await.unwrap();
    }
    let client = client(&Engine::open(&path).unwrap());
    assert!(exists(&client, "a", "1").await);
}

/// With a file answers to reads are remembered: until a write, of whatever kind.
#[tokio::test]
async fn a_read_that_comes_again_sees_what_was_written_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(&Engine::open(&folder.path().join("items.db")).unwrap());
    create(&client).await;
    for _ in 0..2 {
        assert!(!exists(&client, "a", "1").await);
        let write = client.transact_write_items();
        let write = write.transact_items(fresh(put("a", "1")));
        write.send().await.unwrap();
        assert!(exists(&client, "a", "1").await);
        assert!(exists(&client, "a", "1").await);
        let key = [("pk".into(), s("a")), ("sk".into(), s("1"))].into();
        let delete = client.delete_item().table_name(TABLE).set_key(Some(key));
        delete.send().await.unwrap();
    }
    assert!(!exists(&client, "a", "1").await);
}

/// With a file the tokens of transactions are ours to remember.
#[tokio::test]
async fn a_transaction_with_a_known_token_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(&Engine::open(&folder.path().join("items.db")).unwrap());
    create(&client).await;
    let write = |token: &str| {
        let write = client.transact_write_items().client_request_token(token);
        write.transact_items(fresh(put("a", "1"))).send()
    };
    write("one").await.unwrap();
    write("one").await.unwrap();
    let refused = write("another").await.unwrap_err().into_service_error();
    assert!(refused.is_transaction_canceled_exception(), "{refused}");
    // What was refused left no answer behind.
    assert!(write("another").await.is_err());
}
