//! Files in words, for clients that show text alone.

use std::borrow::Cow;

use heliograph_domain::{content::Content, event::Message, text::RawJson};

use crate::json::{Fields, string};

/// What a message says to clients of a vocabulary without files of its own: its text, and a line
/// `[file] <name> <url>` for the file or voice that it is. With `attachments`, for those as well.
/// `None` if it is encrypted: that passes to those only who know of it.
pub(crate) fn in_words(message: &Message, attachments: bool) -> Option<Cow<'_, str>> {
    let text = message.text.as_str();
    let mut lines = Vec::new();
    match &message.content {
        Content::Text => {}
        Content::File(body) | Content::Voice(body) => lines.push(of_content(body)),
        Content::Encrypted(_) => return None,
    }
    if let Some(attachments) = message.attachments.as_ref().filter(|_| attachments) {
        let items: Vec<Fields<'_>> = serde_json::from_str(attachments.as_str()).unwrap_or_default();
        lines.extend(items.iter().map(line));
    }
    if lines.is_empty() {
        return Some(Cow::Borrowed(text));
    }
    let text = Some(text.trim_end()).filter(|text| !text.is_empty());
    Some(Cow::Owned(text.into_iter().chain(lines.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")))
}

/// What a message brings along, as a JSON array of objects, for vocabularies that have a field for it.
pub(crate) fn attachments(message: &Message) -> Option<Cow<'_, str>> {
    match &message.content {
        Content::File(body) | Content::Voice(body) if body.as_str().starts_with('{') => {
            Some(Cow::Owned(format!("[{}]", body.as_str())))
        }
        _ => message.attachments.as_ref().map(|json| Cow::Borrowed(json.as_str())),
    }
}

fn of_content(body: &RawJson) -> String {
    match Fields::parse(body.as_str()) {
        Some(fields) => line(&fields),
        None => {
            string(body.as_str()).filter(|url| is_url(url)).map_or("[file]".to_owned(), |url| format!("[file] {url}"))
        }
    }
}

fn line(item: &Fields<'_>) -> String {
    let name = item.value("name").and_then(string);
    let url = item.value("url").and_then(string).filter(|url| is_url(url));
    let parts = [Some("[file]".into()), name, url];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A file that is its own URL is nothing to read.
fn is_url(text: &str) -> bool {
    !text.starts_with("data:")
}
