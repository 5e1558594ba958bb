//! The part of `protoc`'s command line that prost's builder uses.

use std::{ffi::OsString, path::PathBuf};

/// What to compile, and where to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `-I`: where imports are looked for, the first place first. The current directory if there is none.
    pub(crate) directories: Vec<PathBuf>,
    /// `--include_imports`: the output holds what the files import, too.
    pub(crate) imports: bool,
    /// `--include_source_info`: the output holds comments and positions.
    pub(crate) source_info: bool,
    /// `-o`: where the descriptors go.
    pub(crate) output: PathBuf,
    /// The files to compile.
    pub(crate) files: Vec<PathBuf>,
}

impl Arguments {
    /// Reads a command line without the program's name.
    ///
    /// # Errors
    /// What it lacks, or what only a real `protoc` understands.
    pub(crate) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let (mut directories, mut files) = (Vec::new(), Vec::new());
        let (mut imports, mut source_info, mut output) = (false, false, None);
        while let Some(word) = words.next() {
            let mut value =
                || words.next().map(PathBuf::from).ok_or_else(|| format!("{} needs a path", word.display()));
            match word.to_str() {
                Some("-I") => directories.push(value()?),
                Some("-o") => output = Some(value()?),
                Some("--include_imports") => imports = true,
                Some("--include_source_info") => source_info = true,
                Some(option) if option.starts_with('-') => {
                    return Err(format!("`{option}` is not understood: install protoc, with its include files"));
                }
                _ => files.push(PathBuf::from(word)),
            }
        }
        if directories.is_empty() {
            directories.push(PathBuf::from("."));
        }
        let output = output.ok_or("no output is named with -o")?;
        if files.is_empty() {
            return Err("no files are named".to_owned());
        }
        Ok(Self { directories, imports, source_info, output, files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_command_line_of_prost_is_understood() {
        let parsed =
            parse("--include_imports --include_source_info -o set -I proto -I more proto/a.proto proto/b.proto");
        let expected = Arguments {
            directories: vec!["proto".into(), "more".into()],
            imports: true,
            source_info: true,
            output: "set".into(),
            files: vec!["proto/a.proto".into(), "proto/b.proto".into()],
        };
        assert_eq!(parsed, Ok(expected));
        let parsed = parse("-o set a.proto").unwrap();
        assert!(!parsed.imports && !parsed.source_info && parsed.directories == [PathBuf::from(".")]);
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        for (line, word) in [
            ("-o set --python_out=x a.proto", "--python_out=x"),
            ("a.proto -o", "-o needs a path"),
            ("a.proto", "-o"),
            ("-o set", "no files"),
        ] {
            let reason = parse(line).unwrap_err();
            assert!(reason.contains(word), "{reason}");
        }
    }
}
