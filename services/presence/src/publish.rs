//! Tells clients what a backend has published: one delivery for each gateway that holds somebody of the audience,
//! with what that gateway needs to find them.
//!
//! It is told at most once: who is not connected at this moment does not hear it later.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use heliograph_cluster::{directory::Role, store::StoreError};
use heliograph_domain::{
    delivery::{Delivery, Outbound, Place, Target},
    event::Event,
    id::NodeId,
    publication::{Audience, Publication, PublicationId, Selection},
};

use crate::people::People;

/// How many users are looked up side by side.
const USERS_AT_ONCE: usize = 32;

impl People {
    /// Tells a publication. A repetition under the same id is dropped by the gateways that know it.
    pub(crate) async fn publish(&self, id: PublicationId, publication: Publication) -> Result<(), StoreError> {
        let Publication { audience, event, args } = publication;
        let at = self.clock.now();
        for (gateway, audience) in self.by_gateway(audience).await? {
            let delivery = Delivery {
                target: Target::Audience(Box::new(audience)),
                at,
                place: Place::Publication(id),
                event: Event::Published { event: event.clone(), args: args.clone() },
            };
            self.outward.send(&[gateway], &Outbound::Deliver(Box::new(delivery))).await;
        }
        Ok(())
    }

    /// The gateways that hold somebody of an audience, and as much of it as concerns each.
    async fn by_gateway(&self, audience: Audience) -> Result<BTreeMap<NodeId, Audience>, StoreError> {
        let Audience { everyone, of, except } = audience;
        // A socket that is named may be anywhere.
        if everyone || !of.sockets.is_empty() {
            let nodes = self.nodes.borrow();
            let gateways = nodes.values().filter(|node| node.role == Role::Gateway);
            let whole = Audience { everyone, of, except };
            return Ok(gateways.map(|node| (node.id.clone(), whole.clone())).collect());
        }
        let mut selections: BTreeMap<NodeId, Selection> = BTreeMap::new();
        for (gateway, rooms) in self.holders(of.rooms).await? {
            selections.entry(gateway).or_default().rooms = rooms;
        }
        let looks = of.users.into_iter().map(|user| async move {
            let sockets = self.store.presence.sockets(&user).await?;
            Ok::<_, StoreError>((user, sockets))
        });
        let mut looks = stream::iter(looks).buffered(USERS_AT_ONCE);
        while let Some((user, sockets)) = looks.try_next().await? {
            for socket in sockets {
                let users = &mut selections.entry(socket.gateway).or_default().users;
                if users.last() != Some(&user) {
                    users.push(user.clone());
                }
            }
        }
        let audience = |of| Audience { everyone: false, of, except: except.clone() };
        Ok(selections.into_iter().map(|(gateway, of)| (gateway, audience(of))).collect())
    }
}
