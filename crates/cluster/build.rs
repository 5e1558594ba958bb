//! Generates the gRPC services of `proto/`: Heliograph's own, whose messages are those of
//! `heliograph-domain`.

use std::{env, error::Error, path::PathBuf};

const FILES: [&str; 7] = ["rooms", "presence", "gateway", "link", "relay", "node", "admin"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true);
    for name in FILES {
        compiler.open_file(root.join(format!("heliograph/v1/{name}.proto")))?;
    }
    tonic_prost_build::configure()
        // Transports are chosen where processes are put together: a client may also be local.
        .build_transport(false)
        .extern_path(".heliograph.v1", "::heliograph_domain::wire::proto")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
