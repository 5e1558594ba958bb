//! What every bus has to do.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use heliograph_cluster::{
    bus::{Bus, BusError, Message, QueueGroup, Subject, Subscription},
    partition::Partition,
};

use crate::{
    case::{Case, cases},
    scene::{eventually, fresh, node},
};

type Subjects = Arc<dyn Bus>;

pub(crate) const CASES: &[Case<Subjects>] = cases![
    a_message_reaches_every_subscriber,
    messages_of_one_sender_arrive_in_order,
    a_message_without_subscriber_is_no_error,
    subjects_do_not_mix,
    a_group_shares_the_messages,
    a_request_gets_its_reply,
    replies_may_come_in_another_order_than_requests,
    many_requests_at_once_each_get_their_own_reply,
    payloads_of_any_size_and_content_pass,
    a_request_that_nobody_serves_fails_at_once,
    a_request_that_nobody_answers_times_out,
    a_late_reply_harms_nobody,
    a_dropped_subscription_gets_nothing,
    another_member_serves_when_one_is_gone,
];

const PATIENCE: Duration = Duration::from_secs(20);

fn gateway() -> Subject {
    Subject::Gateway(node(&fresh("gateway")))
}

fn rooms() -> Subject {
    Subject::Rooms(Partition::of(&fresh("room")))
}

async fn listen(bus: &Subjects, subject: &Subject) -> Subscription {
    bus.subscribe(subject.clone(), None).await.unwrap()
}

async fn serve(bus: &Subjects, subject: &Subject) -> Subscription {
    bus.subscribe(subject.clone(), Some(QueueGroup::Rooms)).await.unwrap()
}

async fn publish(bus: &Subjects, subject: &Subject, payload: impl Into<Bytes>) {
    bus.publish(subject.clone(), payload.into()).await.unwrap();
}

async fn next(subscription: &mut Subscription) -> Message {
    subscription.next().await.expect("the bus is there")
}

/// Answers every request with `name: payload`.
fn echo(mut subscription: Subscription, name: &'static str) {
    tokio::spawn(async move {
        while let Some(message) = subscription.next().await {
            let text = format!("{name}: {}", String::from_utf8_lossy(&message.payload));
            message.reply.expect("a request").send(text.into());
        }
    });
}

async fn a_message_reaches_every_subscriber(bus: Subjects) {
    let subject = gateway();
    let mut one = listen(&bus, &subject).await;
    let mut other = listen(&bus, &subject).await;
    publish(&bus, &subject, "hello").await;
    for subscription in [&mut one, &mut other] {
        let message = next(subscription).await;
        assert_eq!(message.payload, "hello");
        assert!(message.reply.is_none());
    }
}

async fn messages_of_one_sender_arrive_in_order(bus: Subjects) {
    let subject = gateway();
    let mut subscription = listen(&bus, &subject).await;
    for number in 0..500_u32 {
        publish(&bus, &subject, number.to_be_bytes().to_vec()).await;
    }
    for number in 0..500_u32 {
        assert_eq!(next(&mut subscription).await.payload[..], number.to_be_bytes());
    }
}

async fn a_message_without_subscriber_is_no_error(bus: Subjects) {
    publish(&bus, &gateway(), "anybody?").await;
}

async fn subjects_do_not_mix(bus: Subjects) {
    let (one, other) = (gateway(), gateway());
    let mut subscription = listen(&bus, &one).await;
    publish(&bus, &other, "not for you").await;
    publish(&bus, &one, "for you").await;
    assert_eq!(next(&mut subscription).await.payload, "for you");
}

async fn a_group_shares_the_messages(bus: Subjects) {
    let subject = rooms();
    let mut members = [serve(&bus, &subject).await, serve(&bus, &subject).await];
    for number in 0..100_u8 {
        publish(&bus, &subject, vec![number]).await;
    }
    let [one, other] = &mut members;
    let mut received = Vec::new();
    while received.len() < 100 {
        let message = tokio::select! {
            message = one.next() => message,
            message = other.next() => message,
        };
        received.push(message.expect("the bus is there").payload[0]);
    }
    received.sort_unstable();
    assert_eq!(received, (0..100).collect::<Vec<_>>());
}

