//! The wire form: types generated from `proto/heliograph/v1`.
//!
//! Code outside this crate meets them only as requests and responses of the gRPC services; their
//! parts convert from and to domain values by `From` and `TryFrom`.

// Generated code is not written to the workspace's lints.
#![allow(clippy::all)]

include!(concat!(env!("OUT_DIR"), "/heliograph.v1.rs"));

/// The compiled proto files, an encoded `google.protobuf.FileDescriptorSet`, as the gRPC
/// reflection service serves them.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/heliograph.v1.descriptors"));
