//! Reading the configuration from its sources.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Provider,
    providers::{Env, Format, Serialized, Toml},
    value::UncasedStr,
};

use super::{AuthMode, Backend, Config};

/// Prefix of environment variables that set configuration keys.
const PREFIX: &str = "HELIOGRAPH_";

/// What the command line sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// The public port.
    pub port: Option<u16>,
    /// The bus.
    pub bus: Option<String>,
    /// The store.
    pub store: Option<String>,
    /// The directory.
    pub directory: Option<String>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key is unknown or a value is bad.
    #[error("configuration: {0}")]
    Invalid(String),
}

/// The configuration from all its sources, checked.
///
/// # Errors
/// Names the key, the value and what was expected.
pub(crate) fn load(overrides: &Overrides) -> Result<Config, ConfigError> {
    load_from(overrides, |name| std::env::var(name).ok())
}

fn load_from(overrides: &Overrides, env: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
    let mut sources = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = &overrides.file {
        sources = sources.merge(file(path)?);
    }
    sources = sources.merge(environment());
    for name in ["SOCKET_PORT", "PORT"] {
        if let Some(value) = env(name) {
            let port: u16 = value.parse().map_err(|_| {
                ConfigError::Invalid(format!("{name} is {value:?}; expected a port number from 0 to 65535"))
            })?;
            sources = sources.merge(("public.port", port));
            break;
        }
    }
    for name in ["FRONTEND_URL", "FrontendURL"] {
        if let Some(value) = env(name) {
            let origins: Vec<_> = value.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect();
            sources = sources.merge(("public.origins", origins));
            break;
        }
    }
    if let Some(port) = overrides.port {
        sources = sources.merge(("public.port", port));
    }
    for (key, flag) in [("bus", &overrides.bus), ("store", &overrides.store), ("directory", &overrides.directory)] {
        if let Some(url) = flag {
            sources = sources.merge((key, url));
        }
    }
    let config: Config = sources.extract().map_err(|error| ConfigError::Invalid(describe(error)))?;
    check(&config)?;
    Ok(config)
}

/// Variables that set keys: those of a section, and those of the few keys without one. Others with our prefix are
/// not ours: container platforms make `HELIOGRAPH_PORT` and the like for a service of that name.
fn environment() -> Env {
    const WITHOUT_SECTION: [&str; 3] = ["bus", "store", "directory"];
    let ours = |key: &UncasedStr| key.as_str().contains("__") || WITHOUT_SECTION.iter().any(|name| key == name);
    Env::prefixed(PREFIX).filter(ours).split("__")
}

fn file(path: &Path) -> Result<impl Provider, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    // Parsed here as well, because figment reports a syntax error without its place.
    toml::from_str::<toml::Table>(&text)
        .map_err(|error| ConfigError::Invalid(format!("{}: {}", path.display(), one_line(&error.to_string()))))?;
    Ok(Toml::string(&text))
}

/// What must hold between keys.
fn check(config: &Config) -> Result<(), ConfigError> {
    let invalid = |text: &str| Err(ConfigError::Invalid(text.to_owned()));
    let auth = &config.auth;
    let keys = [auth.secret.is_some(), auth.secret_file.is_some(), auth.public_key_file.is_some()];
    match (auth.mode, keys.iter().filter(|set| **set).count()) {
        (AuthMode::Jwt, 0) => {
            return invalid("auth.mode is \"jwt\"; set one of auth.secret, auth.secret_file, auth.public_key_file");
        }
        (_, 2..) => {
            return invalid("auth: set only one of auth.secret, auth.secret_file, auth.public_key_file");
        }
        _ => {}
    }
    if !config.ice.turn.is_empty() && config.ice.turn_secret.is_none() {
        return invalid("ice.turn needs ice.turn_secret, which the TURN servers share");
    }
    if config.engine.transports.is_empty() {
        return invalid("engine.transports is empty; expected \"polling\", \"websocket\" or both");
    }
    if config.outbound.soft_bytes > config.outbound.hard_bytes {
        return invalid("outbound.soft_bytes is above outbound.hard_bytes");
    }
    check_backends(config)?;
    check_bounds(config)
}

/// The schemes that each backend may have.
const SCHEMES: [(&str, &[&str]); 3] = [
    ("bus", &["nats://", "tls://"]),
    (
        "store",
        &["redis://", "rediss://", "redis+cluster://", "rediss+cluster://", "redis+sentinel://", "rediss+sentinel://"],
    ),
    ("directory", &["etcd://", "etcds://"]),
];

