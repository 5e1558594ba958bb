//! Who may enter a room, and how that ends.

use std::time::Duration;

use heliograph_cluster::store::{Attend, AttendOutcome, Expelled, Idle, Preparation, Store};
use heliograph_domain::{
    command::Access,
    id::CommandId,
    user::{Actor, User},
};

use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, guest, joining, joining_as_peer, now, user},
};

pub(crate) const CASES: &[Case<Store>] = cases![
    a_prepared_room_has_its_members_before_anybody_comes,
    a_room_of_members_admits_nobody_else,
    members_are_added_and_access_stays,
    a_room_can_be_opened_again,
    a_refused_join_makes_no_room,
    a_refused_join_stays_refused_and_another_is_judged_anew,
    a_room_of_members_outlives_them,
    guests_stay_members_where_only_members_come_in,
    the_last_member_leaves_a_deserted_room,
    a_partner_is_a_member_from_the_beginning_and_not_again,
    whoever_is_expelled_is_out_with_all_sockets,
    a_retried_expulsion_is_told_as_the_first,
    whoever_is_banned_stays_out_until_that_is_lifted,
    a_room_is_idle_from_its_last_event_or_leave,
    what_was_never_there_is_gone,
];

fn preparing(access: Option<Access>, members: &[&Actor]) -> Preparation {
    let members = members.iter().map(|member| member.user.clone()).collect();
    Preparation { access, members, new_epoch: rand::random(), at: now() }
}

impl Room {
    async fn prepare(&self, access: Option<Access>, members: &[&Actor]) {
        self.rooms().prepare(&self.id, preparing(access, members)).await.unwrap();
    }

    async fn admits(&self, actor: &Actor) -> bool {
        self.attend(joining(actor)).await != AttendOutcome::NotAdmitted
    }

    async fn expel(&self, user: &User, ban: bool) -> Expelled {
        self.rooms().expel(&self.id, CommandId::generate(), &user.id, ban).await.unwrap()
    }
}

async fn a_prepared_room_has_its_members_before_anybody_comes(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.prepare(None, &[&alice, &bob]).await;
    assert_eq!(room.members().await, Some(vec![alice.user.clone(), bob.user.clone()]));
    assert_eq!(room.rooms().list(None, 10_000).await.unwrap().iter().filter(|id| **id == room.id).count(), 1);
    assert_eq!(room.post(&bob, "from elsewhere").await.position.seq, 1);
    room.prepare(None, &[&alice]).await;
    let attended = room.join(&alice).await;
    assert_eq!((attended.position.seq, attended.joined), (1, true));
    assert_eq!(attended.members.len(), 2);
}

async fn a_room_of_members_admits_nobody_else(store: Store) {
    let (room, alice, eve) = (Room::new(store), actor("alice"), actor("eve"));
    room.prepare(Some(Access::Members), &[&alice]).await;
    assert!(room.admits(&alice).await);
    assert!(!room.admits(&eve).await);
    assert_eq!(room.members().await, Some(vec![alice.user]));
}

async fn members_are_added_and_access_stays(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.prepare(Some(Access::Members), &[&alice]).await;
    room.prepare(None, &[&bob]).await;
    assert!(room.admits(&bob).await);
    assert!(!room.admits(&actor("eve")).await);
}

async fn a_room_can_be_opened_again(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.prepare(Some(Access::Members), &[&alice]).await;
    room.prepare(Some(Access::Open), &[]).await;
    assert!(room.admits(&actor("eve")).await);
}

async fn a_refused_join_makes_no_room(store: Store) {
    let room = Room::new(store);
    let step = Attend { members_only: true, ..joining(&actor("eve")) };
    assert_eq!(room.attend(step).await, AttendOutcome::NotAdmitted);
    assert_eq!(room.members().await, None);
}

async fn a_refused_join_stays_refused_and_another_is_judged_anew(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.prepare(Some(Access::Members), &[&alice]).await;
    let step = joining(&bob);
    assert_eq!(room.attend(step.clone()).await, AttendOutcome::NotAdmitted);
    room.prepare(None, &[&bob]).await;
    assert_eq!(room.attend(step).await, AttendOutcome::NotAdmitted);
    assert!(room.admits(&bob).await);
}

async fn a_room_of_members_outlives_them(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.prepare(Some(Access::Members), &[&alice]).await;
    room.join(&alice).await;
    assert!(room.quit(&alice).await.deserted);
    assert!(!room.admits(&alice).await);
    assert_eq!(room.members().await, Some(vec![]));
}