async fn a_request_gets_its_reply(bus: Subjects) {
    let subject = rooms();
    echo(serve(&bus, &subject).await, "router");
    let reply = bus.request(subject, "ping".into(), PATIENCE).await;
    assert_eq!(reply.unwrap(), "router: ping");
}

async fn replies_may_come_in_another_order_than_requests(bus: Subjects) {
    let subject = rooms();
    let mut subscription = serve(&bus, &subject).await;
    let ask = |payload: &'static str| bus.request(subject.clone(), payload.into(), PATIENCE);
    let answering = async {
        let first = next(&mut subscription).await;
        let second = next(&mut subscription).await;
        for message in [second, first] {
            message.reply.expect("a request").send(message.payload);
        }
    };
    let (one, other, ()) = tokio::join!(ask("one"), ask("other"), answering);
    assert_eq!((one.unwrap(), other.unwrap()), ("one".into(), "other".into()));
}

async fn many_requests_at_once_each_get_their_own_reply(bus: Subjects) {
    let subject = rooms();
    for name in ["router", "router"] {
        echo(serve(&bus, &subject).await, name);
    }
    let asking = (0..500).map(|number| {
        let (bus, subject) = (&bus, subject.clone());
        async move {
            let reply = bus.request(subject, number.to_string().into(), PATIENCE).await;
            assert_eq!(reply.unwrap(), format!("router: {number}"));
        }
    });
    futures_util::future::join_all(asking).await;
}

async fn payloads_of_any_size_and_content_pass(bus: Subjects) {
    let subject = gateway();
    let mut subscription = listen(&bus, &subject).await;
    let bytes = |length: usize| (0..=u8::MAX).cycle().take(length).collect::<Vec<u8>>();
    for length in [0, 1, 1000, 512 * 1024] {
        publish(&bus, &subject, bytes(length)).await;
        assert!(next(&mut subscription).await.payload == bytes(length), "{length} bytes");
    }
}

async fn a_request_that_nobody_serves_fails_at_once(bus: Subjects) {
    let subject = rooms();
    // Longer than the case may take.
    let reply = bus.request(subject.clone(), "ping".into(), Duration::from_secs(600)).await;
    assert_eq!(reply, Err(BusError::NoResponders(subject)));
}

async fn a_request_that_nobody_answers_times_out(bus: Subjects) {
    let subject = rooms();
    let mut subscription = serve(&bus, &subject).await;
    let asking = bus.request(subject.clone(), "ping".into(), Duration::from_millis(50));
    let (reply, _unanswered) = tokio::join!(asking, next(&mut subscription));
    assert_eq!(reply, Err(BusError::Timeout(subject)));
}

async fn a_late_reply_harms_nobody(bus: Subjects) {
    let subject = rooms();
    let mut subscription = serve(&bus, &subject).await;
    let asking = bus.request(subject.clone(), "early".into(), Duration::from_millis(20));
    let (_timeout, late) = tokio::join!(asking, next(&mut subscription));
    late.reply.expect("a request").send("late".into());
    echo(subscription, "router");
    let reply = bus.request(subject, "again".into(), PATIENCE).await;
    assert_eq!(reply.unwrap(), "router: again");
}

async fn a_dropped_subscription_gets_nothing(bus: Subjects) {
    let subject = rooms();
    drop(serve(&bus, &subject).await);
    eventually(|| async {
        let reply = bus.request(subject.clone(), "ping".into(), Duration::from_millis(50)).await;
        (reply == Err(BusError::NoResponders(subject.clone()))).then_some(())
    })
    .await;
}

async fn another_member_serves_when_one_is_gone(bus: Subjects) {
    let subject = rooms();
    let gone = serve(&bus, &subject).await;
    echo(serve(&bus, &subject).await, "other");
    drop(gone);
    // A bus may notice late that a member is gone; requests that it loses are sent again.
    for _ in 0..20 {
        let reply = eventually(|| async {
            let attempt = Duration::from_millis(50);
            bus.request(subject.clone(), "ping".into(), attempt).await.ok()
        })
        .await;
        assert_eq!(reply, "other: ping");
    }
}