fn check_backends(config: &Config) -> Result<(), ConfigError> {
    let backends = [&config.bus, &config.store, &config.directory];
    for (backend, (key, schemes)) in backends.into_iter().zip(SCHEMES) {
        if let Backend::At(url) = backend
            && !schemes.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        {
            return Err(ConfigError::Invalid(format!(
                "{key} is \"{backend}\"; expected \"memory\" or a URL that begins with one of {}",
                schemes.join(", ")
            )));
        }
    }
    let shared = backends.map(Backend::is_shared);
    if shared.contains(&true) && shared.contains(&false) {
        return Err(ConfigError::Invalid(
            "bus, store and directory: either all are \"memory\" or none; a cluster needs all three".to_owned(),
        ));
    }
    let grpc = &config.grpc;
    if grpc.cert_file.is_some() != grpc.key_file.is_some() || (grpc.ca_file.is_some() && grpc.cert_file.is_none()) {
        return Err(ConfigError::Invalid(
            "grpc.cert_file, grpc.key_file: a certificate needs its key, and grpc.ca_file needs both".to_owned(),
        ));
    }
    if config.auth.mode == AuthMode::Open && shared.contains(&true) && !config.auth.open_in_cluster {
        return Err(ConfigError::Invalid(
            "auth.mode is \"open\", in which anybody can be anybody, and the backends are shared; set it to \"jwt\", or for development auth.open_in_cluster = true".to_owned(),
        ));
    }
    Ok(())
}

/// What would stand still, or never rest, if it were zero.
fn check_bounds(config: &Config) -> Result<(), ConfigError> {
    for (key, value) in [
        ("engine.max_payload", config.engine.max_payload),
        ("engine.poll_packets", config.engine.poll_packets),
        ("engine.namespaces", config.engine.namespaces),
        ("outbound.worker_queue", config.outbound.worker_queue),
        ("limits.commands_in_flight", config.limits.commands_in_flight),
        ("cluster.partition_queue", config.cluster.partition_queue),
        ("cluster.bus_queue", config.cluster.bus_queue),
        ("nats.subscription_queue", config.nats.subscription_queue),
        ("nats.send_queue", config.nats.send_queue),
        ("grpc.connections", config.grpc.connections),
        ("grpc.streams", config.grpc.streams as usize),
        ("grpc.calls", config.grpc.calls),
        ("redis.connections", config.redis.connections),
        ("redis.in_flight", config.redis.in_flight),
        ("cluster.takeover_at_once", config.cluster.takeover_at_once),
        ("cluster.gap_reads", config.cluster.gap_reads),
        ("cluster.closes_per_second", config.cluster.closes_per_second),
        ("cluster.settle_at_once", config.cluster.settle_at_once),
        ("cluster.reap_at_once", config.cluster.reap_at_once),
        ("cluster.link_waiting_bytes", config.cluster.link_waiting_bytes),
        ("cluster.parcel_bytes", config.cluster.parcel_bytes),
        ("rooms.log_entries", config.rooms.log_entries),
        ("matching.max_waiting", config.matching.max_waiting),
        ("matching.max_invitations", config.matching.max_invitations),
        ("matching.looks", config.matching.looks),
        ("matching.positions_per_second", config.matching.positions_per_second),
    ] {
        if value == 0 {
            return Err(ConfigError::Invalid(format!("{key} is 0; expected at least 1")));
        }
    }
    for (key, time) in [
        ("engine.ping_interval", config.engine.ping_interval),
        ("engine.ping_timeout", config.engine.ping_timeout),
        ("mesh.ping_interval", config.mesh.ping_interval),
        ("mesh.silent_timeout", config.mesh.silent_timeout),
        ("cluster.command_deadline", config.cluster.command_deadline),
        ("cluster.command_attempt", config.cluster.command_attempt),
        ("cluster.question_deadline", config.cluster.question_deadline),
        ("cluster.deadline_refresh", config.cluster.deadline_refresh),
        ("nats.ping_interval", config.nats.ping_interval),
        ("nats.response_timeout", config.nats.response_timeout),
        ("nats.connect_timeout", config.nats.connect_timeout),
        ("nats.longest_pause", config.nats.longest_pause),
        ("redis.response_timeout", config.redis.response_timeout),
        ("redis.longest_pause", config.redis.longest_pause),
        ("etcd.lease", config.etcd.lease),
        ("etcd.response_timeout", config.etcd.response_timeout),
        ("etcd.connect_timeout", config.etcd.connect_timeout),
        ("etcd.longest_pause", config.etcd.longest_pause),
        ("grpc.connect_timeout", config.grpc.connect_timeout),
        ("grpc.opening_timeout", config.grpc.opening_timeout),
        ("grpc.keepalive_interval", config.grpc.keepalive_interval),
        ("grpc.keepalive_timeout", config.grpc.keepalive_timeout),
        ("cluster.link_heartbeat", config.cluster.link_heartbeat),
        ("cluster.reap_interval", config.cluster.reap_interval),
        ("rooms.log_age", config.rooms.log_age),
        ("matching.search_timeout", config.matching.search_timeout),
        ("matching.queue_timeout", config.matching.queue_timeout),
        ("matching.answer_timeout", config.matching.answer_timeout),
        ("matching.invite_timeout", config.matching.invite_timeout),
    ] {
        if time.is_zero() {
            return Err(ConfigError::Invalid(format!("{key} is 0s; expected a time to wait")));
        }
    }
    Ok(())
}

