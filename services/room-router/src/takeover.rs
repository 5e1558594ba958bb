//! Sending again what another router may have stored and not sent.
//!
//! A router that dies between the two leaves behind gateways that do not know of the newest entry, and
//! in a room that stays quiet nothing would ever tell them. So a room is marked before it is written to,
//! once for the writes of a while; and whoever takes over its partition tells its gateways where the
//! room stands, so that they fetch what they miss. A call that was marked is told again itself: there is
//! no log to fetch its end from.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future, stream};
use heliograph_cluster::{
    partition::Partition,
    store::{RECENT, StoreError},
};
use heliograph_domain::{
    delivery::Outbound,
    room::{RoomId, Standing},
    time::Timestamp,
};
use tokio::time;
use tracing::debug;

use crate::router::Router;

/// How long a write waits for its mark.
const MARKING: Duration = Duration::from_millis(250);

impl Router {
    /// Marks a room that is about to be written to, unless it was marked a moment ago.
    ///
    /// A mark matters if this router dies within the next moment; the write matters always. So a mark
    /// that cannot be set is counted, and the write goes on.
    pub(crate) async fn mark(&self, room: &RoomId, now: Timestamp) {
        if !self.memory.wants_mark(room, now) {
            return;
        }
        let marking = self.store.recent.mark(Partition::of(room.as_str()), room, now);
        match time::timeout(MARKING, marking).await {
            Ok(Ok(())) => self.memory.marked(room, now),
            failed => {
                self.metrics.mark_failures.inc();
                self.memory.not_marked(room, now);
                debug!(?failed, "a room could not be marked before it was written to");
            }
        }
    }

    /// Tells the gateways of the rooms of a partition that were written to lately where these stand.
    /// Gives whether all of them were told.
    pub(crate) async fn tell_again(self: Arc<Self>, partition: Partition) -> bool {
        self.memory.forget(partition);
        let since = self.clock.now() - RECENT;
        let rooms = match self.store.recent.rooms(partition, since, self.options.takeover_rooms).await {
            Ok(rooms) => rooms,
            Err(error) => {
                self.store_failed(&error, "takeover");
                return false;
            }
        };
        let telling = rooms.into_iter().map(|room| {
            let router = Arc::clone(&self);
            async move { router.tell_room_again(&room).await }
        });
        let told = stream::iter(telling).buffer_unordered(self.options.takeover_at_once);
        told.fold(true, |all, told| future::ready(all && told)).await
    }

    async fn tell_room_again(&self, room: &RoomId) -> bool {
        // All partitions of a router together, so that a router which takes over many asks no more at once.
        let Ok(_turn) = self.takeovers.acquire().await else { return true };
        let told = match room.call() {
            Some(call) => match self.tell_standing(room).await {
                Ok(()) => self.tell_call_again(&call).await,
                failed => failed,
            },
            None => self.tell_standing(room).await,
        };
        match told {
            Ok(()) => true,
            Err(error) => {
                self.store_failed(&error, "takeover");
                false
            }
        }
    }

    async fn tell_standing(&self, room: &RoomId) -> Result<(), StoreError> {
        let view = self.store.rooms.view(room, None, None, None).await?;
        if view.gateways.is_empty() {
            return Ok(());
        }
        self.metrics.standings.inc();
        let standing = Standing { room: room.clone(), position: view.position, roster: view.roster };
        self.outward.send(&view.gateways, &Outbound::Standing(standing)).await;
        Ok(())
    }
}
