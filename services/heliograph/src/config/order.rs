//! The keys in the order in which they are declared, which their schema does not keep.

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor, value::Error},
    forward_to_deserialize_any,
};

use super::{
    Auth, Calls, Cluster, Config, Emitter, Engine, Etcd, Grpc, Ice, Limits, Log, Matching, Mesh, Nats, Operations,
    Outbound, Policy, Presence, Public, Redis, Rooms,
};

/// The names of a section's keys; of the sections, if it is the empty one.
pub(super) fn names(section: &str) -> Vec<&'static str> {
    match section {
        "" => of::<Config>(),
        "public" => of::<Public>(),
        "operations" => of::<Operations>(),
        "auth" => of::<Auth>(),
        "engine" => of::<Engine>(),
        "mesh" => of::<Mesh>(),
        "outbound" => of::<Outbound>(),
        "limits" => of::<Limits>(),
        "rooms" => of::<Rooms>(),
        "calls" => of::<Calls>(),
        "matching" => of::<Matching>(),
        "policy" => of::<Policy>(),
        "presence" => of::<Presence>(),
        "cluster" => of::<Cluster>(),
        "nats" => of::<Nats>(),
        "redis" => of::<Redis>(),
        "emitter" => of::<Emitter>(),
        "etcd" => of::<Etcd>(),
        "grpc" => of::<Grpc>(),
        "ice" => of::<Ice>(),
        "log" => of::<Log>(),
        _ => Vec::new(),
    }
}

fn of<T: for<'de> Deserialize<'de>>() -> Vec<&'static str> {
    let mut names = Vec::new();
    // It asks for the fields that it knows, and is told that there is nothing.
    let _ = T::deserialize(Names(&mut names));
    names
}

struct Names<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields);
        Err(Error::custom("nothing"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("nothing"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
