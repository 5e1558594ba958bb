//! Whom users want nothing from.

use heliograph_domain::{command::PresenceCommand, outcome::PresenceOutcome, refusal::Code};

use crate::stage::{Stage, user};

fn block(whom: &str) -> PresenceCommand {
    PresenceCommand::BlockUser { user: user("ann"), other: user(whom) }
}

#[tokio::test(start_paused = true)]
async fn a_user_blocks_others_and_takes_it_back() {
    let stage = Stage::start().await;
    let is_blocked = async || stage.store().blocks.blocks(&user("ann"), &user("bob")).await.unwrap();
    assert_eq!(stage.ask(block("bob")).await, Ok(PresenceOutcome::Done));
    assert!(is_blocked().await);
    let unblock = PresenceCommand::UnblockUser { user: user("ann"), other: user("bob") };
    assert_eq!(stage.ask(unblock).await, Ok(PresenceOutcome::Done));
    assert!(!is_blocked().await);
}

#[tokio::test(start_paused = true)]
async fn nobody_blocks_themselves_or_everybody() {
    let stage = Stage::start().await;
    assert_eq!(stage.ask(block("ann")).await.unwrap_err().code, Code::InvalidPayload);
    for number in 0..1000 {
        assert_eq!(stage.ask(block(&format!("user{number}"))).await, Ok(PresenceOutcome::Done));
    }
    let refusal = stage.ask(block("bob")).await.unwrap_err();
    assert_eq!((refusal.code, &*refusal.message), (Code::NotAllowed, "At most 1000 users can be blocked"));
}
