//! Whose request it is (docs/protocol.md, "Identity"): the token's user, and in open mode whom the query parameters
//! `userId` and `userName` name.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use heliograph_domain::{refusal::Code, user::Name};

use super::{Api, allowance::Client, error::ApiError};
use crate::{
    handshake::Handshake,
    identity::{AuthError, Identity, Mode},
};

/// A request of somebody who is known.
pub(super) struct Caller(pub(super) Identity);

/// A request that needs no identity where the deployment serves anonymous guests; elsewhere it needs one.
pub(super) struct Visitor {
    /// Who it is, if that is known.
    pub(super) identity: Option<Identity>,
    address: IpAddr,
}

impl Visitor {
    /// Whom to count for this request.
    pub(super) fn client(&self) -> Client {
        match &self.identity {
            Some(identity) => Client::User(identity.user.id.clone()),
            None => self.address(),
        }
    }

    /// Whom to count where what the client says of itself is not to be relied on.
    pub(super) fn address(&self) -> Client {
        Client::Address(self.address)
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        identity(parts, api)?.map(Self).ok_or_else(|| api.refuse(Code::AuthRequired))
    }
}

impl FromRequestParts<Api> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let identity = identity(parts, api)?;
        if identity.is_none() && !api.options().anonymous {
            return Err(api.refuse(Code::AuthRequired));
        }
        Ok(Self { identity, address: address(parts) })
    }
}

/// The client's address; unspecified if the request did not come over a socket.
pub(super) fn address(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip())
}

/// What came with a request for identification, and the token in it.
pub(super) fn token(parts: &Parts, api: &Api) -> (Handshake, Option<String>) {
    let handshake = Handshake::new(parts, SocketAddr::new(address(parts), 0));
    let token = api.options().tokens.bearer(&handshake);
    (handshake, token)
}

fn identity(parts: &Parts, api: &Api) -> Result<Option<Identity>, ApiError> {
    let verifier = &api.services().verifier;
    let (handshake, token) = token(parts, api);
    if let Some(token) = token {
        match verifier.verify(&token, api.services().clock.now()) {
            Ok(identity) => return Ok(Some(identity)),
            // In open mode what is no token says nothing, as if it were not there.
            Err(AuthError::Failed) if verifier.mode() == Mode::Open => {}
            Err(error) => return Err(api.refuse(error.code())),
        }
    }
    let name = handshake.query("userName").and_then(|name| Name::parse(&name).ok());
    Ok(verifier.claimed(handshake.query("userId").as_deref(), name))
}
