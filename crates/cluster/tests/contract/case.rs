//! A case: a name and what has to hold.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use libtest_mimic::Trial;

/// What has to hold for every implementation of `T`.
pub(crate) type Case<T> = (&'static str, fn(T) -> LocalBoxFuture<'static, ()>);

/// Far beyond what any case takes, so that one that hangs is told from one that is slow. Whoever says how
/// many random steps there are has a day.
fn patience() -> Duration {
    let hours = std::env::var_os("HELIOGRAPH_TEST_STEPS").map(|_| 24);
    hours.map_or(Duration::from_secs(60), |hours| Duration::from_secs(hours * 3600))
}

/// Lists async functions as cases.
macro_rules! cases {
    ($($case:ident),+ $(,)?) => {
        &[$((stringify!($case), |subject| Box::pin($case(subject)))),+]
    };
}
pub(crate) use cases;

/// One test for each case, on an implementation of its own that `make` gives.
pub(crate) fn trials<T: 'static, M>(
    suite: &str,
    cases: &[Case<T>],
    make: impl Fn() -> M + Clone + Send + 'static,
) -> Vec<Trial>
where
    M: Future<Output = T>,
{
    let trial = |(name, case): &Case<T>| {
        let (case, make) = (*case, make.clone());
        Trial::test(format!("{suite}::{name}"), move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let run = async { tokio::time::timeout(patience(), async { case(make().await).await }).await };
            Ok(runtime.block_on(run)?)
        })
    };
    cases.iter().map(trial).collect()
}
