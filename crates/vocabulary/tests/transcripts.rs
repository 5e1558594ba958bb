//! The transcripts in `tests/transcripts` hold, in both directions. See the README there.

#![expect(clippy::unwrap_used, reason = "a transcript that cannot be played is a failed test")]

mod dialect;
mod values;

use std::{env, fs, path::PathBuf};

use dialect::{Mesh, SocketIo, Spoken, Step};
use heliograph_domain::room::RoomId;
use heliograph_vocabulary::{Dialect, mesh};

const SYNAPSE: SocketIo = SocketIo(Dialect::Synapse, "synapse");
const GUEST_CHAT: SocketIo = SocketIo(Dialect::GuestChat, "guest-chat");
const DIRECT_CHAT: SocketIo = SocketIo(Dialect::DirectChat, "direct-chat");
const QUEUE: SocketIo = SocketIo(Dialect::CollaborationQueue, "collaboration-queue");
const MATCHING: SocketIo = SocketIo(Dialect::CollaborationMatching, "collaboration-matching");

#[test]
fn synapse_clients_say_and_hear_what_the_transcripts_show() {
    check(&SYNAPSE);
}

#[test]
fn guest_chat_clients_say_and_hear_what_the_transcripts_show() {
    check(&GUEST_CHAT);
}

#[test]
fn direct_chat_clients_say_and_hear_what_the_transcripts_show() {
    check(&DIRECT_CHAT);
}

#[test]
fn clients_of_queues_say_and_hear_what_the_transcripts_show() {
    check(&QUEUE);
}

#[test]
fn clients_of_matching_say_and_hear_what_the_transcripts_show() {
    check(&MATCHING);
}

#[test]
fn mesh_clients_say_and_hear_what_the_transcripts_show() {
    check(&Mesh);
}

/// Told to a client that has said nothing yet.
const GREETINGS: [&str; 1] = ["connection:established"];

#[test]
fn every_name_of_the_vocabularies_has_a_transcript() {
    let said = |mark, name: &str| [format!("{mark} {name} "), format!("{mark} {{\"type\":\"{name}\"")];
    let socket_io = [SYNAPSE, GUEST_CHAT, DIRECT_CHAT, QUEUE, MATCHING]
        .map(|SocketIo(dialect, folder)| (folder, dialect.client_events(), dialect.server_events()));
    let mesh = [(Mesh.name(), &mesh::CLIENT_TYPES[..], &mesh::SERVER_TYPES[..])];
    for (dialect, client, server) in socket_io.into_iter().chain(mesh) {
        let all: String = files(dialect).into_iter().map(|(_, text)| text).collect();
        let shown = |mark, name: &&str| {
            said(mark, name).iter().any(|start| all.lines().any(|line| line.starts_with(start.as_str())))
        };
        let missing: Vec<_> = client
            .iter()
            .filter(|name| !shown('>', name))
            .chain(server.iter().filter(|name| !GREETINGS.contains(name) && !shown('<', name)))
            .collect();
        assert!(missing.is_empty(), "{dialect}: no transcript shows {missing:?}");
    }
}

fn files(dialect: &str) -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(dialect);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    files
}

fn check(dialect: &impl Spoken) {
    let rewrite = env::var_os("UPDATE_TRANSCRIPTS").is_some();
    for (path, written) in files(dialect.name()) {
        let actual = play(dialect, &written);
        if rewrite {
            fs::write(&path, &actual).unwrap();
            continue;
        }
        for (number, (written, actual)) in written.lines().zip(actual.lines()).enumerate() {
            assert_eq!(written, actual, "{}:{}", path.display(), number + 1);
        }
        assert_eq!(written, actual, "{}", path.display());
    }
}

/// The transcript with everything that is not given worked out anew.
fn play(dialect: &impl Spoken, written: &str) -> String {
    let mut room = None;
    let blocks = written.trim_end().split("\n\n").map(|block| play_block(dialect, &mut room, block));
    blocks.collect::<Vec<_>>().join("\n\n") + "\n"
}

fn play_block(dialect: &impl Spoken, room: &mut Option<RoomId>, block: &str) -> String {
    let mut out = Vec::new();
    let mut step = None;
    for line in block.lines() {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        match mark {
            "#" => out.push(line.to_owned()),
            "@" => {
                *room = (rest != "-").then(|| values::room(rest));
                out.push(line.to_owned());
            }
            ">" | "=" | "!" if step.is_none() => {
                out.push(line.to_owned());
                let body = block.lines().find_map(|line| line.strip_prefix("body "));
                let (next, lines) = Step::begin(dialect, room.as_ref(), mark, rest, body);
                out.extend(lines);
                step = Some(next);
            }
            "+" => {
                out.push(line.to_owned());
                out.extend(step.as_ref().unwrap().outcome(dialect, rest));
            }
            _ => {}
        }
    }
    out.join("\n")
}
