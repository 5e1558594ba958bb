//! From the configuration to what each service is set up with.

use std::{sync::Arc, time::Duration};

use heliograph_cluster::{
    commands::CommandOptions,
    grpc::{ChannelOptions, Keepalive, ServerOptions, Tls, TlsError},
    outward::OutwardOptions,
};
use heliograph_domain::user::Vocabulary;
use heliograph_gateway::{
    fanout::CatchUpOptions,
    http,
    http::{GuestOptions, IceOptions},
    identity::TokenSources,
    link::LinkOptions,
    listener::{self, AdmissionOptions, Origins, PacketLimits, Proxies, Transports},
    outlet::Bounds,
    policy, service, transport,
};
use heliograph_presence::AudienceKind;
use heliograph_room_router as rooms;

use crate::{
    config::{
        AuthMode, Config, ForwardedHeader, Html, PresenceAudience, Rate, Reach, SocketTransport, SocketVocabulary,
    },
    keys::{self, KeyFileError},
    operations::PublicationLimits,
};

/// How often a minute-long limit counts.
const MINUTE: Duration = Duration::from_secs(60);

/// Which pages may connect. In open mode every page may, unless some are listed.
pub(crate) fn origins(config: &Config) -> Origins {
    if config.public.origins.is_empty() && config.auth.mode == AuthMode::Open {
        Origins::Any
    } else {
        Origins::List(config.public.origins.clone())
    }
}

/// Where tokens are looked for.
pub(crate) fn tokens(config: &Config) -> TokenSources {
    TokenSources { cookie: config.auth.cookie.as_str().into(), origins: Arc::new(origins(config)) }
}

/// Bounds of what backends publish.
pub(crate) fn publications(config: &Config) -> PublicationLimits {
    PublicationLimits { targets: config.operations.publication_targets, bytes: config.operations.publication_bytes }
}

/// How long commands are tried.
pub(crate) fn commands(config: &Config) -> CommandOptions {
    let deadline = config.cluster.command_deadline;
    CommandOptions { deadline, attempt: config.cluster.command_attempt.min(deadline) }
}

/// STUN and TURN.
pub(crate) fn ice(config: &Config) -> IceOptions {
    IceOptions {
        stun: config.ice.stun.clone(),
        turn: config.ice.turn.clone(),
        turn_secret: config.ice.turn_secret.clone(),
        credential_ttl: config.ice.credential_ttl,
    }
}

/// The gateway.
pub(crate) fn gateway(config: &Config, metrics: &transport::Metrics) -> service::Options {
    service::Options {
        listener: listener(config, metrics),
        limits: socket_limits(config),
        commands: commands(config),
        recovery: config.engine.recovery,
        default_vocabulary: config.engine.default_vocabulary.map(|vocabulary| match vocabulary {
            SocketVocabulary::Synapse => Vocabulary::Synapse,
            SocketVocabulary::GuestChat => Vocabulary::GuestChat,
            SocketVocabulary::DirectChat => Vocabulary::DirectChat,
        }),
        replay_limit: config.engine.replay_limit,
        anonymous_mesh: anonymous(config),
        mesh_ping_interval: config.mesh.ping_interval,
        mesh_silent_timeout: config.mesh.silent_timeout,
        authentication_deadline: config.auth.deadline,
        tokens: tokens(config),
        ice: ice(config),
        workers: match config.outbound.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        },
        worker_queue: config.outbound.worker_queue,
        settle_at_once: config.cluster.settle_at_once,
        publications: config.cluster.remembered_publications,
        departures: config.cluster.departures,
        links: LinkOptions {
            early_bytes: config.cluster.link_early_bytes,
            patience: config.cluster.link_patience,
            heartbeat: config.cluster.link_heartbeat,
        },
        catch_up: CatchUpOptions {
            doubts: config.cluster.doubted_rooms,
            reads: config.cluster.gap_reads,
            closes_per_second: config.cluster.closes_per_second,
        },
    }
}

