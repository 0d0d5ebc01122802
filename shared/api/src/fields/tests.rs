//! Faults and their places.

use super::*;
use domain::{Name, invalid::NUMBER};
use serde_json::json;

fn fields(value: Value) -> Fields {
    let Value::Object(members) = value else {
        panic!("an object")
    };
    Fields::new(members)
}

#[test]
fn every_fault_is_found_with_its_pointer() {
    let mut f = fields(json!({
        "name": 1, "tags": ["a", 2, "a"], "on": "yes", "n": 1.5,
        "inner": {"x/y": 1}, "odd": null,
    }));
    assert_eq!(f.required("name", Name::parse), None);
    assert_eq!(f.required("other", Name::parse), None);
    assert_eq!(f.list("tags", 9, Name::parse).unwrap().len(), 1);
    assert_eq!(f.boolean("on"), None);
    assert_eq!(f.integer("n", NUMBER, 1, 9), None);
    assert_eq!(f.object("inner", |_| ()), Some(()));
    let faults = f.into_faults();
    let at: Vec<_> = faults
        .iter()
        .map(|v| (v.place.pointer().unwrap(), v.invalid.code()))
        .collect();
    assert_eq!(
        at,
        [
            ("/name", "wrong_type"),
            ("/other", "required"),
            ("/tags/1", "wrong_type"),
            ("/tags/2", "duplicate"),
            ("/on", "wrong_type"),
            ("/n", "out_of_range"),
            ("/inner/x~1y", "unknown_member"),
            ("/odd", "unknown_member"),
        ]
    );
}

#[test]
fn what_is_wrong_with_the_whole_stands_at_the_items_place_in_the_body() {
    let mut f = fields(json!({"tags": [1, "a", "", "b"], "inner": {"tags": ["", "c"]}}));
    assert_eq!(f.list("tags", 9, Name::parse).unwrap().len(), 2);
    let inner = f.object("inner", |f| f.list("tags", 9, Name::parse));
    assert_eq!(inner.unwrap().unwrap().len(), 1);
    let mut found = Violations::default();
    for place in ["/tags/1", "/tags/1/x", "/tags", "/inner/tags/0", "/other/0"] {
        found.push(place, Invalid::Required);
    }
    let faults = f.into_faults_with(found);
    let at: Vec<_> = faults.iter().map(|v| v.place.pointer().unwrap()).collect();
    let expected = [
        "/tags/0",
        "/tags/2",
        "/inner/tags/0",
        "/tags/3",
        "/tags/3/x",
        "/inner/tags/1",
        "/other/0",
    ];
    assert_eq!(at, expected);
}
