//! The expressions that the product builds on, so that a new engine version cannot change them unseen.

use std::collections::HashMap;

use super::*;

async fn with_item() -> Client {
    let client = client(&Engine::memory().unwrap());
    create(&client).await;
    let nested = HashMap::from([("on".to_owned(), AttributeValue::Bool(false))]);
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", s("a"))
        .item("sk", s("app#1"))
        .item("n", AttributeValue::N("1".to_owned()))
        .item("map", AttributeValue::M(nested))
        .item("tags", AttributeValue::L(vec![s("x"), s("y")]))
        .send()
        .await
        .unwrap();
    client
}

async fn update(client: &Client, update: &str, condition: Option<&str>) -> Result<(), String> {
    let update = Update::builder()
        .table_name(TABLE)
        .key("pk", s("a"))
        .key("sk", s("app#1"))
        .update_expression(update)
        .set_condition_expression(condition.map(str::to_owned))
        .expression_attribute_names("#map", "map")
        .expression_attribute_values(":v", AttributeValue::N("2".to_owned()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .unwrap();
    let sent = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().update(update).build())
        .send()
        .await;
    sent.map(|_| ()).map_err(|error| format!("{error:?}"))
}

#[tokio::test]
async fn a_nested_path_is_set_only_under_a_map_that_exists() {
    let client = with_item().await;
    update(&client, "SET #map.limit_ = :v", None).await.unwrap();
    update(&client, "SET #map.other.deep = :v", None)
        .await
        .unwrap_err();
    let key = [("pk".into(), s("a")), ("sk".into(), s("app#1"))].into();
    let get = client.get_item().table_name(TABLE).set_key(Some(key));
    let item = get.send().await.unwrap().item.unwrap();
    let map = item["map"].as_m().unwrap();
    assert_eq!(map["limit_"], AttributeValue::N("2".to_owned()));
    assert_eq!(map["on"], AttributeValue::Bool(false));
}

#[tokio::test]
async fn size_counts_elements_and_bytes_in_a_condition() {
    let client = with_item().await;
    let set = "SET #map.seen = :v";
    update(&client, set, Some("size(tags) = :v")).await.unwrap();
    update(&client, set, Some("size(#map) = :v")).await.unwrap();
    let refused = update(&client, set, Some("size(sk) <= :v")).await;
    assert!(refused.unwrap_err().contains("ConditionalCheckFailed"));
}

#[tokio::test]
async fn begins_with_works_on_a_sort_key_and_in_a_filter() {
    let client = with_item().await;
    let query = |condition: &str, filter: Option<&str>| {
        client
            .query()
            .table_name(TABLE)
            .key_condition_expression(condition)
            .set_filter_expression(filter.map(str::to_owned))
            .expression_attribute_values(":pk", s("a"))
            .expression_attribute_values(":start", s("app#"))
            .limit(10)
            .send()
    };
    let keyed = query("pk = :pk AND begins_with(sk, :start)", None).await;
    assert_eq!(keyed.unwrap().count, 1);
    // As in DynamoDB, a filter may not name a key.
    query("pk = :pk", Some("begins_with(sk, :start)"))
        .await
        .unwrap_err();
    let filtered = query("pk = :pk", Some("begins_with(kind, :start)"))
        .await
        .unwrap();
    assert_eq!((filtered.count, filtered.scanned_count), (0, 1));
}

#[tokio::test]
async fn an_index_refuses_a_consistent_read() {
    let client = with_item().await;
    let query = client
        .query()
        .table_name(TABLE)
        .index_name(INDEX)
        .key_condition_expression("#owner = :owner")
        .expression_attribute_names("#owner", "owner")
        .expression_attribute_values(":owner", s("o"))
        .consistent_read(true);
    let error = format!("{:?}", query.send().await.unwrap_err());
    assert!(error.contains("Consistent reads are not supported"));
}
