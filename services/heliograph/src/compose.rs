//! Puts the roles of this process together: what each is set up with, and how they find each other.

use std::{convert::Infallible, sync::Arc};

use axum::Router;
use heliograph_cluster::{
    commands::Commands,
    directory::Role,
    grpc::{Channels, GrpcServer, PresenceClient, Process, RoomClient, Services},
    outward::Resending,
    serve::Backends,
};
use heliograph_gateway::{
    emitter::Emitter,
    http,
    identity::Verifier,
    service::{self, Gateway},
    transport,
};
use heliograph_presence::Presence;
use heliograph_room_router::RoomRouter;
use heliograph_telemetry::{metrics::Metrics, readiness::Readiness};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    keys,
    operations::{self, Operations},
    options,
    ports::Addresses,
    roles::Roles,
    run::RunError,
};

/// The role whose end begins the end of the others when the process is asked to stop.
pub(crate) const GATEWAY: &str = "gateway";

/// What roles are made from, before there are backends: whatever is wrong with the configuration is said first.
pub(crate) struct Compose<'a> {
    config: &'a Config,
    /// Where other processes reach this one; empty within one process.
    address: String,
    metrics: Arc<Metrics>,
    readiness: &'a Readiness,
    shutdown: &'a CancellationToken,
    unneeded: &'a CancellationToken,
    verifier: Arc<Verifier>,
    operators: Option<Verifier>,
    http: http::Options,
    grpc: options::Grpc,
}

impl<'a> Compose<'a> {
    /// Reads the keys and certificates that the configuration names.
    ///
    /// # Errors
    /// One of them cannot be used.
    pub(crate) fn prepare(
        config: &'a Config,
        addresses: &Addresses,
        metrics: Arc<Metrics>,
        readiness: &'a Readiness,
        shutdown: &'a CancellationToken,
        unneeded: &'a CancellationToken,
    ) -> Result<Self, RunError> {
        Ok(Self {
            config,
            address: addresses.advertised(config),
            metrics,
            readiness,
            shutdown,
            unneeded,
            verifier: Arc::new(keys::verifier(&config.auth)?),
            operators: keys::signed(&config.auth)?,
            http: options::http(config)?,
            grpc: options::grpc(config)?,
        })
    }

    /// Starts the roles and the ports by which they are reached. Gives the routes of the operations port.
    ///
    /// # Errors
    /// The gRPC server cannot be set up.
    pub(crate) fn start(
        self,
        wanted: &[Role],
        backends: Backends,
        emitter: Option<Emitter>,
        public: Option<TcpListener>,
        grpc: Option<TcpListener>,
        roles: &mut Roles,
    ) -> Result<Router, RunError> {
        let Self { config, address, metrics, readiness, shutdown, unneeded, .. } = self;
        let commands = Commands::new(Arc::clone(&backends.bus), options::commands(config));
        let channels = Channels::new(backends.directory.watch(), self.grpc.channels, metrics.grpc.clone());
        let deadline = config.cluster.question_deadline;
        let rooms = RoomClient::new(channels.role(Role::RoomRouter, deadline));
        let people = PresenceClient::new(channels.role(Role::Presence, deadline));

        let mut described = Vec::new();
        let router = wanted.contains(&Role::RoomRouter).then(|| {
            let options = options::room_router(config);
            RoomRouter::new(options, backends.clone(), address.clone(), metrics.rooms.clone())
        });
        described.extend(router.as_ref().map(RoomRouter::describe));
        let presence = wanted.contains(&Role::Presence).then(|| {
            let (options, metrics) = (options::presence(config), metrics.presence.clone());
            Presence::new(options, backends.clone(), commands.clone(), address.clone(), metrics)
        });
        described.extend(presence.as_ref().map(Presence::describe));
        let transport = transport::Metrics::default();
        let gateway = wanted.contains(&Role::Gateway).then(|| {
            metrics.register(|registry| transport.register(registry.sub_registry_with_prefix("transport")));
            let backends = service::Backends {
                bus: Arc::clone(&backends.bus),
                directory: Arc::clone(&backends.directory),
                rooms: rooms.clone(),
                channels: channels.clone(),
                verifier: Arc::clone(&self.verifier),
                clock: backends.clock.clone(),
            };
            let options = options::gateway(config, &transport);
            Gateway::new(options, backends, address.clone(), metrics.gateway.clone()).hear(emitter)
        });
        described.extend(gateway.as_ref().map(Gateway::describe));

        let operations = Arc::new(Operations {
            metrics: Arc::clone(&metrics),
            readiness: readiness.clone(),
            draining: shutdown.clone(),
            operators: self.operators,
            backends: backends.clone(),
            commands: commands.clone(),
            rooms: rooms.clone(),
            channels: channels.clone(),
            deadline,
            publications: options::publications(config),
        });

        let process = Process::new(backends.clock.now(), readiness.clone(), shutdown.clone(), described);
        let mut services = Services::new(process, self.grpc.largest);
        services = services.admin(operations::grpc::service(Arc::clone(&operations)));
        if let Some(router) = &router {
            services = services.rooms(router.questions());
        }
        if let Some(presence) = &presence {
            services = services.presence(presence.questions());
        }
        if let Some(gateway) = &gateway {
            services = services.gateway(gateway.questions()).relay(gateway.relay());
        }
        let senders = [router.as_ref().map(RoomRouter::outward), presence.as_ref().map(Presence::outward)];
        services = services.links(Resending::server(senders.into_iter().flatten()));
        channels.serve_here(&address, &services);
        if let Some(listener) = grpc {
            let server = GrpcServer::new(services, self.grpc.server, metrics.grpc.clone())?;
            let serving = server.run(listener, unneeded.clone());
            roles.start("gRPC port", async move {
                serving.await;
                Ok::<(), Infallible>(())
            });
        }
        if let Some(router) = router {
            roles.start("room-router", router.run(readiness.hold("room-router"), unneeded.clone()));
        }
        if let Some(presence) = presence {
            roles.start("presence service", presence.run(readiness.hold("presence"), unneeded.clone()));
        }
        if let (Some(gateway), Some(listener)) = (gateway, public) {
            let api = http::Api::new(
                self.http,
                http::Services {
                    verifier: self.verifier,
                    commands,
                    rooms,
                    presence: people,
                    metrics: metrics.gateway.clone(),
                    clock: backends.clock.clone(),
                    connections: Arc::new(move || transport.open_connections()),
                    draining: shutdown.clone(),
                },
            );
            let serving = gateway.run(listener, http::router(api), readiness.hold("gateway"), shutdown.clone());
            roles.start(GATEWAY, serving);
        }
        Ok(operations::router(operations))
    }
}
