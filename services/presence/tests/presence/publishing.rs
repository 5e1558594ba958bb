//! What backends publish.

use heliograph_domain::{
    command::PresenceCommand,
    id::CommandId,
    outcome::PresenceOutcome,
    publication::{Audience, EventName, Publication, Selection},
    text::RawJson,
};

use crate::stage::{Stage, room, socket, user};

fn publication(audience: Audience) -> PresenceCommand {
    let args = vec![RawJson::from_checked(r#"{"a":1}"#)];
    PresenceCommand::Publish(Box::new(Publication { audience, event: EventName::parse("news").unwrap(), args }))
}

async fn publish(stage: &Stage, of: Selection) {
    let done = stage.ask(publication(Audience { of, ..Audience::default() })).await;
    assert_eq!(done, Ok(PresenceOutcome::Done));
}

#[tokio::test(start_paused = true)]
async fn each_gateway_is_told_once_and_of_whom_it_holds() {
    let mut stage = Stage::start().await;
    for (id, gateway) in [("ann1", "g1"), ("ann2", "g2"), ("bob1", "g2"), ("cat1", "g1")] {
        stage.connect(id, gateway).await;
    }
    stage.join("bob1", "g2", "team").await;
    stage.join("cat1", "g1", "other").await;
    let users = vec![user("ann"), user("nobody")];
    publish(&stage, Selection { rooms: vec![room("team"), room("empty")], users, ..Selection::default() }).await;
    assert_eq!(stage.heard("g1"), ["news for ann"]);
    assert_eq!(stage.heard("g2"), ["news for team, ann"]);

    publish(&stage, Selection { users: vec![user("nobody")], ..Selection::default() }).await;
    assert!(stage.heard("g1").is_empty() && stage.heard("g2").is_empty());
}

#[tokio::test(start_paused = true)]
async fn everyone_is_behind_every_gateway_and_so_may_be_a_socket() {
    let mut stage = Stage::start().await;
    let except = Selection { sockets: vec![socket("ann1")], ..Selection::default() };
    let everyone = Audience { everyone: true, of: Selection::default(), except };
    assert_eq!(stage.ask(publication(everyone)).await, Ok(PresenceOutcome::Done));
    for gateway in ["g1", "g2"] {
        assert_eq!(stage.heard(gateway), ["news for everyone but ann1"]);
    }
    publish(&stage, Selection { sockets: vec![socket("ann1")], ..Selection::default() }).await;
    for gateway in ["g1", "g2"] {
        assert_eq!(stage.heard(gateway), ["news for ann1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_publication_that_is_asked_for_again_has_the_same_id() {
    let mut stage = Stage::start().await;
    let everyone = || publication(Audience { everyone: true, ..Audience::default() });
    let id = CommandId::generate();
    stage.ask_as(id, everyone()).await.unwrap();
    stage.ask_as(id, everyone()).await.unwrap();
    stage.ask(everyone()).await.unwrap();
    let ids = stage.published("g1");
    assert!(ids[0] == id && ids[1] == id && ids[2] != id, "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_while_it_is_not_known_where_they_are() {
    let mut stage = Stage::start().await;
    stage.connect("ann1", "g1").await;
    stage.outage.begin();
    let of = Selection { users: vec![user("ann")], ..Selection::default() };
    let refusal = stage.ask(publication(Audience { of, ..Audience::default() })).await.unwrap_err();
    assert!(refusal.retryable());
    assert!(stage.heard("g1").is_empty());
}
