//! What is counted of matching.

use std::collections::BTreeSet;

use heliograph_cluster::{directory::Role, partition::Partition};
use heliograph_domain::{
    matching::{MatchMode, MatchingEvent},
    room::RoomId,
};
use heliograph_telemetry::metrics::count;

use super::pool::{Counts, Key, Pool};
use crate::router::Router;

impl Router {
    /// Counts what a step has brought about for these.
    pub(super) fn observe_matching(&self, pool: &Pool, keys: &BTreeSet<Key>) {
        self.observe_waiting(pool);
        let metrics = &self.metrics.matching;
        for key in keys {
            match key {
                Key::Invite(id) => {
                    let Some(invite) = pool.invite(id) else { continue };
                    count(&metrics.invites, invite.answer.map_or("sent", |answer| answer.name()));
                }
                Key::Ticket(user) => {
                    let Some(ticket) = pool.ticket(user) else { continue };
                    // Of two who are matched one is looked at.
                    for event in &ticket.news {
                        match event {
                            MatchingEvent::QueueLeft(_) => count(&metrics.unmatched, "left"),
                            MatchingEvent::QueueExpired(_) => count(&metrics.unmatched, "expired"),
                            MatchingEvent::QueueMatched(_) if ticket.came_later() => {
                                count(&metrics.matches, "proposed");
                            }
                            MatchingEvent::MatchConfirmed(made) if made.initiator => {
                                count(&metrics.matches, "confirmed");
                            }
                            MatchingEvent::MatchCancelled { reason, .. }
                                if ticket.past.as_ref().is_some_and(|past| past.partner < *user) =>
                            {
                                count(&metrics.matches, reason.name());
                            }
                            _ => {}
                        }
                        let is_end = match event {
                            MatchingEvent::QueueMatched(_) => true,
                            MatchingEvent::MatchConfirmed(_) => ticket.line.mode == MatchMode::Immediate,
                            _ => false,
                        };
                        if is_end {
                            metrics.wait_seconds.observe(ticket.changed.at.since(ticket.joined_at).as_secs_f64());
                        }
                    }
                }
            }
        }
    }

    /// Shows how many wait.
    pub(super) fn observe_waiting(&self, pool: &Pool) {
        self.show_waiting(pool.counts());
    }

    /// Forgets what was shown, unless this router owns matching.
    pub(crate) fn hide_waiting(&self) {
        if !self.owns_matching() {
            self.show_waiting(Counts::default());
        }
    }

    fn owns_matching(&self) -> bool {
        let nodes = self.nodes.borrow();
        let routers = nodes.values().filter(|node| node.role == Role::RoomRouter && !node.draining);
        let owner = Partition::of(RoomId::matching().as_str()).owner(routers.map(|node| &node.id));
        owner == Some(self.outward.sender())
    }

    fn show_waiting(&self, Counts { immediate, proposal, asked }: Counts) {
        let metrics = &self.metrics.matching;
        for (gauge, count) in [(&metrics.searching, immediate), (&metrics.waiting, proposal), (&metrics.asked, asked)] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}