async fn guests_stay_members_where_only_members_come_in(store: Store) {
    let (room, visitor) = (Room::new(store.clone()), guest("visitor"));
    room.prepare(Some(Access::Members), &[&visitor]).await;
    room.join(&visitor).await;
    assert!(!room.leave(&visitor).await.membership_ended);
    assert!(room.admits(&visitor).await);
    assert!(room.quit(&visitor).await.membership_ended);

    let open = Room::new(store);
    open.join(&visitor).await;
    assert!(open.leave(&visitor).await.membership_ended);
}

async fn the_last_member_leaves_a_deserted_room(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    room.join(&bob).await;
    assert!(!room.quit(&alice).await.deserted);
    let command = CommandId::generate();
    assert!(room.leave_by(command, &bob, true).await.deserted);
    assert!(room.leave_by(command, &bob, true).await.deserted);
    assert!(!room.quit(&bob).await.deserted);
}

async fn a_partner_is_a_member_from_the_beginning_and_not_again(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    let bob = user("bob");
    let with_bob = |actor: &Actor| Attend { partner: Some(bob.clone()), ..joining(actor) };
    let step = with_bob(&alice);
    let first = room.enter(step.clone()).await;
    assert!(first.partnered);
    assert_eq!(first.members, [alice.user.clone(), bob.clone()]);
    assert!(room.enter(step).await.partnered);

    room.expel(&bob, false).await;
    let again = room.enter(with_bob(&another_socket(&alice))).await;
    assert!(!again.partnered);
    assert_eq!(again.members, [alice.user]);
}

async fn whoever_is_expelled_is_out_with_all_sockets(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    let laptop = another_socket(&bob);
    let roster = room.join_as_peer(&alice).await.roster;
    room.join(&bob).await;
    room.enter(joining_as_peer(&laptop)).await;
    let expelled = room.expel(&bob.user, false).await;
    let removed: Vec<_> =
        expelled.removed.iter().map(|(one, left)| (&one.socket, left.announced, left.roster)).collect();
    assert_eq!(removed, [(&bob.socket, false, roster + 2), (&laptop.socket, true, roster + 3)]);
    assert!(expelled.membership_ended && !expelled.deserted);
    assert_eq!(room.members().await, Some(vec![alice.user.clone()]));
    assert_eq!(room.expel(&bob.user, false).await.removed.len(), 0);
    assert!(room.admits(&bob).await);
    room.expel(&bob.user, false).await;
    assert!(room.expel(&alice.user, false).await.deserted);
}

async fn a_retried_expulsion_is_told_as_the_first(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    room.join(&bob).await;
    let command = CommandId::generate();
    let expel = || room.rooms().expel(&room.id, command, &bob.user.id, true);
    let first = expel().await.unwrap();
    assert_eq!(first.removed.len(), 1);
    assert_eq!(expel().await.unwrap(), first);
}

async fn whoever_is_banned_stays_out_until_that_is_lifted(store: Store) {
    let (room, alice, bob) = (Room::new(store), actor("alice"), actor("bob"));
    room.join(&alice).await;
    room.expel(&bob.user, true).await;
    assert!(!room.admits(&bob).await);
    // Not even when everybody else has gone.
    room.quit(&alice).await;
    assert!(!room.admits(&bob).await);
    room.rooms().lift_ban(&room.id, &bob.user.id).await.unwrap();
    assert!(room.admits(&bob).await);
}

async fn a_room_is_idle_from_its_last_event_or_leave(store: Store) {
    let (room, alice) = (Room::new(store), actor("alice"));
    room.prepare(Some(Access::Members), &[&alice]).await;
    let idle = |since| room.rooms().close_idle(&room.id, since);
    let hour = Duration::from_secs(3600);
    let Idle::Since(prepared) = idle(now() - hour).await.unwrap() else { panic!("nobody was there") };
    assert!(prepared <= now() && prepared + hour > now());
    room.join(&alice).await;
    assert_eq!(idle(now() + hour).await.unwrap(), Idle::Attended);
    room.leave(&alice).await;
    let Idle::Since(left) = idle(now() - hour).await.unwrap() else { panic!("somebody was there") };
    assert!(left >= prepared);
    room.post(&alice, "from elsewhere").await;
    let Idle::Since(said) = idle(now() - hour).await.unwrap() else { panic!("something was said") };
    assert!(said >= left);
    assert_eq!(idle(now() + hour).await.unwrap(), Idle::Closed(vec![alice.user.clone()]));
    assert_eq!(idle(now() + hour).await.unwrap(), Idle::Gone);
    assert!(room.admits(&actor("eve")).await);
}

async fn what_was_never_there_is_gone(store: Store) {
    let room = Room::new(store);
    assert_eq!(room.rooms().close_idle(&room.id, now()).await.unwrap(), Idle::Gone);
    assert_eq!(room.expel(&user("bob"), true).await, Expelled::default());
    assert_eq!(room.rooms().peers(&room.id).await.unwrap(), []);
}