fn listener(config: &Config, metrics: &transport::Metrics) -> listener::Options {
    let allowed = |transport| config.engine.transports.contains(&transport);
    listener::Options {
        ping_interval: config.engine.ping_interval,
        ping_timeout: config.engine.ping_timeout,
        max_payload: config.engine.max_payload,
        connect_timeout: config.engine.connect_timeout,
        upgrade_timeout: config.engine.upgrade_timeout,
        transports: Transports {
            polling: allowed(SocketTransport::Polling),
            websocket: allowed(SocketTransport::Websocket),
        },
        allow_upgrades: config.engine.upgrades,
        poll_packets: config.engine.poll_packets,
        max_namespaces: config.engine.namespaces,
        packet_limits: PacketLimits {
            attachments: config.engine.attachments,
            attachment_bytes: config.engine.attachment_bytes,
            arguments: config.engine.arguments,
        },
        origins: origins(config),
        proxies: Proxies {
            trusted: config.public.trusted_proxies.clone(),
            header: match config.public.forwarded_header {
                ForwardedHeader::XForwardedFor => listener::ForwardedHeader::XForwardedFor,
                ForwardedHeader::Forwarded => listener::ForwardedHeader::Forwarded,
            },
        },
        admission: AdmissionOptions {
            max_connections: config.public.max_connections,
            max_per_address: Some(config.public.connections_per_address).filter(|most| *most > 0),
            accept_rate: config.public.accept_per_second,
            accept_burst: config.public.accept_burst,
            request_timeout: config.public.request_timeout,
            retry_after: config.public.retry_after,
        },
        outbound: Bounds { soft: config.outbound.soft_bytes, hard: config.outbound.hard_bytes },
        relays: config.cluster.relays,
        drain_period: config.public.drain_period,
        linger: config.public.linger,
        metrics: metrics.clone(),
    }
}

fn socket_limits(config: &Config) -> policy::Limits {
    let rate = |rate: Rate| policy::Rate { per_second: rate.per_second, burst: rate.burst };
    let limits = &config.limits;
    policy::Limits {
        signals: rate(limits.signals),
        data: rate(limits.data),
        typing: rate(limits.typing),
        typing_timeout: limits.typing_timeout,
        membership: rate(limits.membership),
        rooms_per_socket: limits.rooms_per_socket,
        authentication_attempts: limits.authentication_attempts,
        commands_in_flight: limits.commands_in_flight,
        join_buffer: limits.join_buffer,
    }
}

/// Whether clients without a token are let in where guests are.
pub(crate) fn anonymous(config: &Config) -> bool {
    config.auth.anonymous_mesh.unwrap_or(config.auth.mode == AuthMode::Open)
}

/// The HTTP API.
pub(crate) fn http(config: &Config) -> Result<http::Options, KeyFileError> {
    let guests = keys::secret(&config.auth)?.filter(|_| config.auth.guests).map(|secret| GuestOptions {
        secret,
        issuer: config.auth.issuer.clone(),
        audience: config.auth.audience.clone(),
        token_ttl: config.auth.guest_token,
        session_ttl: config.auth.guest_session,
        per_minute: config.limits.guest_sessions_per_minute,
    });
    Ok(http::Options {
        tokens: tokens(config),
        anonymous: anonymous(config),
        max_body: config.engine.max_payload,
        body_timeout: config.public.request_timeout,
        ice: ice(config),
        guests,
        open_calls_per_minute: config.limits.calls_per_minute,
        reports_per_minute: config.limits.reports_per_minute,
    })
}

/// What services send to gateways.
fn outward(config: &Config) -> OutwardOptions {
    OutwardOptions {
        kept_bytes: config.cluster.link_kept_bytes,
        waiting_bytes: config.cluster.link_waiting_bytes,
        parcel_bytes: config.cluster.parcel_bytes,
        heartbeat: config.cluster.link_heartbeat,
        grace: config.cluster.link_grace,
    }
}

