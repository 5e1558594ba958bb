//! A case: a name and what has to hold.

use std::time::Duration;

use futures_util::future::BoxFuture;
use libtest_mimic::Trial;

/// What has to hold for every implementation of `T`.
pub(crate) type Case<T> = (&'static str, fn(T) -> BoxFuture<'static, ()>);

/// Far beyond what any case takes, so that one that hangs is told from one that is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lists async functions as cases.
macro_rules! cases {
    ($($case:ident),+ $(,)?) => {
        &[$((stringify!($case), |subject| Box::pin($case(subject)))),+]
    };
}
pub(crate) use cases;

/// One test for each case, on an implementation of its own.
pub(crate) fn trials<T: 'static>(suite: &'static str, cases: &[Case<T>], make: fn() -> T) -> Vec<Trial> {
    let trial = |(name, case): &Case<T>| {
        let case = *case;
        Trial::test(format!("{suite}::{name}"), move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let result = runtime.block_on(async { tokio::time::timeout(PATIENCE, case(make())).await });
            Ok(result?)
        })
    };
    cases.iter().map(trial).collect()
}
