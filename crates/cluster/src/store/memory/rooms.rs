//! Rooms in memory: finds the room and carries out the step on it.

use std::{collections::BinaryHeap, sync::Arc};

use heliograph_domain::{
    command::Mark,
    id::{CommandId, SocketId, UserId},
    room::{MediaChange, RoomId},
    time::Timestamp,
    user::User,
};

use super::{
    super::{
        Append, AppendOutcome, Attend, AttendOutcome, Attendant, Cursor, Expelled, Idle, Left, MarkOutcome,
        MediaOutcome, Page, PageRange, Preparation, React, ReactOutcome, Rooms, StateChange, StateOutcome, Step,
        SwitchOutcome, View, Write, WriteOutcome,
    },
    MemoryOptions,
    clock::Clock,
    nodes::Nodes,
    room::Room,
    shards::Shards,
};

pub(super) struct MemoryRooms {
    rooms: Shards<RoomId, Box<Room>>,
    options: MemoryOptions,
    clock: Clock,
    nodes: Arc<Nodes>,
}

impl MemoryRooms {
    pub(super) fn new(options: MemoryOptions, clock: Clock, nodes: Arc<Nodes>) -> Self {
        Self { rooms: Shards::default(), options, clock, nodes }
    }

    pub(super) fn len(&self) -> usize {
        self.rooms.len()
    }

    pub(super) fn sweep(&self, shard: usize, now: Timestamp) {
        self.rooms.sweep(shard, |room| room.sweep(self.options.retention, now));
    }

    /// Does something with a room, if there is one, or one that remembers.
    fn with<T>(&self, room: &RoomId, step: impl FnOnce(&mut Room) -> T) -> Option<T> {
        let mut rooms = self.rooms.lock(room);
        rooms.get_mut(room).filter(|room| room.remembers()).map(|room| step(room))
    }
}

impl Rooms for MemoryRooms {
    fn attend<'a>(&'a self, room: &'a RoomId, mut step: Attend) -> Step<'a, AttendOutcome> {
        Box::pin(async move {
            let now = self.clock.now();
            step.actor.gateway = self.nodes.kept(&step.actor.gateway);
            let mut rooms = self.rooms.lock(room);
            let room = rooms.entry(room.clone()).or_insert_with(|| Box::new(Room::forgotten(0, now)));
            Ok(room.attend(step, &self.options, now))
        })
    }

