//! Messages in rooms: one sends, every member hears it, the sender too, and the sender gets an acknowledgement.

use std::time::Duration;

use super::{Figure, PATIENCE, microseconds_each};
use crate::Failure;
use crate::contender::Contender;
use crate::load::{Crowd, Kind, Plan, steadily};

const USERS: usize = 1_000;

/// Deliveries a second: well below what any contender can do on one core.
const RATE: f64 = 24_000.0;

/// In small rooms the messages and not the deliveries are the load.
const MOST_MESSAGES: f64 = 8_000.0;

const WARM_UP: Duration = Duration::from_secs(1);

/// CPU for each delivery.
pub(super) async fn take(contender: &Contender, room_size: usize, load: Duration) -> Result<Vec<Figure>, Failure> {
    let server = contender.start().await?;
    let plan = Plan { users: USERS, room_size };
    let crowd = Crowd::gather(&[server.address()], plan).await?;
    server.rest().await?;
    let rate = (RATE / room_size as f64).min(MOST_MESSAGES);
    let text = || "x".repeat(100);
    let heard_before = talk(&crowd, rate, WARM_UP, 0, text).await?;
    let before = server.cpu()?;
    let deliveries = talk(&crowd, rate, load, heard_before, text).await? - heard_before;
    let cpu = server.cpu()?.saturating_sub(before);
    Ok(vec![Figure {
        of: format!("CPU \u{b5}s per delivery, rooms of {room_size}"),
        value: microseconds_each(cpu, deliveries),
    }])
}

/// Lets the rooms and in each room the members take turns, with so many messages a second; gives what has been
/// heard since the crowd came.
pub(crate) async fn talk(
    crowd: &Crowd,
    rate: f64,
    duration: Duration,
    heard: u64,
    text: impl Fn() -> String,
) -> Result<u64, Failure> {
    let size = crowd.room_size();
    let rooms = crowd.rooms();
    let sent = steadily(rate, duration, |number| {
        let turn = number as usize;
        let member = (turn / rooms) % size;
        let user = &crowd.users()[(turn % rooms) * size + member];
        let text = text();
        user.send(&format!(r#"42{number}["message:send",{{"roomId":"{}","content":"{text}"}}]"#, user.room))
    })
    .await?;
    let wanted = heard + sent * size as u64;
    crowd.heard().reaches(Kind::Message, wanted, PATIENCE).await?;
    Ok(wanted)
}
