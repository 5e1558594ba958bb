//! Compiles what sets the allocator up, for the binary alone.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=src/allocator.c");
    let mut build = cc::Build::new();
    if let Ok(headers) = env::var("DEP_MIMALLOC_INCLUDE_DIR") {
        build.include(headers);
    }
    for object in build.file("src/allocator.c").compile_intermediates() {
        println!("cargo:rustc-link-arg-bins={}", object.display());
    }
}
