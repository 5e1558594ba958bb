//! The tasks that make up the process. Each has a name, and none may end unnoticed.

use std::{collections::HashMap, fmt::Display};

use tokio::task::{Id, JoinSet};

/// Running roles. Those that are left are stopped with this value.
#[derive(Default)]
pub(crate) struct Roles {
    tasks: JoinSet<Result<(), String>>,
    names: HashMap<Id, &'static str>,
}

/// A role that has ended.
pub(crate) struct Ended {
    pub(crate) role: &'static str,
    /// Why it failed, if it did.
    pub(crate) failure: Option<String>,
}

impl Roles {
    /// Runs a role.
    pub(crate) fn start<E: Display>(
        &mut self,
        name: &'static str,
        role: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let task = self.tasks.spawn(async move { role.await.map_err(|error| error.to_string()) });
        self.names.insert(task.id(), name);
    }

    /// The next role to end; `None` if none is left. Cancel-safe.
    pub(crate) async fn ended(&mut self) -> Option<Ended> {
        let (id, failure) = match self.tasks.join_next_with_id().await? {
            Ok((id, result)) => (id, result.err()),
            Err(panicked) => (panicked.id(), Some("it panicked".to_owned())),
        };
        let role = self.names.remove(&id).unwrap_or("role");
        Some(Ended { role, failure })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_role_is_known_by_name_however_it_ends() {
        for (role, expected) in [("fine", None), ("failing", Some("no bus")), ("panicking", Some("it panicked"))] {
            let mut roles = Roles::default();
            roles.start(role, async move {
                assert_ne!(role, "panicking");
                if role == "failing" { Err("no bus") } else { Ok(()) }
            });
            let ended = roles.ended().await.unwrap();
            assert_eq!((ended.role, ended.failure.as_deref()), (role, expected));
            assert!(roles.ended().await.is_none());
        }
    }
}
