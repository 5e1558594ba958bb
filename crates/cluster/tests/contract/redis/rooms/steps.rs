//! Steps on a room as values: they can be shown, sent again, and sent to several stores.

use heliograph_cluster::store::{
    Append, AppendOutcome, Attend, AttendOutcome, Attendant, Cursor, Expelled, Idle, Left, MarkOutcome, MediaOutcome,
    Page, PageRange, Preparation, React, ReactOutcome, Rooms, StateChange, StateOutcome, StoreError, SwitchOutcome,
    View, Write, WriteOutcome,
};
use heliograph_domain::{
    command::Mark,
    id::{CommandId, SocketId, UserId},
    room::{MediaChange, RoomId},
    time::Timestamp,
    user::User,
};

#[derive(Clone, Debug)]
pub(super) enum Step {
    Attend(Attend),
    Leave { command: CommandId, socket: SocketId, user: UserId, for_good: bool },
    Append(Append),
    React(React),
    Write(Write),
    SetState { user: UserId, change: StateChange },
    Prepare(Preparation),
    Expel { command: CommandId, user: UserId, ban: bool },
    LiftBan { user: UserId },
    Peers,
    CloseIdle,
    ChangeMedia { by: SocketId, target: SocketId, change: MediaChange, as_admin: bool },
    SwitchChat { by: SocketId, enabled: bool, as_admin: bool },
    View { user: Option<UserId>, socket: Option<SocketId>, addressee: Option<SocketId> },
    Mark { user: UserId, cursor: Cursor, up_to: Mark },
    Members { limit: usize },
    Read { range: PageRange, limit: usize },
    Close,
    List { limit: usize },
}

#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Attend(AttendOutcome),
    Leave(Left),
    Append(AppendOutcome),
    React(ReactOutcome),
    Write(WriteOutcome),
    SetState(StateOutcome),
    Done,
    Expel(Expelled),
    Peers(Vec<Attendant>),
    CloseIdle(Idle),
    ChangeMedia(MediaOutcome),
    SwitchChat(SwitchOutcome),
    View(View),
    Mark(MarkOutcome),
    Members(Option<Vec<User>>),
    Read(Page),
    Close(Vec<Attendant>, Vec<User>),
    List(Vec<RoomId>),
}

impl Step {
    pub(super) async fn carry_out(&self, rooms: &dyn Rooms, room: &RoomId) -> Result<Answer, StoreError> {
        Ok(match self.clone() {
            Self::Attend(step) => Answer::Attend(rooms.attend(room, step).await?),
            Self::Leave { command, socket, user, for_good } => {
                Answer::Leave(rooms.leave(room, command, &socket, &user, for_good).await?)
            }
            Self::Append(step) => Answer::Append(rooms.append(room, step).await?),
            Self::React(step) => Answer::React(rooms.react(room, step).await?),
            Self::Write(step) => Answer::Write(rooms.write(room, step).await?),
            Self::SetState { user, change } => Answer::SetState(rooms.set_state(room, &user, change).await?),
            Self::Prepare(step) => {
                rooms.prepare(room, step).await?;
                Answer::Done
            }
            Self::Expel { command, user, ban } => Answer::Expel(rooms.expel(room, command, &user, ban).await?),
            Self::LiftBan { user } => {
                rooms.lift_ban(room, &user).await?;
                Answer::Done
            }
            Self::Peers => Answer::Peers(rooms.peers(room).await?),
            // Each store goes by a clock of its own, but none is so late.
            Self::CloseIdle => Answer::CloseIdle(rooms.close_idle(room, Timestamp::from_millis(1 << 50)).await?),
            Self::ChangeMedia { by, target, change, as_admin } => {
                Answer::ChangeMedia(rooms.change_media(room, &by, &target, change, as_admin).await?)
            }
            Self::SwitchChat { by, enabled, as_admin } => {
                Answer::SwitchChat(rooms.switch_chat(room, &by, enabled, as_admin).await?)
            }
            Self::View { user, socket, addressee } => {
                Answer::View(rooms.view(room, user.as_ref(), socket.as_ref(), addressee.as_ref()).await?)
            }
            Self::Mark { user, cursor, up_to } => Answer::Mark(rooms.mark(room, &user, cursor, &up_to).await?),
            Self::Members { limit } => Answer::Members(rooms.members(room, limit).await?),
            Self::Read { range, limit } => Answer::Read(rooms.read(room, range, limit).await?),
            Self::Close => {
                let (attendants, members) = rooms.close(room).await?;
                Answer::Close(attendants, members)
            }
            Self::List { limit } => Answer::List(everything(rooms, limit).await?),
        })
    }
}

/// All rooms, page by page. Each store has an order of its own.
async fn everything(rooms: &dyn Rooms, limit: usize) -> Result<Vec<RoomId>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = rooms.list(all.last(), limit).await?;
        if page.is_empty() {
            all.sort_unstable();
            return Ok(all);
        }
        all.extend(page);
    }
}