    fn leave<'a>(
        &'a self,
        room: &'a RoomId,
        command: CommandId,
        socket: &'a SocketId,
        user: &'a UserId,
        end_membership: bool,
    ) -> Step<'a, Left> {
        Box::pin(async move {
            let now = self.clock.now();
            let left = self.with(room, |room| room.leave(command, socket, user, end_membership, &self.options, now));
            Ok(left.unwrap_or_default())
        })
    }

    fn append<'a>(&'a self, room: &'a RoomId, step: Append) -> Step<'a, AppendOutcome> {
        Box::pin(async move {
            let now = self.clock.now();
            let outcome = self.with(room, |room| room.append(step, &self.options, now));
            Ok(outcome.unwrap_or(AppendOutcome::NotMember))
        })
    }

    fn react<'a>(&'a self, room: &'a RoomId, step: React) -> Step<'a, ReactOutcome> {
        Box::pin(async move {
            let now = self.clock.now();
            let outcome = self.with(room, |room| room.react(step, &self.options, now));
            Ok(outcome.unwrap_or(ReactOutcome::NotMember))
        })
    }

    fn write<'a>(&'a self, room: &'a RoomId, step: Write) -> Step<'a, WriteOutcome> {
        Box::pin(async move {
            let now = self.clock.now();
            let outcome = self.with(room, |room| room.write(step, &self.options, now));
            Ok(outcome.unwrap_or(WriteOutcome::NotMember))
        })
    }

    fn set_state<'a>(&'a self, room: &'a RoomId, user: &'a UserId, change: StateChange) -> Step<'a, StateOutcome> {
        Box::pin(async move {
            let outcome = self.with(room, |room| room.set_state(user, change));
            Ok(outcome.unwrap_or(StateOutcome::NotMember))
        })
    }

    fn prepare<'a>(&'a self, room: &'a RoomId, step: Preparation) -> Step<'a, ()> {
        Box::pin(async move {
            let now = self.clock.now();
            let mut rooms = self.rooms.lock(room);
            rooms.entry(room.clone()).or_insert_with(|| Box::new(Room::forgotten(0, now))).prepare(
                step,
                &self.options,
                now,
            );
            Ok(())
        })
    }

    fn expel<'a>(&'a self, room: &'a RoomId, command: CommandId, user: &'a UserId, ban: bool) -> Step<'a, Expelled> {
        Box::pin(async move {
            let now = self.clock.now();
            let expelled = self.with(room, |room| room.expel(command, user, ban, &self.options, now));
            Ok(expelled.unwrap_or_default())
        })
    }

    fn lift_ban<'a>(&'a self, room: &'a RoomId, user: &'a UserId) -> Step<'a, ()> {
        Box::pin(async move {
            self.with(room, |room| room.lift_ban(user));
            Ok(())
        })
    }

    fn peers<'a>(&'a self, room: &'a RoomId) -> Step<'a, Vec<Attendant>> {
        Box::pin(async move { Ok(self.with(room, |room| room.peers()).unwrap_or_default()) })
    }

    fn close_idle<'a>(&'a self, room: &'a RoomId, since: Timestamp) -> Step<'a, Idle> {
        Box::pin(async move {
            let now = self.clock.now();
            Ok(self.with(room, |room| room.close_idle(since, now)).unwrap_or(Idle::Gone))
        })
    }

    fn change_media<'a>(
        &'a self,
        room: &'a RoomId,
        by: &'a SocketId,
        target: &'a SocketId,
        change: MediaChange,
        as_admin: bool,
    ) -> Step<'a, MediaOutcome> {
        Box::pin(async move {
            let outcome = self.with(room, |room| room.change_media(by, target, change, as_admin));
            Ok(outcome.unwrap_or(MediaOutcome::NotPeer))
        })
    }

    fn switch_chat<'a>(
        &'a self,
        room: &'a RoomId,
        by: &'a SocketId,
        enabled: bool,
        as_admin: bool,
    ) -> Step<'a, SwitchOutcome> {
        Box::pin(async move {
            let outcome = self.with(room, |room| room.switch_chat(by, enabled, as_admin));
            Ok(outcome.unwrap_or(SwitchOutcome::NotAttending))
        })
    }

    fn view<'a>(
        &'a self,
        room: &'a RoomId,
        user: Option<&'a UserId>,
        socket: Option<&'a SocketId>,
        addressee: Option<&'a SocketId>,
    ) -> Step<'a, View> {
        Box::pin(async move {
            let view = self.with(room, |room| (!room.is_forgotten()).then(|| room.view(user, socket, addressee)));
            Ok(view.flatten().unwrap_or_default())
        })
    }

    fn mark<'a>(
        &'a self,
        room: &'a RoomId,
        user: &'a UserId,
        cursor: Cursor,
        up_to: &'a Mark,
    ) -> Step<'a, MarkOutcome> {
        Box::pin(async move {
            let outcome = self.with(room, |room| room.mark(user, cursor, up_to));
            Ok(outcome.unwrap_or(MarkOutcome::NotMember))
        })
    }

    fn members<'a>(&'a self, room: &'a RoomId, limit: usize) -> Step<'a, Option<Vec<User>>> {
        Box::pin(async move {
            let members = self.with(room, |room| (!room.is_forgotten()).then(|| room.members(limit)));
            Ok(members.flatten())
        })
    }

    fn read<'a>(&'a self, room: &'a RoomId, range: PageRange, limit: usize) -> Step<'a, Page> {
        Box::pin(async move {
            let page = self.with(room, |room| (!room.is_forgotten()).then(|| room.log.read(range, limit)));
            Ok(page.flatten().unwrap_or_default())
        })
    }

    fn close<'a>(&'a self, room: &'a RoomId) -> Step<'a, (Vec<Attendant>, Vec<User>)> {
        Box::pin(async move {
            let now = self.clock.now();
            let closed = self.with(room, |room| {
                let was_there = (room.attendants(), room.members(usize::MAX));
                room.close(now);
                was_there
            });
            Ok(closed.unwrap_or_default())
        })
    }

    fn list<'a>(&'a self, cursor: Option<&'a RoomId>, limit: usize) -> Step<'a, Vec<RoomId>> {
        Box::pin(async move {
            // The smallest ids so far, the greatest of them on top.
            let mut first = BinaryHeap::with_capacity(limit.min(1000) + 1);
            self.rooms.visit(|id, room| {
                if cursor.is_some_and(|cursor| id <= cursor) || room.is_forgotten() {
                    return;
                }
                first.push(id.clone());
                if first.len() > limit {
                    first.pop();
                }
            });
            Ok(first.into_sorted_vec())
        })
    }
}
