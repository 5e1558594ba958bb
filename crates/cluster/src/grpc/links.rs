//! Asks a service for what a gateway has missed.

use std::time::Duration;

use heliograph_domain::{
    delivery::Parcel,
    id::NodeId,
    refusal::{Code, Refusal},
    wire::proto,
};

use super::{Channels, refusal, stubs::link_service_client::LinkServiceClient, unreadable};

/// Asks services to send again.
#[derive(Clone)]
pub struct LinkClient {
    channels: Channels,
    deadline: Duration,
}

impl LinkClient {
    /// A client for whatever services live. Answers are waited for until `deadline` has passed.
    pub fn new(channels: Channels, deadline: Duration) -> Self {
        Self { channels, deadline }
    }

    /// What the link from `sender` to `gateway` still holds from a number on, as much as one answer may
    /// hold. It begins with a greater number, or is of another link, if what is older is gone.
    ///
    /// # Errors
    ///
    /// `NotFound` if the sender is not there or has no such link; `Unavailable` if there is no answer.
    pub async fn resend(&self, sender: &NodeId, gateway: &NodeId, from: u64) -> Result<Parcel, Refusal> {
        let link = self.channels.node(sender, self.deadline).ok_or_else(|| Refusal::new(Code::NotFound))?;
        let request = proto::ResendRequest { sender: sender.to_string(), gateway: gateway.to_string(), from };
        let mut client = LinkServiceClient::new(link.way()).max_decoding_message_size(link.largest());
        let answer = link.answer(client.resend(link.request(request))).await.map_err(refusal)?;
        let parcel = answer.parcel.ok_or_else(|| unreadable("a parcel is missing"))?;
        parcel.try_into().map_err(unreadable)
    }
}
