//! `link.proto`

use super::{WireError, field::text, proto};
use crate::delivery::Parcel;

impl From<Parcel> for proto::Parcel {
    fn from(parcel: Parcel) -> Self {
        Self { sender: parcel.sender.as_str().to_owned(), link: parcel.link, first: parcel.first, items: parcel.items }
    }
}

impl TryFrom<proto::Parcel> for Parcel {
    type Error = WireError;

    fn try_from(form: proto::Parcel) -> Result<Self, WireError> {
        if form.first == 0 {
            return Err(WireError::Invalid { field: "Parcel.first", reason: "must be at least 1".to_owned() });
        }
        Ok(Self { sender: text(&form.sender, "Parcel.sender")?, link: form.link, first: form.first, items: form.items })
    }
}
