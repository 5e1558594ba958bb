//! URLs that name several servers.

use percent_encoding::percent_decode_str;

/// What `scheme://[user[:password]@]host[:port][,host[:port]]…` says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: &'static str,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// Each as `host:port`; at least one.
    pub(crate) hosts: Vec<String>,
}

impl Address {
    /// Reads a URL with one of `schemes`. User and password are percent-decoded. A host without port
    /// has the `port`.
    ///
    /// # Errors
    /// What is wrong with it. The text shows nothing of user and password.
    pub(crate) fn parse(url: &str, schemes: &[&'static str], port: u16) -> Result<Self, String> {
        let (found, rest) = url.split_once("://").unwrap_or(("", url));
        let expected = || schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" or ");
        let scheme = *schemes
            .iter()
            .find(|scheme| **scheme == found)
            .ok_or_else(|| format!("it must begin with {}", expected()))?;
        // The last one: a password may contain others.
        let (credentials, hosts) = match rest.rsplit_once('@') {
            Some((credentials, hosts)) => (Some(credentials), hosts),
            None => (None, rest),
        };
        let (user, password) =
            match credentials.map(|text| text.split_once(':').map_or((text, None), |(u, p)| (u, Some(p)))) {
                Some((user, password)) => (Some(decoded(user)?), password.map(decoded).transpose()?),
                None => (None, None),
            };
        let repeated = format!("{scheme}://");
        let hosts = hosts
            .trim_end_matches('/')
            .split(',')
            .map(|host| with_port(host.trim().trim_start_matches(&repeated), port));
        Ok(Self { scheme, user, password, hosts: hosts.collect::<Result<_, _>>()? })
    }

    /// The hosts as they are shown.
    pub(crate) fn shown(&self) -> String {
        self.hosts.join(",")
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| "user or password is not UTF-8 when percent-decoded".to_owned())
}

fn with_port(host: &str, default: u16) -> Result<String, String> {
    // An IPv6 address is full of colons and stands in brackets.
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let bare = name.is_empty() || name.contains(['/', '?', '#', ' ']) || (name.contains(':') && !name.starts_with('['));
    match port.map(str::parse::<u16>) {
        _ if bare => Err(format!("`{host}` is no host, expected `name:port` or `[address]:port`")),
        Some(Err(_)) => Err(format!("`{host}` has no valid port")),
        Some(Ok(port)) => Ok(format!("{name}:{port}")),
        None => Ok(format!("{name}:{default}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, String> {
        Address::parse(url, &["nats", "tls"], 4222)
    }

    fn address(scheme: &'static str, user: Option<&str>, password: Option<&str>, hosts: &[&str]) -> Address {
        Address {
            scheme,
            user: user.map(str::to_owned),
            password: password.map(str::to_owned),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        }
    }

    #[test]
    fn a_list_of_servers_with_credentials_is_understood() {
        for (url, expected) in [
            ("nats://a", address("nats", None, None, &["a:4222"])),
            ("nats://a:1,b,[::1]:2,[::1]/", address("nats", None, None, &["a:1", "b:4222", "[::1]:2", "[::1]:4222"])),
            ("tls://app:p%40ss@a:1,tls://b:2", address("tls", Some("app"), Some("p@ss"), &["a:1", "b:2"])),
            ("nats://app:p@ss:word@a:1", address("nats", Some("app"), Some("p@ss:word"), &["a:1"])),
            ("nats://token@a:1", address("nats", Some("token"), None, &["a:1"])),
        ] {
            assert!(parse(url) == Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_the_password() {
        for url in [
            "a:4222",
            "http://secret@a",
            "nats://",
            "nats://secret@a:b",
            "nats://secret@a,,b",
            "nats://::1",
            "nats://a/b",
        ] {
            let reason = parse(url).err().expect(url);
            assert!(!reason.contains("secret"), "{reason}");
        }
    }
}
