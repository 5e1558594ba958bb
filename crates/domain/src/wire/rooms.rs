//! `rooms.proto`

use super::{
    WireError,
    field::{list, optional_text, required, same_variants, text},
    proto,
};
use crate::{
    call::{CallParty, CallPartyState, CallState, CallView},
    event::CallEndReason,
    time::Timestamp,
};

same_variants!(CallState, proto::CallState, "GetCallResponse.state": Created, Ringing, Active, Ended);
same_variants!(
    CallPartyState, proto::CallPartyState, "CallParty.state":
    Invited, Ringing, Joined, Declined, Left,
);

impl From<&CallView> for proto::GetCallResponse {
    fn from(call: &CallView) -> Self {
        Self {
            state: proto::CallState::from(call.state).into(),
            media: proto::CallMedia::from(call.media).into(),
            parties: call.parties.iter().map(Into::into).collect(),
            started_at: call.started_at.map(Timestamp::as_millis),
            ended_at: call.ended_at.map(Timestamp::as_millis),
            end_reason: call.end_reason.map(|reason| proto::CallEndReason::from(reason).into()),
        }
    }
}

impl TryFrom<proto::GetCallResponse> for CallView {
    type Error = WireError;

    fn try_from(form: proto::GetCallResponse) -> Result<Self, WireError> {
        let end_reason = form.end_reason.map(|_| CallEndReason::try_from(form.end_reason())).transpose()?;
        Ok(Self {
            state: form.state().try_into()?,
            media: form.media().try_into()?,
            parties: list(form.parties)?,
            started_at: form.started_at.map(Timestamp::from_millis),
            ended_at: form.ended_at.map(Timestamp::from_millis),
            end_reason,
        })
    }
}

impl From<&CallParty> for proto::CallParty {
    fn from(party: &CallParty) -> Self {
        Self {
            user: party.user.as_str().to_owned(),
            name: party.name.as_ref().map(|name| name.as_str().to_owned()),
            state: proto::CallPartyState::from(party.state).into(),
            media: Some(party.media.into()),
        }
    }
}

impl TryFrom<proto::CallParty> for CallParty {
    type Error = WireError;

    fn try_from(form: proto::CallParty) -> Result<Self, WireError> {
        Ok(Self {
            user: text(&form.user, "CallParty.user")?,
            state: form.state().try_into()?,
            name: optional_text(form.name, "CallParty.name")?,
            media: required(form.media, "CallParty.media")?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{command::CallMedia, id::UserId, room::Media, user::Name};

    #[test]
    fn a_call_comes_back_as_it_went() {
        let party = |id: &str, name: Option<&str>, state| CallParty {
            user: UserId::parse(id).unwrap(),
            name: name.map(|name| Name::parse(name).unwrap()),
            state,
            media: Media { audio: true, ..Media::default() },
        };
        let call = CallView {
            state: CallState::Ended,
            media: CallMedia::Video,
            parties: vec![
                party("alice", Some("Alice"), CallPartyState::Left),
                party("bob", None, CallPartyState::Declined),
            ],
            started_at: Some(Timestamp::from_millis(1)),
            ended_at: Some(Timestamp::from_millis(2)),
            end_reason: Some(CallEndReason::ParticipantsLeft),
        };
        assert_eq!(CallView::try_from(proto::GetCallResponse::from(&call)), Ok(call));
    }

    #[test]
    fn a_call_without_a_state_is_no_call() {
        assert_eq!(
            CallView::try_from(proto::GetCallResponse::default()),
            Err(WireError::Missing { field: "GetCallResponse.state" })
        );
    }
}
