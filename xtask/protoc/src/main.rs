//! What `protoc` does for build scripts, for machines without one: it compiles `.proto` files to a set of
//! descriptors. `protoc.sh` builds and runs it.

mod arguments;

use std::{fs, process::ExitCode};

use arguments::Arguments;

fn main() -> ExitCode {
    match Arguments::parse(std::env::args_os().skip(1)).and_then(|arguments| compile(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("heliograph-protoc: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compile(arguments: &Arguments) -> Result<(), String> {
    let mut compiler = protox::Compiler::new(&arguments.directories).map_err(|error| format!("{error:?}"))?;
    compiler.include_imports(arguments.imports).include_source_info(arguments.source_info);
    for file in &arguments.files {
        // The error's debug form is the one with file and line.
        compiler.open_file(file).map_err(|error| format!("{error:?}"))?;
    }
    let output = &arguments.output;
    fs::write(output, compiler.encode_file_descriptor_set())
        .map_err(|error| format!("cannot write {}: {error}", output.display()))
}