/// All that is wrong, in one line.
fn describe(errors: figment::Error) -> String {
    let mut text = String::new();
    for error in errors {
        if !text.is_empty() {
            text.push_str("; ");
        }
        let key = error.path.join(".");
        // The error holds the value, which must not reach a terminal or a log.
        let reason = match key.as_str() {
            "auth.secret"
            | "ice.turn_secret"
            | "bus"
            | "store"
            | "directory"
            | "nats.password"
            | "nats.token"
            | "redis.password"
            | "redis.sentinel_password"
            | "etcd.password" => "expected a string, in quotes if it looks like a number".to_owned(),
            _ => one_line(&error.kind.to_string()),
        };
        if !key.is_empty() {
            text.push_str(&key);
            text.push_str(": ");
        }
        text.push_str(&reason);
        if let Some(metadata) = &error.metadata {
            let source = match metadata.name.as_ref() {
                name if name.contains("environment") => format!("environment, {PREFIX}…"),
                name => name.to_owned(),
            };
            // Writing to a string does not fail.
            let _ = write!(text, " ({source})");
        }
    }
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn with_file(text: &str) -> Result<Config, ConfigError> {
        let path = std::env::temp_dir().join(format!("heliograph-config-{}.toml", rand_suffix(text)));
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        let overrides = Overrides { file: Some(path.clone()), ..Overrides::default() };
        let config = load_from(&overrides, |_| None);
        std::fs::remove_file(path).unwrap();
        config
    }

    fn rand_suffix(text: &str) -> String {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        (text, std::process::id()).hash(&mut hasher);
        format!("{:x}", hasher.finish())
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = load_from(&Overrides::default(), |_| None).unwrap();
        assert_eq!(config, Config::default());
        assert_eq!(config.public.port, 3001);
    }

    #[test]
    fn later_sources_win() {
        let env = |name: &str| match name {
            "SOCKET_PORT" => Some("4000".to_owned()),
            "PORT" => Some("5000".to_owned()),
            "FRONTEND_URL" => Some("https://a.example, https://b.example".to_owned()),
            _ => None,
        };
        let config = load_from(&Overrides::default(), env).unwrap();
        assert_eq!(config.public.port, 4000);
        assert_eq!(config.public.origins, ["https://a.example", "https://b.example"]);
        let overrides = Overrides { port: Some(6000), ..Overrides::default() };
        assert_eq!(load_from(&overrides, env).unwrap().public.port, 6000);
    }

    #[test]
    fn mistakes_are_named_with_their_key_and_what_was_expected() {
        for (text, parts) in [
            ("[public]\nport = \"many\"", ["public.port", "many", "u16"].as_slice()),
            ("[public]\nprot = 1", &["public", "prot", "unknown field", "port"]),
            ("[auth]\nmode = \"maybe\"", &["auth.mode", "maybe", "jwt"]),
            ("[auth]\nmode = \"jwt\"", &["auth.mode", "auth.secret"]),
            ("[auth]\nsecret = \"a long secret\"\nsecret_file = \"x\"", &["only one of"]),
            ("[engine]\nping_interval = \"soon\"", &["engine.ping_interval"]),
            ("[ice]\nturn = [\"turn:x\"]", &["ice.turn_secret"]),
            ("bus = \"nats\"", &["bus", "nats", "memory"]),
            ("bus = \"redis://x\"", &["bus is \"redis://x\"", "nats://"]),
            ("store = \"redis://\"", &["store is", "redis+cluster://"]),
            ("bus = \"nats://x\"", &["either all"]),
            (
                "bus = \"nats://x\"\nstore = \"redis://x\"\ndirectory = \"etcd://x\"",
                &["auth.mode is \"open\"", "auth.open_in_cluster"],
            ),
            ("not toml", &["TOML"]),
        ] {
            let error = with_file(text).unwrap_err().to_string();
            for part in parts {
                assert!(error.contains(part), "{error:?} lacks {part:?}");
            }
            assert!(!error.contains('\n'), "{error:?}");
        }
    }

    #[test]
    fn a_secret_is_never_part_of_an_error() {
        let error = with_file("[auth]\nsecret = 123456789").unwrap_err().to_string();
        assert!(error.contains("auth.secret") && !error.contains("123456789"), "{error}");
    }

    #[test]
    fn queues_hold_something_and_timers_wait() {
        let error = with_file("[cluster]\nbus_queue = 0").unwrap_err().to_string();
        assert!(error.contains("cluster.bus_queue is 0; expected at least 1"), "{error}");
        let error = with_file("[engine]\nping_interval = \"0s\"").unwrap_err().to_string();
        assert!(error.contains("engine.ping_interval is 0s"), "{error}");
    }

    #[test]
    fn an_unreadable_file_is_named() {
        let overrides = Overrides { file: Some("no/such/file.toml".into()), ..Overrides::default() };
        let error = load_from(&overrides, |_| None).unwrap_err().to_string();
        assert!(error.contains("no/such/file.toml"), "{error}");
    }

    #[test]
    fn a_bad_port_in_the_environment_is_named() {
        let env = |name: &str| (name == "SOCKET_PORT").then(|| "http".to_owned());
        let error = load_from(&Overrides::default(), env).unwrap_err().to_string();
        assert!(error.contains("SOCKET_PORT") && error.contains("http"), "{error}");
    }
}
