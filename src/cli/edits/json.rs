//! Failures as JSON.

use serde_json::{Map, Value, json};

use crate::edits::Failure;

pub(super) fn failure(failure: &Failure) -> Value {
    let mut one = Map::new();
    one.insert("edit".into(), json!(failure.edit));
    one.insert("family".into(), json!(failure.family));
    one.insert("kind".into(), json!(failure.kind));
    one.insert("severity".into(), json!(failure.severity));
    let mut items: Vec<&str> = failure.items.iter().map(|slot| slot.id()).collect();
    items.extend(failure.stranger.as_deref());
    one.insert("items".into(), json!(items));
    one.insert("tumor".into(), json!(failure.tumor));
    if let Some(other) = failure.other {
        one.insert("other".into(), json!(other));
    }
    one.insert("message".into(), json!(failure.message));
    if !failure.overrides.is_empty() {
        let flags: Vec<&str> = failure.overrides.iter().map(|slot| slot.id()).collect();
        one.insert("override".into(), json!(flags));
    }
    Value::Object(one)
}
