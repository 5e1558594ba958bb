//! Work that is done to its end.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

/// Does work, as a task of its own if nobody waits for it any more: a client may go while the cluster is being
/// told that it comes, and what has been begun for it then has to be undone by whoever gets the answer.
pub(crate) fn to_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> impl Future<Output = T> {
    ToTheEnd(Some(Box::pin(work)))
}

struct ToTheEnd<T: Send + 'static>(Option<BoxFuture<'static, T>>);

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let done = ready!(work.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(done)
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        // Without a runtime the process is about to end.
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move { drop(work.await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_that_is_not_waited_for_any_more_is_done_all_the_same() {
        let (answer, answered) = oneshot::channel::<u8>();
        let (done, mut ended) = oneshot::channel();
        let mut work = Box::pin(to_the_end(async move {
            let answer = answered.await;
            done.send(answer).unwrap();
        }));
        assert!(futures_util::poll!(&mut work).is_pending());
        drop(work);
        assert!(ended.try_recv().is_err());
        answer.send(7).unwrap();
        assert_eq!(ended.await, Ok(Ok(7)));
    }

    #[tokio::test]
    async fn work_that_is_waited_for_gives_its_result() {
        assert_eq!(to_the_end(async { 7 }).await, 7);
    }
}
