//! The table as it lies there, read past every rule.

use serde_json::{Value, json};

use crate::TestApp;

impl TestApp {
    /// Every item, as DynamoDB's own JSON.
    pub fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut request = json!({ "TableName": "roster", "ConsistentRead": true });
        loop {
            let mut page = self.engine.ask("Scan", &request);
            items.append(page["Items"].as_array_mut().unwrap());
            match page["LastEvaluatedKey"].take() {
                Value::Null => return items,
                next => request["ExclusiveStartKey"] = next,
            }
        }
    }

    /// The `(pk, sk)` of every item that is not the tenant's or the deployment's own, in order.
    pub fn keys(&self) -> Vec<(String, String)> {
        let text = |item: &Value, name| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let management = |pk: &str| {
            let app = self.management.client_id.app_id();
            app.is_some_and(|id| pk == format!("APP#{id}")) || pk.ends_with("#management")
        };
        let mut keys: Vec<_> = self
            .items()
            .iter()
            .map(|item| (text(item, "pk"), text(item, "sk")))
            .filter(|(pk, _)| {
                !pk.starts_with("TENANT#") && !pk.contains("SIGNING_KEY") && !management(pk)
            })
            .collect();
        keys.sort();
        keys
    }

    /// Empties the table.
    pub fn clear(&self) {
        for item in self.items() {
            let key = json!({ "pk": item["pk"], "sk": item["sk"] });
            let delete = json!({ "TableName": "roster", "Key": key });
            self.engine.ask("DeleteItem", &delete);
        }
    }

    /// Writes an item past every rule.
    pub fn put_raw(&self, item: &Value) {
        let put = json!({ "TableName": "roster", "Item": item });
        self.engine.ask("PutItem", &put);
    }
}
