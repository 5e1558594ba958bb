//! Getting in: WebSocket handshake, CONNECT with a token, joining a room of one's own.

use super::{Figure, microseconds_each};
use crate::Failure;
use crate::contender::Contender;
use crate::load::{Crowd, Plan};

const PLAN: Plan = Plan { users: 3_000, room_size: 1 };

/// The first users make a server grow its tables; they are not counted.
const FIRST: Plan = Plan { users: 500, room_size: 1 };

/// CPU for each user.
pub(super) async fn take(contender: &Contender) -> Result<Vec<Figure>, Failure> {
    let server = contender.start().await?;
    let first = Crowd::gather(&[server.address()], FIRST).await?;
    server.rest().await?;
    let before = server.cpu()?;
    let crowd = Crowd::gather(&[server.address()], PLAN).await?;
    server.rest().await?;
    let cpu = server.cpu()?.saturating_sub(before);
    drop((first, crowd));
    Ok(vec![Figure {
        of: "CPU \u{b5}s to connect, verify and join".to_owned(),
        value: microseconds_each(cpu, PLAN.users as u64),
    }])
}
