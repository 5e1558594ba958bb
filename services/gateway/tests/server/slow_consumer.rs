//! Clients that do not take what they are sent.

use heliograph_gateway::outlet::Bounds;

use crate::client::{SocketIo, open_polling};
use crate::running::{Running, eventually, long_times};
use crate::settings::Profile;

async fn server() -> Running {
    Running::with(Profile::Suites, |options| {
        long_times(options);
        options.outbound = Bounds { soft: 64 * 1024, hard: 256 * 1024 };
    })
    .await
}

/// Sends broadcasts until the server has cut somebody off.
async fn speak_until_cut(server: &Running, speaker: &mut SocketIo) {
    let event = format!(r#"42["x-broadcast","{}"]"#, "x".repeat(50_000));
    // What the kernel buffers comes on top of the bound.
    for _ in 0..2_000 {
        speaker.send(&event).await;
        assert_eq!(speaker.packet().await, event);
        if server.metrics.slow_consumers.get() > 0 {
            return;
        }
    }
    panic!("nobody was cut off");
}

#[tokio::test]
async fn a_websocket_that_does_not_read_is_cut_off_and_others_are_not() {
    let server = server().await;
    let mut speaker = SocketIo::connect(server.address).await;
    let _slow = SocketIo::connect(server.address).await;
    speak_until_cut(&server, &mut speaker).await;
    eventually(|| server.connections("websocket") == 1).await;
    assert_eq!(server.metrics.outbound_queued_bytes.get(), 0);
    speaker.send(r#"42["message"]"#).await;
    assert_eq!(speaker.packet().await, r#"42["message-back"]"#);
}

#[tokio::test]
async fn a_polling_session_that_does_not_poll_is_cut_off() {
    let server = server().await;
    let mut speaker = SocketIo::connect(server.address).await;
    let mut slow = open_polling(server.address, "/socket.io/").await;
    slow.say("40").await;
    assert!(slow.packets().await[0].starts_with("40{"));
    speak_until_cut(&server, &mut speaker).await;
    eventually(|| server.connections("polling") == 0).await;
    assert_eq!(slow.poll().await.status, 400);
    assert_eq!(server.metrics.outbound_queued_bytes.get(), 0);
}
