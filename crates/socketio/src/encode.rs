//! The text of packets that a server sends.
//!
//! Arguments are JSON texts and go out as they are, so nothing here makes sure that they are JSON.
//! A packet with attachments is its text and then each attachment as a binary message; the
//! placeholders for them stand in the arguments already. Namespaces are given by their full name;
//! the main one, `/`, is not written.

use std::fmt::Write as _;

use crate::AckId;

/// An event: `2…`, or `5…` with attachments.
///
/// `offset` is the position that the client returns for recovery; it becomes one more argument, a
/// string.
#[must_use]
pub fn event(
    namespace: &str,
    name: &str,
    args: &[impl AsRef<str>],
    offset: Option<&str>,
    attachments: usize,
) -> String {
    named(namespace, name, args, None, offset, attachments)
}

/// An event that asks for an acknowledgement with this id.
#[must_use]
pub fn question(namespace: &str, name: &str, args: &[impl AsRef<str>], id: AckId, attachments: usize) -> String {
    named(namespace, name, args, Some(id), None, attachments)
}

/// The acknowledgement of a client's event: `3…`, or `6…` with attachments.
#[must_use]
pub fn ack(namespace: &str, id: AckId, args: &[impl AsRef<str>], attachments: usize) -> String {
    let mut text = head(['3', '6'], namespace, Some(id), attachments, length(args));
    text.push('[');
    push_list(&mut text, args);
    text.push(']');
    text
}

/// The answer to a CONNECT: `0{"sid":…}`, with `pid` behind it if the session can be recovered.
#[must_use]
pub fn connect(namespace: &str, sid: &str, pid: Option<&str>) -> String {
    let mut text = head(['0', '0'], namespace, None, 0, 0);
    text.push_str(r#"{"sid":"#);
    push_quoted(&mut text, sid);
    if let Some(pid) = pid {
        text.push_str(r#","pid":"#);
        push_quoted(&mut text, pid);
    }
    text.push('}');
    text
}

/// The refusal of a CONNECT: `4{"message":…}`, with `data`, a JSON text, behind it if there is any.
#[must_use]
pub fn connect_error(namespace: &str, message: &str, data: Option<&str>) -> String {
    let mut text = head(['4', '4'], namespace, None, 0, 0);
    text.push_str(r#"{"message":"#);
    push_quoted(&mut text, message);
    if let Some(data) = data {
        text.push_str(r#","data":"#);
        text.push_str(data);
    }
    text.push('}');
    text
}

/// The end of the client's stay in a namespace: `1`.
#[must_use]
pub fn disconnect(namespace: &str) -> String {
    head(['1', '1'], namespace, None, 0, 0)
}

fn named(
    namespace: &str,
    name: &str,
    args: &[impl AsRef<str>],
    id: Option<AckId>,
    offset: Option<&str>,
    attachments: usize,
) -> String {
    let capacity = name.len() + length(args) + offset.map_or(0, str::len);
    let mut text = head(['2', '5'], namespace, id, attachments, capacity);
    text.push('[');
    push_quoted(&mut text, name);
    if !args.is_empty() {
        text.push(',');
        push_list(&mut text, args);
    }
    if let Some(offset) = offset {
        text.push(',');
        push_quoted(&mut text, offset);
    }
    text.push(']');
    text
}

/// Everything before the data; `kinds` are the types without and with attachments. The text has
/// room for `capacity` bytes more.
fn head([plain, binary]: [char; 2], namespace: &str, id: Option<AckId>, attachments: usize, capacity: usize) -> String {
    /// Type, counts, brackets and quotes.
    const AROUND: usize = 32;
    let mut text = String::with_capacity(AROUND + namespace.len() + capacity);
    if attachments == 0 {
        text.push(plain);
    } else {
        text.push(binary);
        push_number(&mut text, attachments);
        text.push('-');
    }
    if namespace != "/" {
        text.push_str(namespace);
        text.push(',');
    }
    if let Some(AckId(id)) = id {
        push_number(&mut text, id);
    }
    text
}

fn length(args: &[impl AsRef<str>]) -> usize {
    args.iter().map(|arg| arg.as_ref().len() + 1).sum()
}

fn push_list(text: &mut String, args: &[impl AsRef<str>]) {
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(arg.as_ref());
    }
}

fn push_number(text: &mut String, number: impl std::fmt::Display) {
    // Writing to a String has no error.
    let _ = write!(text, "{number}");
}

/// Appends a JSON string.
fn push_quoted(text: &mut String, content: &str) {
    // A JSON value that is a string is displayed quoted and escaped.
    let _ = write!(text, "{}", serde_json::Value::from(content));
}
