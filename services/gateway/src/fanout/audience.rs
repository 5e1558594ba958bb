//! Whom a backend has chosen, as far as they are here.

use std::collections::{HashSet, VecDeque};

use heliograph_domain::{
    delivery::Delivery,
    id::SocketId,
    publication::{Audience, PublicationId, Selection},
};
use parking_lot::Mutex;

use super::{FanOut, deliver::id};
use crate::clients::Recipient;

impl FanOut {
    /// The sockets of an audience, each once. The delivery is kept for those that are about to be registered.
    pub(super) fn audience(&self, audience: &Audience, delivery: &Delivery) -> Vec<Recipient> {
        self.choose(audience, Some(delivery))
    }

    fn choose(&self, audience: &Audience, delivery: Option<&Delivery>) -> Vec<Recipient> {
        let mut chosen = match audience.everyone {
            true => self.registry.everyone(delivery),
            false => self.selected(&audience.of, delivery),
        };
        let except = self.selected(&audience.except, None);
        let mut told: HashSet<SocketId> = except.iter().filter_map(id).cloned().collect();
        chosen.retain(|recipient| id(recipient).is_some_and(|id| told.insert(id.clone())));
        chosen
    }

    /// The sockets of an audience that are registered, each once.
    pub(crate) fn chosen(&self, audience: &Audience) -> Vec<Recipient> {
        self.choose(audience, None)
    }

    fn selected(&self, selection: &Selection, delivery: Option<&Delivery>) -> Vec<Recipient> {
        let Selection { rooms, users, sockets } = selection;
        let mut selected = Vec::new();
        for room in rooms {
            selected.extend(self.members(room).iter().map(|member| member.recipient.clone()));
        }
        for user in users {
            selected.extend(self.registry.user(user, delivery));
        }
        for socket in sockets {
            selected.extend(self.registry.socket(socket, delivery));
        }
        selected
    }
}

/// Publications that were told here lately: who asked for one may have asked twice.
pub(super) struct Publications {
    told: Mutex<Told>,
    most: usize,
}

#[derive(Default)]
struct Told {
    ids: HashSet<PublicationId>,
    in_order: VecDeque<PublicationId>,
}

impl Publications {
    /// Remembers the newest `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { told: Mutex::default(), most }
    }

    /// Whether a publication comes for the first time.
    pub(super) fn is_new(&self, id: PublicationId) -> bool {
        let mut told = self.told.lock();
        if !told.ids.insert(id) {
            return false;
        }
        told.in_order.push_back(id);
        if told.in_order.len() > self.most
            && let Some(oldest) = told.in_order.pop_front()
        {
            told.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use heliograph_domain::{
        delivery::{Place, Target},
        event::Event,
        id::UserId,
        publication::EventName,
        room::RoomId,
        text::RawJson,
        time::Timestamp,
    };
    use tokio::time;

    use super::*;
    use crate::{
        clients::Speech,
        fanout::tests::{Member, SYNAPSE, Stage},
    };

    fn room(id: &str) -> RoomId {
        RoomId::parse(id).unwrap()
    }

    fn publication(id: u8, audience: Audience) -> Delivery {
        let args = [r#"{"type":"x","a":1}"#, "2"].map(RawJson::from_checked).to_vec();
        Delivery {
            target: Target::Audience(Box::new(audience)),
            at: Timestamp::default(),
            place: Place::Publication(PublicationId::from_bytes([id; 16])),
            event: Event::Published { event: EventName::parse("news").unwrap(), args },
        }
    }

    impl Stage {
        /// A member of a room whose socket is registered for a user.
        fn enter(&self, user: &str, id: &str, speech: Speech) -> Member {
            let member = self.join(&room(id), speech);
            let socket = socket(&member);
            let user = UserId::parse(user).unwrap();
            self.fan_out.registry.insert(&socket, &member.recipient);
            let arrivals = self.fan_out.registry.expect(&socket, &user);
            assert!(self.fan_out.registry.bind(&arrivals, &member.recipient).is_empty());
            member
        }

        async fn publish(&self, id: u8, audience: Audience) {
            self.fan_out.receive(Box::new(publication(id, audience)), true).await;
            time::sleep(time::Duration::from_millis(1)).await;
        }
    }

    fn socket(member: &Member) -> SocketId {
        member.recipient.client().unwrap().id.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_that_fits_in_many_ways_hears_a_publication_once_in_its_own_form() {
        let stage = Stage::new();
        let [ann, bob] =
            [("ann", SYNAPSE), ("bob", Speech::Mesh)].map(|(user, speech)| stage.enter(user, "team", speech));
        let of = Selection {
            rooms: vec![room("team"), room("team"), room("other")],
            users: vec![UserId::parse("ann").unwrap(), UserId::parse("bob").unwrap()],
            sockets: vec![socket(&ann)],
        };
        let audience = Audience { of, ..Audience::default() };
        stage.publish(1, audience.clone()).await;
        stage.publish(1, audience.clone()).await;
        assert_eq!(ann.texts(), [r#"42["news",{"type":"x","a":1},2]"#], "and what is sent again is told to nobody");
        assert_eq!(bob.texts(), [r#"{"type":"news","a":1}"#]);
        stage.publish(2, audience).await;
        assert_eq!((ann.texts().len(), bob.texts().len()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_excepted_does_not_hear_a_publication() {
        let stage = Stage::new();
        let people = ["ann", "bob", "cat", "dan"];
        let rooms = ["team", "team", "quiet", "team"];
        let members: Vec<_> = people.iter().zip(rooms).map(|(user, id)| stage.enter(user, id, SYNAPSE)).collect();
        let except = Selection {
            rooms: vec![room("quiet")],
            users: vec![UserId::parse("bob").unwrap()],
            sockets: vec![socket(&members[3])],
        };
        stage.publish(1, Audience { everyone: true, of: Selection::default(), except }).await;
        let heard: Vec<_> = members.iter().map(|member| member.texts().len()).collect();
        assert_eq!(heard, [1, 0, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_for_a_socket_that_is_about_to_be_registered_is_kept_for_it() {
        let stage = Stage::new();
        let member = stage.join(&room("team"), SYNAPSE);
        let (socket, user) = (socket(&member), UserId::parse("ann").unwrap());
        let arrivals = stage.fan_out.registry.expect(&socket, &user);
        let of = Selection { users: vec![user], ..Selection::default() };
        stage.publish(1, Audience { of: of.clone(), ..Audience::default() }).await;
        stage.publish(2, Audience { everyone: true, ..Audience::default() }).await;
        let except = Selection { sockets: vec![socket], ..Selection::default() };
        stage.publish(3, Audience { everyone: true, of, except }).await;
        let kept = stage.fan_out.registry.bind(&Arc::clone(&arrivals), &member.recipient);
        assert_eq!(kept.len(), 2);
        assert!(member.texts().is_empty());
    }

    #[test]
    fn a_publication_is_new_once_and_only_so_many_are_remembered() {
        let publications = Publications::new(2);
        let [first, second, third] = [1, 2, 3].map(|n| PublicationId::from_bytes([n; 16]));
        assert!(publications.is_new(first));
        assert!(!publications.is_new(first));
        assert!(publications.is_new(second) && publications.is_new(third));
        assert!(!publications.is_new(third));
        assert!(publications.is_new(first), "forgotten");
        assert!(publications.told.lock().ids.len() == 2);
    }
}
