//! What gateways are told, in words.

use heliograph_domain::{
    delivery::{Delivery, Except, Outbound, Place, Target},
    event::Event,
    id::UserId,
    matching::{MatchingEvent, QueueStatus},
    room::Media,
};

/// One thing told to a gateway: to whom, and what.
pub(crate) fn tell(outbound: &Outbound) -> String {
    match outbound {
        Outbound::Deliver(delivery) => deliver(delivery),
        Outbound::Detach { socket, room, replaced } => {
            format!("take {socket} out of {room}{}", if *replaced { ", replaced" } else { "" })
        }
        Outbound::Evict { socket } => format!("evict {socket}"),
        Outbound::Disconnect { user } => format!("disconnect {user}"),
        Outbound::Standing(standing) => format!("{} stands at #{}", standing.room, standing.position.seq),
    }
}

fn deliver(delivery: &Delivery) -> String {
    let place = match delivery.place {
        Place::Log { seq, .. } => format!(" #{seq}"),
        Place::Roster(_) | Place::Publication(_) | Place::None => String::new(),
    };
    format!("{}{place}: {}", to(&delivery.target), event(&delivery.event))
}

fn to(target: &Target) -> String {
    match target {
        Target::Room { room, except: Except::Nobody } => format!("{room}"),
        Target::Room { room, except: Except::Socket(socket) } => format!("{room} but {socket}"),
        Target::Room { room, except: Except::User(user) } => format!("{room} but {user}"),
        Target::Rooms { rooms, users, except } => format!("{rooms:?} and {users:?} but {except}"),
        Target::Users { users, except, .. } => {
            let except = except.as_ref().map(|socket| format!(" but {socket}")).unwrap_or_default();
            format!("{}{except}", names(users))
        }
        Target::Socket { socket, .. } => format!("{socket}"),
        Target::Everyone { except } => format!("everyone but {except}"),
        Target::Audience(audience) => panic!("rooms do not publish to {audience:?}"),
    }
}

fn names(users: &[UserId]) -> String {
    users.iter().map(UserId::as_str).collect::<Vec<_>>().join(" and ")
}

fn event(event: &Event) -> String {
    match event {
        Event::MemberJoined { user, socket, announced, peer } => {
            let how = if peer.is_some() { "peer" } else { "member" };
            format!("{how} {socket} joined{}", if *announced { format!(", so did {}", user.id) } else { String::new() })
        }
        Event::MemberLeft { user, socket, announced, peer, reason } => {
            let how = if *peer { "peer" } else { "member" };
            let also = if *announced { format!(", so did {}", user.id) } else { String::new() };
            format!("{how} {socket} {}{also}", reason.name())
        }
        Event::RoomClosed { reason, .. } => format!("closed by {}", reason.name()),
        Event::MessagePosted(message) => format!("{} wrote {:?}", message.author.id, message.text.as_str()),
        Event::MessageDelivered { author, to, .. } => format!("a message of {author} has reached {to}"),
        Event::MessageRead { reader, .. } => format!("{reader} has read"),
        Event::ReactionChanged { user, emoji, on, .. } => {
            format!("{} {} {}", user.id, if *on { "set" } else { "took back" }, emoji.as_str())
        }
        Event::TypingChanged { user, on } => format!("{} {}", user.id, if *on { "types" } else { "stops typing" }),
        Event::ChatSwitched { enabled, by, .. } => {
            format!("{} switched chat {}", by.id, if *enabled { "on" } else { "off" })
        }
        Event::HostChanged { host } => format!("{host} hosts"),
        Event::HistoryCleared { by } => format!("history cleared by {}", by.id),
        Event::MessageDeleted { message } => format!("{message} deleted"),
        Event::ActivityAppended { kind, socket, version, .. } => format!("{socket} added {kind:?} {version:?}"),
        Event::RecordingSwitched { on, socket, .. } => format!("{socket} records: {on}"),
        Event::EphemeralSent { socket, body, .. } => format!("{socket} sent {}", body.as_str()),
        Event::MediaChanged { socket, peer, media, .. } => format!("{socket} changed {peer} to {}", shown(*media)),
        Event::SignalRelayed { socket, body, .. } => format!("{socket} signals {}", body.as_str()),
        Event::CallRinging { call, from, .. } => format!("{call} rings from {}", from.id),
        Event::CallParticipantUnavailable { call, user, reason } => format!("{call} cannot reach {user}: {reason:?}"),
        Event::CallAccepted { call, by } => format!("{call} accepted by {}", by.id),
        Event::CallRejected { call, by, reason } => {
            let why = reason.as_ref().map(|reason| format!(": {}", reason.as_str())).unwrap_or_default();
            format!("{call} rejected by {}{why}", by.id)
        }
        Event::CallAnsweredElsewhere { call, accepted } => {
            format!("{call} {} elsewhere", if *accepted { "accepted" } else { "rejected" })
        }
        Event::CallParticipantJoined { call, peer } => format!("{} came into {call} as {}", peer.user.id, peer.socket),
        Event::CallParticipantLeft { call, user, .. } => format!("{} left {call}", user.id),
        Event::CallEnded { call, by, reason, .. } => {
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("{call} ended{by}: {}", reason.name())
        }
        Event::UserOnline { user } => format!("{} is online", user.id),
        Event::UserOffline { user, .. } => format!("{} is offline", user.id),
        Event::PresenceChanged { user, status, .. } => format!("{} is {}", user.id, status.name()),
        Event::Matching(event) => matching(event),
        Event::Published { event, .. } => panic!("rooms do not publish {event:?}"),
    }
}

fn matching(event: &MatchingEvent) -> String {
    let place = |status: &QueueStatus| format!("{} of {} in {}", status.position, status.size, status.queue);
    match event {
        MatchingEvent::QueueEntered(status) => format!("waits as {}", place(status)),
        MatchingEvent::QueuePositionChanged(status) => format!("is now {}", place(status)),
        MatchingEvent::QueueMatched(status) => format!("is matched in {}", status.queue),
        MatchingEvent::QueueLeft(status) => format!("left {}", status.queue),
        MatchingEvent::QueueExpired(status) => format!("waited in vain in {}", status.queue),
        MatchingEvent::MatchProposed(proposal) => format!("is asked about {}", proposal.peer.id),
        MatchingEvent::MatchAnswered { user, accepted, .. } => {
            format!("hears that {user} {}", if *accepted { "accepts" } else { "declines" })
        }
        MatchingEvent::MatchCancelled { reason, requeued, .. } => {
            format!("is not matched: {}{}", reason.name(), if *requeued { ", waits again" } else { "" })
        }
        MatchingEvent::MatchConfirmed(made) => {
            format!("has {}{}", made.peer.id, if made.initiator { ", whom to call" } else { "" })
        }
        MatchingEvent::InviteReceived(invitation) => {
            format!("is invited to {} by {}", invitation.session, invitation.from.id)
        }
        MatchingEvent::InviteAnswered { session, user, answer, .. } => {
            format!("hears of {user} and {session}: {}", answer.name())
        }
    }
}

fn shown(media: Media) -> String {
    let flags = [("audio", media.audio), ("video", media.video), ("screen", media.screen), ("hand", media.hand)];
    let on: Vec<_> = flags.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect();
    if on.is_empty() { "nothing".to_owned() } else { on.join(" and ") }
}
