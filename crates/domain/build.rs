//! Compiles `proto/` to the messages of [`wire::proto`] and a descriptor set for reflection.

use std::{env, error::Error, fs, path::PathBuf};

const FILES: [&str; 15] = [
    "identity",
    "room",
    "matching",
    "command",
    "publication",
    "event",
    "outcome",
    "delivery",
    "link",
    "presence",
    "rooms",
    "gateway",
    "relay",
    "node",
    "admin",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true);
    for name in FILES {
        compiler.open_file(root.join(format!("heliograph/v1/{name}.proto")))?;
    }
    let descriptors = compiler.file_descriptor_set();

    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("heliograph.v1.descriptors"), compiler.encode_file_descriptor_set())?;
    prost_build::Config::new()
        // `Bytes` are slices of the received buffer: payloads are not copied when they are decoded.
        .bytes(["."])
        .compile_fds(descriptors)?;
    Ok(())
}
