//! Who is told that a user comes, goes or changes their status.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use heliograph_cluster::{directory::Role, store::StoreError};
use heliograph_domain::{
    delivery::{Delivery, Outbound, Place, Target},
    event::Event,
    id::{NodeId, UserId},
    room::RoomId,
    time::Timestamp,
};

use crate::{options::AudienceKind, people::People};

/// How many rooms are looked at side by side.
const ROOMS_AT_ONCE: usize = 32;

/// Those who hear of a user.
pub(crate) enum Audience {
    /// Who attends the user's rooms, and all devices of those who share a room of two with them: by gateway.
    Acquaintances(BTreeMap<NodeId, Acquaintances>),
    /// Everybody, behind these gateways.
    Everyone(Vec<NodeId>),
}

/// Those behind one gateway who share a room with a user.
#[derive(Default)]
pub(crate) struct Acquaintances {
    /// Rooms that it has attendants of.
    rooms: Vec<RoomId>,
    /// Users who have devices there.
    users: Vec<UserId>,
}

impl People {
    /// Those who hear of a user at this moment.
    pub(crate) async fn audience(&self, user: &UserId) -> Result<Audience, StoreError> {
        match self.options.audience {
            AudienceKind::Rooms => self.acquaintances(user).await.map(Audience::Acquaintances),
            AudienceKind::Everyone => {
                let nodes = self.nodes.borrow();
                let gateways = nodes.values().filter(|node| node.role == Role::Gateway);
                Ok(Audience::Everyone(gateways.map(|node| node.id.clone()).collect()))
            }
        }
    }

    /// Who chats with somebody wants to know whether they are there, whichever chat is open.
    async fn acquaintances(&self, user: &UserId) -> Result<BTreeMap<NodeId, Acquaintances>, StoreError> {
        let rooms = self.store.presence.rooms(user, self.options.rooms).await?;
        let (pairs, rooms): (Vec<_>, Vec<_>) = rooms.into_iter().partition(|room| room.is_pair_of(user));
        let mut by_gateway: BTreeMap<NodeId, Acquaintances> = BTreeMap::new();
        for (gateway, rooms) in self.holders(rooms).await? {
            by_gateway.entry(gateway).or_default().rooms = rooms;
        }
        let others: Vec<UserId> = pairs.iter().filter_map(|room| room.other_of_pair(user)).collect();
        let looks = others.into_iter().map(|other| async move {
            let devices = self.store.presence.sockets(&other).await?;
            Ok::<_, StoreError>((other, devices))
        });
        let mut looks = stream::iter(looks).buffered(ROOMS_AT_ONCE);
        while let Some((other, devices)) = looks.try_next().await? {
            for device in devices {
                let there = &mut by_gateway.entry(device.gateway).or_default().users;
                if there.last() != Some(&other) {
                    there.push(other.clone());
                }
            }
        }
        Ok(by_gateway)
    }

    /// The gateways that hold attendants of some rooms, each with those rooms.
    pub(crate) async fn holders(&self, rooms: Vec<RoomId>) -> Result<BTreeMap<NodeId, Vec<RoomId>>, StoreError> {
        let looks = rooms.into_iter().map(|room| async move {
            let view = self.store.rooms.view(&room, None, None, None).await?;
            Ok::<_, StoreError>((room, view.gateways))
        });
        let mut looks = stream::iter(looks).buffered(ROOMS_AT_ONCE);
        let mut by_gateway: BTreeMap<NodeId, Vec<RoomId>> = BTreeMap::new();
        while let Some((room, gateways)) = looks.try_next().await? {
            for gateway in gateways {
                by_gateway.entry(gateway).or_default().push(room.clone());
            }
        }
        Ok(by_gateway)
    }

    /// Tells an audience about a user. The user's own devices do not hear it.
    pub(crate) async fn tell(&self, audience: Audience, about: &UserId, at: Timestamp, event: Event) {
        match audience {
            Audience::Acquaintances(by_gateway) => {
                for (gateway, Acquaintances { rooms, users }) in by_gateway {
                    let target = Target::Rooms { rooms, users, except: about.clone() };
                    self.deliver(&[gateway], target, at, event.clone()).await;
                }
            }
            Audience::Everyone(gateways) => {
                self.deliver(&gateways, Target::Everyone { except: about.clone() }, at, event).await;
            }
        }
    }

    async fn deliver(&self, gateways: &[NodeId], target: Target, at: Timestamp, event: Event) {
        let delivery = Delivery { target, at, place: Place::None, event };
        self.outward.send(gateways, &Outbound::Deliver(Box::new(delivery))).await;
    }
}
