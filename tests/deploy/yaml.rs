//! YAML as JSON values, so that one way of looking at them serves both.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// The documents of a file.
#[track_caller]
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    documents.iter().map(value).collect()
}

/// The only document of a file.
#[track_caller]
pub(crate) fn document(text: &str) -> Value {
    let mut documents = documents(text);
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn value(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(it)) => Value::from(*it),
        Yaml::Value(Scalar::Integer(it)) => Value::from(*it),
        Yaml::Value(Scalar::FloatingPoint(it)) => Value::from(it.into_inner()),
        Yaml::Value(Scalar::String(it)) => Value::from(it.as_ref()),
        Yaml::Sequence(items) => items.iter().map(value).collect(),
        Yaml::Mapping(pairs) => mapping(pairs.iter().map(|(key, item)| (value(key), value(item)))),
        other => panic!("not used in these files: {other:?}"),
    }
}

/// A mapping with its merge keys (`<<`) carried out, which YAML 1.2 no longer knows: Compose does.
fn mapping(pairs: impl Iterator<Item = (Value, Value)>) -> Value {
    let (mut own, mut merged) = (Map::new(), Map::new());
    for (key, item) in pairs {
        match (key.as_str().unwrap(), item) {
            ("<<", Value::Object(from)) => merged.extend(from),
            (key, item) => assert!(own.insert(key.to_owned(), item).is_none(), "{key} twice"),
        }
    }
    merged.extend(own);
    Value::Object(merged)
}
