//! Where the servers are: the URLs that a Redis store understands.

use super::dial::Place;
use crate::connect;

/// How the servers are organised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One server.
    Single,
    /// The servers of a Redis Cluster.
    Cluster,
    /// Sentinels, which know the server.
    Sentinel,
}

/// The beginnings of URLs: what they mean, whether with TLS, and the port if none is given.
const SCHEMES: [(&str, Kind, bool, u16); 6] = [
    ("redis", Kind::Single, false, 6379),
    ("rediss", Kind::Single, true, 6379),
    ("redis+cluster", Kind::Cluster, false, 6379),
    ("rediss+cluster", Kind::Cluster, true, 6379),
    ("redis+sentinel", Kind::Sentinel, false, 26379),
    ("rediss+sentinel", Kind::Sentinel, true, 26379),
];

/// What a URL says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) kind: Kind,
    pub(super) tls: bool,
    pub(super) places: Vec<Place>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// The name by which sentinels know the master; empty without sentinels.
    pub(super) master: String,
    pub(super) database: i64,
}

impl Address {
    /// Reads a URL: `redis://host/database`, `redis+cluster://host,host` or
    /// `redis+sentinel://host,host/master/database`.
    ///
    /// # Errors
    /// What is wrong with it, without user and password.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (servers, path) = split_path(url);
        let address = connect::Address::parse(servers, &SCHEMES.map(|(scheme, ..)| scheme), 0)?;
        let scheme = SCHEMES.iter().find(|(scheme, ..)| *scheme == address.scheme);
        let &(_, kind, tls, port) = scheme.ok_or("it has an unknown beginning")?;
        let mut path: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        let master = match kind {
            Kind::Sentinel if path.is_empty() => {
                return Err("the master's name must follow the sentinels, as in host,host/name".to_owned());
            }
            Kind::Sentinel => path.remove(0).to_owned(),
            Kind::Single | Kind::Cluster => String::new(),
        };
        let database = match path[..] {
            [] => 0,
            [_, ..] if kind == Kind::Cluster => return Err("a Redis Cluster has no numbered databases".to_owned()),
            [number] => number.parse().ok().filter(|number| *number >= 0).ok_or("the database must be a number")?,
            [..] => return Err("nothing may follow the number of the database".to_owned()),
        };
        let place = |host: &String| {
            let place = Place::parse(host).ok_or_else(|| format!("`{host}` is no host"))?;
            Ok::<_, String>(if place.port == 0 { Place { port, ..place } } else { place })
        };
        let places = address.hosts.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        if kind == Kind::Single && places.len() > 1 {
            return Err("several servers are a cluster or sentinels: redis+cluster:// or redis+sentinel://".to_owned());
        }
        Ok(Self { kind, tls, places, user: address.user, password: address.password, master, database })
    }

    /// The servers as they may be shown.
    pub(super) fn shown(&self) -> String {
        let places: Vec<_> = self.places.iter().map(Place::to_string).collect();
        places.join(",")
    }
}

/// What is before and after the slash that ends the hosts.
fn split_path(url: &str) -> (&str, &str) {
    let scheme = url.find("://").map_or(0, |at| at + 3);
    let hosts = url.rfind('@').map_or(scheme, |at| at + 1);
    match url[hosts..].find('/') {
        Some(at) => url.split_at(hosts + at),
        None => (url, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> (Kind, bool, String, String, i64) {
        let servers = Address::parse(url).unwrap_or_else(|reason| panic!("{url}: {reason}"));
        (servers.kind, servers.tls, servers.shown(), servers.master, servers.database)
    }

    #[test]
    fn the_ways_to_organise_servers_are_understood() {
        let found =
            |kind, tls, shown: &str, master: &str, database| (kind, tls, shown.to_owned(), master.to_owned(), database);
        for (url, expected) in [
            ("redis://a", found(Kind::Single, false, "a:6379", "", 0)),
            ("rediss://a:1/3", found(Kind::Single, true, "a:1", "", 3)),
            ("redis://[::1]", found(Kind::Single, false, "[::1]:6379", "", 0)),
            ("redis+cluster://a,b:2,c/", found(Kind::Cluster, false, "a:6379,b:2,c:6379", "", 0)),
            ("redis+sentinel://a,b:2/main", found(Kind::Sentinel, false, "a:26379,b:2", "main", 0)),
            ("rediss+sentinel://a/main/7", found(Kind::Sentinel, true, "a:26379", "main", 7)),
        ] {
            assert_eq!(parse(url), expected, "{url}");
        }
    }

    #[test]
    fn a_password_may_look_like_the_rest_of_a_url() {
        let servers = Address::parse("redis://app:a/b@c%2C@host:1/2").unwrap();
        assert_eq!((servers.user.as_deref(), servers.password.as_deref()), (Some("app"), Some("a/b@c,")));
        assert_eq!((servers.shown().as_str(), servers.database), ("host:1", 2));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for (url, part) in [
            ("http://a", "must begin with"),
            ("redis://a,b", "redis+cluster://"),
            ("redis://a/b", "must be a number"),
            ("redis://a/-1", "must be a number"),
            ("redis://a/1/2", "nothing may follow"),
            ("redis+cluster://a/1", "no numbered databases"),
            ("redis+sentinel://a", "master's name"),
            ("redis://", "no host"),
        ] {
            let reason = Address::parse(url).unwrap_err();
            assert!(reason.contains(part), "{url}: {reason}");
        }
    }
}
