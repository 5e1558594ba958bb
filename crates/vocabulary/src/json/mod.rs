//! JSON text without values: reading the fields of one object, writing objects.

mod field;
mod fields;
mod write;

pub(crate) use field::{Field, names};
pub(crate) use fields::{Fields, string};
pub(crate) use write::{Object, extend, object};

/// Deepest nesting of JSON that is passed on from one client to another. Parsers of some clients
/// recurse, and none should fail because of what a peer sends.
const MAX_DEPTH: usize = 64;

/// Whether valid JSON text nests deeper than anybody needs.
pub fn too_deep(json: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_nesting_counts() {
        assert!(!too_deep(&format!("{}{}", "[".repeat(64), "]".repeat(64))));
        assert!(too_deep(&format!("{}{}", "[".repeat(65), "]".repeat(65))));
        assert!(!too_deep(&format!(r#""{}""#, "[".repeat(1000))));
        assert!(!too_deep(&format!(r#"["\"{}"]"#, "{".repeat(1000))));
        assert!(!too_deep(&"[],".repeat(1000)));
    }
}
