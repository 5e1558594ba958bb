//! The reference of the configuration, made from the struct's documentation and defaults.
//!
//! `cargo xtask docs` writes it; otherwise the test here says when what is committed is stale.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{Config, order};

/// The keys that the README shows: those that are set most often.
const IN_README: [&str; 16] = [
    "bus",
    "store",
    "directory",
    "public.port",
    "public.origins",
    "auth.mode",
    "auth.secret",
    "auth.secret_file",
    "auth.public_key_file",
    "ice.stun",
    "ice.turn",
    "ice.turn_secret",
    "limits.messages_per_minute",
    "outbound.hard_bytes",
    "operations.port",
    "log.filter",
];

/// The head of a table of keys.
const TABLE: &str = "| key | default | meaning |\n|---|---|---|\n";

/// What stands around the table in the README.
const README_MARKS: [&str; 2] = ["<!-- configuration: made by `cargo xtask docs` -->\n", "<!-- /configuration -->\n"];

/// One key: its full name, its default as TOML, and what it means.
struct Key {
    section: String,
    name: String,
    default: String,
    meaning: String,
}

impl Key {
    fn full_name(&self) -> String {
        if self.section.is_empty() { self.name.clone() } else { format!("{}.{}", self.section, self.name) }
    }
}

/// A section: its name, what it is about, and its keys. The keys of no section come first.
struct Section {
    name: String,
    meaning: String,
    keys: Vec<Key>,
}

/// The page about the configuration.
fn page() -> String {
    let mut text = String::from(
        "<!-- Made by `cargo xtask docs` from services/heliograph/src/config. -->\n\n\
         # Configuration\n\n\
         Every key has a default; nothing needs to be set. Sources, from lowest to highest: the defaults, a TOML file\n\
         (`--config`, `HELIOGRAPH_CONFIG`), the environment, flags. A key `name` of a section is set in the environment\n\
         as `HELIOGRAPH_SECTION__NAME`, such as `HELIOGRAPH_AUTH__SECRET`; a list is written as in TOML. `SOCKET_PORT`,\n\
         `PORT` and `FRONTEND_URL` are honoured as well. An unknown key or a bad value is an error before anything\n\
         listens. [`config.example.toml`](../config.example.toml) is a file with every key at its default; `heliograph\n\
         check` says whether a configuration is in order.\n",
    );
    for section in sections() {
        // Writing to a string does not fail.
        let _ = match section.name.as_str() {
            "" => write!(text, "\n## Backends\n\n"),
            name => write!(text, "\n## `{name}`\n\n{}\n\n", section.meaning),
        };
        text.push_str(TABLE);
        for key in section.keys {
            text.push_str(&row(&key.name, &key));
        }
    }
    text
}

/// The README with its table made again, if it has the marks around one.
fn readme(text: &str) -> Option<String> {
    let keys = keys();
    let [begin, end] = README_MARKS;
    let (before, rest) = text.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    let rows = IN_README.iter().filter_map(|full_name| {
        let key = keys.iter().find(|key| key.full_name() == *full_name)?;
        Some(row(full_name, key))
    });
    Some(format!("{before}{begin}{TABLE}{}{end}{after}", rows.collect::<String>()))
}

fn row(name: &str, key: &Key) -> String {
    let default = if key.default.is_empty() { String::from("–") } else { format!("`{}`", key.default) };
    format!("| `{name}` | {default} | {} |\n", key.meaning.replace('|', "\\|"))
}

/// A configuration file in which every key has its default; keys without one are commented out.
fn example() -> String {
    let mut text = String::from("# Every key with its default. Made by `cargo xtask docs`.\n");
    for section in sections() {
        if !section.name.is_empty() {
            let _ = write!(text, "\n# {}\n[{}]\n", section.meaning, section.name);
        }
        for key in section.keys {
            let _ = writeln!(text, "# {}", key.meaning);
            let _ = match key.default.as_str() {
                "" => writeln!(text, "# {} =", key.name),
                default => writeln!(text, "{} = {default}", key.name),
            };
        }
    }
    text
}

fn sections() -> Vec<Section> {
    let schema = schemars::schema_for!(Config).to_value();
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let top = properties(&schema);
    let mut sections = vec![Section { name: String::new(), meaning: String::new(), keys: Vec::new() }];
    for key in keys() {
        if let Some(section) = sections.iter_mut().find(|section| section.name == key.section) {
            section.keys.push(key);
        } else {
            let property = &top[&key.section];
            let meaning = description(property).or_else(|| description(resolve(property, &definitions)));
            sections.push(Section { name: key.section.clone(), meaning: meaning.unwrap_or_default(), keys: vec![key] });
        }
    }
    sections
}

fn keys() -> Vec<Key> {
    let schema = schemars::schema_for!(Config).to_value();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let top = properties(&schema);
    let mut keys = Vec::new();
    let mut of_sections = Vec::new();
    for name in order::names("") {
        let property = &top[name];
        let target = resolve(property, &definitions);
        let fields = properties(target);
        if fields.is_empty() {
            keys.push(key("", name, property, target, defaults.get(name)));
        }
        for field in order::names(name) {
            let default = defaults.get(name).and_then(|values| values.get(field));
            let property = &fields[field];
            of_sections.push(key(name, field, property, resolve(property, &definitions), default));
        }
    }
    keys.append(&mut of_sections);
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
    Key {
        section: section.to_owned(),
        name: name.to_owned(),
        default: default.map(toml_value).unwrap_or_default(),
        meaning: description(property).or_else(|| description(target)).unwrap_or_default(),
    }
}

/// What the documentation says, in one line.
fn description(schema: &Value) -> Option<String> {
    let text = schema.get("description")?.as_str()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
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

mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    #[test]
    fn the_example_file_is_the_default_configuration() {
        let config: Config = toml::from_str(&example()).unwrap();
        assert_eq!(config, Config::default());
    }

    #[test]
    fn every_key_is_documented() {
        let keys = keys();
        let declared = properties(&schemars::schema_for!(Config).to_value()).len();
        assert_eq!(order::names("").len(), declared);
        assert!(keys.len() > 80, "{}", keys.len());
        for key in keys {
            assert!(key.meaning.len() > 5, "{}.{} has no documentation", key.section, key.name);
        }
    }

    #[test]
    fn what_is_committed_is_up_to_date() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let write = env::var("HELIOGRAPH_DOCS").is_ok_and(|what| what == "write");
        /// Makes a file's text from the one that is committed.
        type Maker = fn(&str) -> String;
        let makers: [(&str, Maker); 3] = [
            ("config.example.toml", |_| example()),
            ("docs/configuration.md", |_| page()),
            ("README.md", |text| readme(text).expect("the README has marks around its table")),
        ];
        for (file, make) in makers {
            let path = root.join(file);
            let committed = fs::read_to_string(&path).unwrap_or_default();
            let text = make(&committed);
            if write {
                fs::write(path, text).unwrap();
            } else {
                assert!(committed == text, "{file} is stale: run `cargo xtask docs`");
            }
        }
    }

    #[test]
    fn the_readme_shows_keys_that_there_are() {
        let names: Vec<_> = keys().iter().map(Key::full_name).collect();
        for key in IN_README {
            assert!(names.iter().any(|name| name == key), "{key} is no key");
        }
    }
}