/// The room-router.
pub(crate) fn room_router(config: &Config) -> rooms::Options {
    let per_minute = |max| rooms::Rate { max, window: MINUTE };
    rooms::Options {
        limits: rooms::Limits {
            synapse_messages: per_minute(config.limits.messages_per_minute),
            mesh_messages: per_minute(config.limits.messages_per_minute),
            guest_chat_messages: per_minute(config.limits.guest_chat_messages_per_minute),
            direct_chat_messages: per_minute(config.limits.direct_chat_messages_per_minute),
            collaboration_messages: per_minute(config.limits.messages_per_minute),
            call_initiations: per_minute(config.limits.calls_per_minute),
            match_requests: per_minute(config.limits.matches_per_minute),
            invites: per_minute(config.limits.invites_per_minute),
            mesh_peers: config.mesh.max_peers,
            call_participants: config.calls.max_participants,
            held_signals: config.calls.held_signals,
            held_bytes: config.calls.held_bytes,
        },
        html: match config.rooms.html {
            Html::Strip => rooms::Html::Strip,
            Html::Keep => rooms::Html::Keep,
        },
        reach: match config.policy.reach {
            Reach::Anyone => rooms::Reach::Anyone,
            Reach::Acquainted => rooms::Reach::Acquainted,
        },
        ring_timeout: config.calls.ring_timeout,
        unused_call: config.calls.unused_timeout,
        ended_call: config.calls.ended_kept,
        quiet_call: config.calls.quiet_kept,
        call_grace: config.presence.call_grace,
        missed: config.rooms.join_entries,
        members: config.rooms.join_members,
        contents_bytes: config.rooms.contents_bytes,
        contents_scanned: config.rooms.contents_scanned,
        abandoned_match: config.rooms.abandoned_match,
        pending: config.cluster.partition_queue,
        refresh: config.cluster.deadline_refresh,
        takeover_rooms: config.cluster.takeover_rooms,
        takeover_at_once: config.cluster.takeover_at_once,
        marked_rooms: config.cluster.marked_rooms,
        known_rooms: config.cluster.known_rooms,
        known_age: config.cluster.known_age,
        matching: rooms::MatchingOptions {
            search_timeout: config.matching.search_timeout,
            queue_timeout: config.matching.queue_timeout,
            answer_timeout: config.matching.answer_timeout,
            invite_timeout: config.matching.invite_timeout,
            grace: config.matching.grace,
            remembered: config.matching.kept,
            waiting: config.matching.max_waiting,
            invitations: config.matching.max_invitations,
            looks: config.matching.looks,
            positions: config.matching.positions_per_second,
        },
        outward: outward(config),
    }
}

/// Presence.
pub(crate) fn presence(config: &Config) -> heliograph_presence::Options {
    heliograph_presence::Options {
        audience: match config.presence.audience {
            PresenceAudience::Rooms => AudienceKind::Rooms,
            PresenceAudience::Everyone => AudienceKind::Everyone,
        },
        sockets: config.limits.sockets_per_user,
        loss_grace: config.presence.loss_grace,
        presence_grace: config.presence.offline_grace,
        call_grace: config.presence.call_grace,
        recovery_window: config.engine.recovery_window,
        rooms: config.limits.rooms_per_socket,
        blocks: config.limits.blocks_per_user,
        blocks_kept: config.limits.blocks_kept,
        pending: config.cluster.partition_queue,
        refresh: config.cluster.deadline_refresh,
        outward: outward(config),
        reap_interval: config.cluster.reap_interval,
        reap_at_once: config.cluster.reap_at_once,
    }
}

/// Questions between processes.
pub(crate) struct Grpc {
    /// How others are asked.
    pub channels: ChannelOptions,
    /// How others are answered.
    pub server: ServerOptions,
    /// Largest question that is read, in bytes.
    pub largest: usize,
}

/// Room for what goes with a relayed request beside its body.
const RELAY_HEAD: usize = 64 * 1024;

/// Questions between processes.
///
/// # Errors
/// A certificate cannot be used.
pub(crate) fn grpc(config: &Config) -> Result<Grpc, TlsError> {
    let grpc = &config.grpc;
    let tls = match (&grpc.cert_file, &grpc.key_file) {
        (Some(certificate), Some(key)) => {
            Some(Tls::load(certificate, key, grpc.ca_file.as_deref(), grpc.server_name.clone())?)
        }
        // That there is only one of them is an error of the configuration.
        _ => None,
    };
    // A request that is relayed to the gateway of its session is one message.
    let largest = ChannelOptions::default().largest.max(config.engine.max_payload + RELAY_HEAD);
    // A relayed poll waits as long as its client's heartbeat lets it.
    let longest = ServerOptions::default().longest.max(2 * (config.engine.ping_interval + config.engine.ping_timeout));
    let keepalive = Keepalive { interval: grpc.keepalive_interval, timeout: grpc.keepalive_timeout };
    Ok(Grpc {
        channels: ChannelOptions {
            tls: tls.clone(),
            connect: grpc.connect_timeout,
            keepalive,
            largest,
            streams: grpc.streams,
        },
        server: ServerOptions {
            tls,
            connections: grpc.connections,
            streams: grpc.streams,
            calls: grpc.calls,
            longest,
            opening: grpc.opening_timeout,
            keepalive,
            drain: grpc.drain_period,
        },
        largest,
    })
}
