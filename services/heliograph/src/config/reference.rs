//! The reference of the configuration, made from the struct's documentation and defaults.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::Config;

/// One key: its full name, its default as TOML, and what it means.
struct Key {
    section: String,
    name: String,
    default: String,
    meaning: String,
}

/// A Markdown table of every key.
pub fn table() -> String {
    let mut text = String::from("| key | default | meaning |\n|---|---|---|\n");
    for key in keys() {
        let name = if key.section.is_empty() { key.name } else { format!("{}.{}", key.section, key.name) };
        let default = if key.default.is_empty() { String::from("–") } else { format!("`{}`", key.default) };
        // Writing to a string does not fail.
        let _ = writeln!(text, "| `{name}` | {default} | {} |", key.meaning);
    }
    text
}

/// A configuration file in which every key has its default; keys without one are commented out.
pub fn example() -> String {
    let mut text = String::from("# Every key with its default. Made by `cargo xtask docs`.\n");
    let mut section = String::new();
    for key in keys() {
        if key.section != section {
            section.clone_from(&key.section);
            let _ = write!(text, "\n[{section}]\n");
        }
        let _ = writeln!(text, "# {}", key.meaning);
        let _ = match key.default.as_str() {
            "" => writeln!(text, "# {} =", key.name),
            default => writeln!(text, "{} = {default}", key.name),
        };
    }
    text
}

fn keys() -> Vec<Key> {
    let schema = schemars::schema_for!(Config).to_value();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut keys = Vec::new();
    let top = properties(&schema);
    for (name, property) in &top {
        let target = resolve(property, &definitions);
        let fields = properties(target);
        if fields.is_empty() {
            keys.push(key("", name, property, target, defaults.get(name)));
        }
    }
    for (section, property) in &top {
        for (name, field) in &properties(resolve(property, &definitions)) {
            let target = resolve(field, &definitions);
            let default = defaults.get(section).and_then(|values| values.get(name));
            keys.push(key(section, name, field, target, default));
        }
    }
    keys
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn resolve<'a>(property: &'a Value, definitions: &'a Map<String, Value>) -> &'a Value {
    let reference = property.get("$ref").and_then(Value::as_str);
    reference.and_then(|reference| definitions.get(reference.rsplit('/').next()?)).unwrap_or(property)
}

fn key(section: &str, name: &str, property: &Value, target: &Value, default: Option<&Value>) -> Key {
    let described = |schema: &Value| schema.get("description").and_then(Value::as_str).map(str::to_owned);
    let meaning = described(property).or_else(|| described(target)).unwrap_or_default();
    Key {
        section: section.to_owned(),
        name: name.to_owned(),
        default: default.map(toml_value).unwrap_or_default(),
        meaning: meaning.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

fn toml_value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name} = {}", toml_value(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(toml_value).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_is_the_default_configuration() {
        let config: Config = toml::from_str(&example()).unwrap();
        assert_eq!(config, Config::default());
    }

    #[test]
    fn every_key_is_documented() {
        let keys = keys();
        assert!(keys.len() > 50);
        for key in keys {
            assert!(key.meaning.len() > 5, "{}.{} has no documentation", key.section, key.name);
        }
    }
}
