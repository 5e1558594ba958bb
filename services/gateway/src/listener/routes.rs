//! What is served at which path.

use std::sync::Arc;

use axum::Router;

use crate::connection::Endpoint;
use crate::plain::PlainEndpoint;

/// The paths of a server.
#[derive(Default)]
pub(super) struct Routes {
    engines: Vec<Arc<Endpoint>>,
    plains: Vec<(Box<str>, Arc<PlainEndpoint>)>,
    router: Router,
}

/// Who serves a path.
#[derive(Clone)]
pub(super) enum Route {
    Engine(Arc<Endpoint>),
    Plain(Arc<PlainEndpoint>),
    Other(Router),
}

impl Routes {
    pub(super) fn engine(&mut self, endpoint: Arc<Endpoint>) {
        self.engines.push(endpoint);
    }

    pub(super) fn plain(&mut self, path: &str, endpoint: Arc<PlainEndpoint>) {
        self.plains.push((path.trim_end_matches('/').into(), endpoint));
    }

    pub(super) fn router(&mut self, router: Router) {
        self.router = router;
    }

    /// Engine.IO is served at its path with and without a slash at the end, plain WebSockets also below theirs.
    pub(super) fn find(&self, path: &str) -> Route {
        let below = |base: &str| path.strip_prefix(base);
        if let Some(endpoint) = self.engines.iter().find(|endpoint| matches!(below(&endpoint.path), Some("" | "/"))) {
            return Route::Engine(Arc::clone(endpoint));
        }
        let is_below = |base: &str| below(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if let Some((_, endpoint)) = self.plains.iter().find(|(base, _)| is_below(base)) {
            return Route::Plain(Arc::clone(endpoint));
        }
        Route::Other(self.router.clone())
    }

    pub(super) fn engines(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.engines.iter()
    }

    pub(super) fn plains(&self) -> impl Iterator<Item = &Arc<PlainEndpoint>> {
        self.plains.iter().map(|(_, endpoint)| endpoint)
    }
}
