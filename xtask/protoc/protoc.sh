#!/bin/sh
# The `protoc` of this repository's builds (.cargo/config.toml): the system's, where there is one that can
# do what is asked, else one in Rust, which is built once.
set -eu

# A `protoc` without its include files fails here, and so does a fault in the files; the second is told below.
if command -v protoc >/dev/null && protoc "$@" 2>/dev/null; then
    exit 0
fi

root=$(cd "$(dirname "$0")/../.." && pwd)
# A relative one would be relative to where the outer cargo was started.
case ${CARGO_TARGET_DIR-} in
    /*) target=$CARGO_TARGET_DIR/protoc ;;
    *) target=$root/target/protoc ;;
esac

# The outer cargo holds its target directory's lock while this runs, hence another directory. What it was told
# about wrappers, flags and targets is meant for its own crates.
unset RUSTC_WORKSPACE_WRAPPER RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET
"${CARGO:-cargo}" build --quiet --locked --manifest-path "$root/Cargo.toml" --package heliograph-protoc \
    --target-dir "$target" >&2
exec "$target/debug/heliograph-protoc" "$@"
