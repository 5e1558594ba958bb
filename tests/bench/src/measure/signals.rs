//! Signals from user to user, as two browsers exchange candidates.

use std::time::Duration;

use super::{Figure, PATIENCE, microseconds_each};
use crate::Failure;
use crate::contender::Contender;
use crate::load::{Crowd, Kind, Plan, steadily};

const PLAN: Plan = Plan { users: 1_000, room_size: 2 };

/// Signals a second.
const RATE: f64 = 8_000.0;

const WARM_UP: Duration = Duration::from_secs(1);

/// CPU for each signal.
pub(super) async fn take(contender: &Contender, load: Duration) -> Result<Vec<Figure>, Failure> {
    let server = contender.start().await?;
    let crowd = Crowd::gather(&[server.address()], PLAN).await?;
    server.rest().await?;
    let heard_before = exchange(&crowd, RATE, WARM_UP, 0, String::new).await?;
    let before = server.cpu()?;
    let signals = exchange(&crowd, RATE, load, heard_before, String::new).await? - heard_before;
    let cpu = server.cpu()?.saturating_sub(before);
    Ok(vec![Figure { of: "CPU \u{b5}s per signal, one to one".to_owned(), value: microseconds_each(cpu, signals) }])
}

/// Lets the users signal to each other, so many times a second, with `mark` in each candidate; gives what has been
/// heard since the crowd came.
pub(crate) async fn exchange(
    crowd: &Crowd,
    rate: f64,
    duration: Duration,
    heard: u64,
    mark: impl Fn() -> String,
) -> Result<u64, Failure> {
    let users = crowd.users();
    let candidate = "candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host generation 0 ufrag abcd";
    let sent = steadily(rate, duration, |number| {
        let sender = number as usize % users.len();
        // Two users share a room, and its name is the name of their call as well.
        let (sender, addressee) = (&users[sender], &users[sender ^ 1]);
        let mark = mark();
        sender.send(&format!(
            r#"42{number}["webrtc-signal",{{"to":"{}","callId":"{}","signal":{{"type":"candidate","candidate":{{"candidate":"{candidate}{mark}","sdpMid":"0","sdpMLineIndex":0}}}}}}]"#,
            addressee.id, sender.room
        ))
    })
    .await?;
    let wanted = heard + sent;
    crowd.heard().reaches(Kind::Signal, wanted, PATIENCE).await?;
    Ok(wanted)
}
