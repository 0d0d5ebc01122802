//! What outlives a stack: the table, the master secret and their key. `template.yaml` is their one home; the stack
//! of their own in `state.yaml` is copied from there.

use serde_json::json;
use table::Table;

use crate::{
    template::{self, parsed, part, same, updating, write},
    workspace::read,
};

const FILE: &str = "state.yaml";

/// With `UPDATE_TEMPLATE=1` in the environment it is written instead of compared.
#[test]
fn the_stack_of_the_state_has_what_the_template_has() {
    let home = read(template::FILE);
    let (_, home, _) = part(&home, "state");
    // There they are always the stack's own.
    let own = |line: &&str| !line.trim_start().starts_with("Condition: Own");
    let copy: String = home.split_inclusive('\n').filter(own).collect();
    let text = read(FILE);
    let (before, _, after) = part(&text, "state");
    let expected = format!("{before}{copy}{after}");
    if updating() {
        write(FILE, &expected);
    } else {
        same(FILE, &text, &expected);
    }
}

/// What the one stack hands over is what the other takes.
#[test]
fn the_state_is_handed_over_by_outputs_that_are_parameters() {
    let (state, template) = (parsed(FILE), parsed(template::FILE));
    for output in ["ExistingTable", "ExistingMasterSecretArn"] {
        assert!(state["Outputs"].get(output).is_some(), "{output}");
        assert!(template["Parameters"].get(output).is_some(), "{output}");
    }
}

/// The same table as the code makes for itself.
#[tokio::test]
async fn the_template_has_the_table_that_the_code_has() {
    let engine = engine::Engine::memory().unwrap();
    let table = Table::new(
        table::connect::embedded(engine.http_client()).unwrap(),
        "roster",
    );
    table.create_if_absent().await.unwrap();
    let made = engine.ask("DescribeTable", &json!({ "TableName": "roster" }));
    let made = &made["Table"];
    let written = &parsed(template::FILE)["Resources"]["Table"]["Properties"];
    let sorted = |list: &serde_json::Value, by: &str| {
        let mut list = list.as_array().unwrap().clone();
        list.sort_by_key(|one| one[by].to_string());
        list
    };
    assert_eq!(
        sorted(&written["AttributeDefinitions"], "AttributeName"),
        sorted(&made["AttributeDefinitions"], "AttributeName")
    );
    assert_eq!(written["KeySchema"], made["KeySchema"]);
    let index = |index: &serde_json::Value| {
        let keys = ["IndexName", "KeySchema", "Projection"];
        json!(keys.map(|key| index[key].clone()))
    };
    let indexes = |table: &serde_json::Value| -> Vec<_> {
        let indexes = sorted(&table["GlobalSecondaryIndexes"], "IndexName");
        indexes.iter().map(index).collect()
    };
    assert_eq!(indexes(written), indexes(made));
    let ttl = &written["TimeToLiveSpecification"];
    assert_eq!(
        *ttl,
        json!({"AttributeName": table::schema::TTL, "Enabled": true})
    );
    assert_eq!(written["BillingMode"], "PAY_PER_REQUEST");
    // A name would keep a second stack, and a replaced table, from being made.
    assert!(written.get("TableName").is_none());
}

#[test]
fn what_can_not_be_made_again_is_retained() {
    let resources = &parsed(template::FILE)["Resources"];
    for name in ["Table", "MasterSecret", "Key"] {
        assert_eq!(resources[name]["UpdateReplacePolicy"], "Retain", "{name}");
    }
    // A deployment that fails takes back what it made and nobody has used. Not the table: its deletion is refused.
    assert_eq!(resources["Table"]["DeletionPolicy"], "Retain");
    for name in ["MasterSecret", "Key"] {
        let policy = &resources[name]["DeletionPolicy"];
        assert_eq!(*policy, "RetainExceptOnCreate", "{name}");
    }
}

/// CloudFormation makes another secret when any of this changes, and nobody could authenticate any more.
#[test]
fn the_master_secrets_generator_is_never_edited() {
    let generator = json!({
        "PasswordLength": 64, "ExcludePunctuation": true, "RequireEachIncludedType": true
    });
    let secret = &parsed(template::FILE)["Resources"]["MasterSecret"]["Properties"];
    assert_eq!(secret["GenerateSecretString"], generator);
    assert!(secret.get("Name").is_none());
}
