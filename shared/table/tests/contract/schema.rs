//! The table's own shape.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{
    AttributeValue, BillingMode, KeySchemaElement, KeyType, ProjectionType,
};
use table::keys::{APP_IDS, LISTED_IN, LISTING, PK, SK};

use crate::apps::{app, secret_of};
use crate::ground::{Ground, s};

fn keys_of(schema: Option<Vec<KeySchemaElement>>) -> Vec<(String, KeyType)> {
    let keys = schema.unwrap().into_iter();
    keys.map(|k| (k.attribute_name, k.key_type)).collect()
}

#[tokio::test]
async fn the_table_is_made_as_the_constants_say() {
    let ground = Ground::new().await;
    let about = ground.raw.describe_table().table_name(&ground.name).send();
    let about = about.await.unwrap().table.unwrap();
    let mode = about.billing_mode_summary.unwrap().billing_mode;
    assert_eq!(mode, Some(BillingMode::PayPerRequest));
    let key = |name: &str, kind| (name.to_owned(), kind);
    assert_eq!(
        keys_of(about.key_schema),
        [key(PK, KeyType::Hash), key(SK, KeyType::Range)]
    );
    let typed = about.attribute_definitions.unwrap().into_iter();
    let typed: BTreeMap<_, _> = typed
        .map(|a| (a.attribute_name, a.attribute_type.as_str().to_owned()))
        .collect();
    let texts = [LISTED_IN, PK, SK].map(|name| (name.to_owned(), "S".to_owned()));
    assert_eq!(typed, BTreeMap::from(texts));

    let mut indexes = about.global_secondary_indexes.unwrap();
    indexes.sort_by(|a, b| b.index_name.cmp(&a.index_name));
    let [index, ids] = &indexes[..] else {
        panic!("two indexes")
    };
    assert_eq!(index.index_name.as_deref(), Some(LISTING));
    assert_eq!(ids.index_name.as_deref(), Some(APP_IDS));
    for index in [index, ids] {
        let keys = keys_of(index.key_schema.clone());
        assert_eq!(
            keys,
            [key(LISTED_IN, KeyType::Hash), key(PK, KeyType::Range)]
        );
    }
    let kind = ids.projection.clone().unwrap().projection_type;
    assert_eq!(kind, Some(ProjectionType::KeysOnly));
    let projection = index.projection.clone().unwrap();
    assert_eq!(projection.projection_type, Some(ProjectionType::Include));
    let projected = projection.non_key_attributes.unwrap();
    // DynamoDB's limit for an index.
    assert!(projected.len() <= 20);
    assert!(!projected.iter().any(|name| name == "secrets"));
}

#[tokio::test]
async fn making_the_table_again_changes_nothing() {
    let ground = Ground::new().await;
    ground
        .table
        .create_app(&app("acme", "myapp"), None, None)
        .await
        .unwrap();
    let before = ground.items().await;
    ground.table.create_if_absent().await.unwrap();
    ground.table.create_if_absent().await.unwrap();
    assert_eq!(ground.items().await, before);
}

#[tokio::test]
async fn the_index_holds_all_of_an_app_but_its_secrets() {
    let ground = Ground::new().await;
    let app = crate::apps::full("acme", "myapp");
    let (_, secret) = secret_of(&app);
    ground.table.create_tenant(&app, &secret).await.unwrap();
    ground.settle().await;
    let query = ground
        .raw
        .query()
        .table_name(&ground.name)
        .index_name(LISTING);
    let query = query
        .key_condition_expression("listed_in = :tenant")
        .expression_attribute_values(":tenant", s("acme"));
    // Neither the guard nor the tenant is in it.
    let [entry] = &query.clone().send().await.unwrap().items.unwrap()[..] else {
        panic!("one entry")
    };
    let mut stored = ground.stored(&app).await;
    let whole = stored.clone();
    assert!(stored.remove("secrets").is_some());
    assert!(stored.remove("secrets_rev").is_some());
    // Its clients come and go without a write to the index.
    assert!(stored.remove("clients").is_some());
    assert_eq!(*entry, stored);
    let names: BTreeSet<_> = entry.keys().map(String::as_str).collect();
    let listed = [
        "pk",
        "sk",
        "listed_in",
        "kind",
        "schema",
        "tenant_id",
        "app",
        "client",
    ];
    assert_eq!(names, BTreeSet::from(listed));
    // An index projects what it was made with, for good: what apps may come to have lies in its maps.
    let mut later = whole;
    for map in ["app", "client"] {
        if let Some(AttributeValue::M(map)) = later.get_mut(map) {
            map.insert("unheard_of".into(), s("value"));
        }
    }
    ground.put(later.clone()).await;
    ground.settle().await;
    let entries = query.send().await.unwrap().items.unwrap();
    assert_eq!(
        (&entries[0]["app"], &entries[0]["client"]),
        (&later["app"], &later["client"])
    );
}

#[tokio::test]
async fn warming_up_is_one_read_that_any_table_answers() {
    let ground = Ground::new().await;
    ground.table.warm_up().await.unwrap();
    ground.assert_cost(&["Query"], 1.0, crate::ground::NO_WRITE);
}
