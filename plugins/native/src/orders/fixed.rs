//! The binary record, with the layout and the error texts of `mainspring.model.records`.

#![forbid(unsafe_code)]

/// The version of the layout.
pub const VERSION: u8 = 1;
/// The bytes of a record.
pub const BYTES: usize = 128;
/// The longest text.
pub const MAX_TEXT: usize = 56;

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of `mainspring.model`")]
pub enum Kind {
    NewOrder = 1,
    ApprovedNewOrder = 2,
    Accepted = 3,
    Rejected = 4,
    Fill = 5,
    Cancelled = 6,
    Replaced = 7,
    ReplaceRequest = 8,
    ApprovedReplaceRequest = 9,
    CancelRequest = 10,
    ApprovedCancelRequest = 11,
    Expired = 12,
}

impl Kind {
    /// What an approved request asks for; `None` for a kind that isn't approved.
    pub fn request(self) -> Option<Kind> {
        match self {
            Kind::ApprovedNewOrder => Some(Kind::NewOrder),
            Kind::ApprovedReplaceRequest => Some(Kind::ReplaceRequest),
            Kind::ApprovedCancelRequest => Some(Kind::CancelRequest),
            _ => None,
        }
    }
}

/// Every kind, in the order of their numbers.
pub const KINDS: [Kind; 12] = [
    Kind::NewOrder,
    Kind::ApprovedNewOrder,
    Kind::Accepted,
    Kind::Rejected,
    Kind::Fill,
    Kind::Cancelled,
    Kind::Replaced,
    Kind::ReplaceRequest,
    Kind::ApprovedReplaceRequest,
    Kind::CancelRequest,
    Kind::ApprovedCancelRequest,
    Kind::Expired,
];

/// A record. Fields that its kind doesn't have are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.records`")]
pub struct Record {
    pub kind: Kind,
    pub side: i8,
    pub order_kind: u8,
    pub time_in_force: u8,
    pub flag: u8,
    pub request: u8,
    pub text_bytes: u8,
    pub order_id: i64,
    pub instrument: i64,
    pub time_ns: i64,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub fill_id: i64,
    pub fee_ppb: i64,
    pub approved_ns: i64,
    pub text: [u8; MAX_TEXT],
}

impl Record {
    /// A record of a kind with nothing in it.
    pub fn new(kind: Kind) -> Record {
        Record {
            kind,
            side: 0,
            order_kind: 0,
            time_in_force: 0,
            flag: 0,
            request: 0,
            text_bytes: 0,
            order_id: 0,
            instrument: 0,
            time_ns: 0,
            price_ticks: 0,
            size_lots: 0,
            fill_id: 0,
            fee_ppb: 0,
            approved_ns: 0,
            text: [0; MAX_TEXT],
        }
    }

    /// Puts a text in; false where it is too long.
    pub fn set_text(&mut self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let Some(place) = self.text.get_mut(..bytes.len()) else { return false };
        place.copy_from_slice(bytes);
        self.text_bytes = bytes.len() as u8;
        true
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.text
            .get(..usize::from(self.text_bytes))
            .and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default()
    }

    fn numbers(&self) -> [i64; 8] {
        [
            self.order_id,
            self.instrument,
            self.time_ns,
            self.price_ticks,
            self.size_lots,
            self.fill_id,
            self.fee_ppb,
            self.approved_ns,
        ]
    }

    /// The bytes.
    pub fn to_bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let small = [self.order_kind, self.time_in_force, self.flag, self.request, self.text_bytes];
        bytes[..3].copy_from_slice(&[VERSION, self.kind as u8, self.side as u8]);
        bytes[3..8].copy_from_slice(&small);
        for (at, number) in self.numbers().into_iter().enumerate() {
            bytes[8 + at * 8..16 + at * 8].copy_from_slice(&number.to_le_bytes());
        }
        bytes[72..].copy_from_slice(&self.text);
        bytes
    }

    /// The record that these bytes are; `None` where they are none.
    pub fn from_bytes(bytes: &[u8; BYTES]) -> Option<Record> {
        let [version, kind, side, order_kind, time_in_force, flag, request, text_bytes] = *bytes.first_chunk::<8>()?;
        let kind = KINDS.into_iter().find(|known| *known as u8 == kind)?;
        let mut numbers = [0; 8];
        for (number, chunk) in numbers.iter_mut().zip(bytes[8..72].as_chunks::<8>().0) {
            *number = i64::from_le_bytes(*chunk);
        }
        let [order_id, instrument, time_ns, price_ticks, size_lots, fill_id, fee_ppb, approved_ns] = numbers;
        let mut text = [0; MAX_TEXT];
        text.copy_from_slice(&bytes[72..]);
        let record = Record {
            kind,
            side: side as i8,
            order_kind,
            time_in_force,
            flag,
            request,
            text_bytes,
            order_id,
            instrument,
            time_ns,
            price_ticks,
            size_lots,
            fill_id,
            fee_ppb,
            approved_ns,
            text,
        };
        (version == VERSION && record.is_whole()).then_some(record)
    }

    /// Whether every field has a value that its kind can have.
    fn is_whole(&self) -> bool {
        use Kind::{Accepted, Cancelled, Expired, Fill, NewOrder, Rejected, ReplaceRequest, Replaced};
        let approved = self.kind.request();
        let kind = approved.unwrap_or(self.kind);
        let order = kind == NewOrder;
        let priced = order || matches!(kind, Fill | Replaced | ReplaceRequest);
        let has = |has: bool, good: bool, zero: bool| if has { good } else { zero };
        let text = self.text.get(..usize::from(self.text_bytes));
        let rest = self.text.get(usize::from(self.text_bytes)..).unwrap_or_default();
        has(order || kind == Fill, matches!(self.side, 1 | -1), self.side == 0)
            && has(order, matches!(self.order_kind, 1..=2), self.order_kind == 0)
            && has(order, matches!(self.time_in_force, 1..=3), self.time_in_force == 0)
            && has(order || kind == Fill, self.flag <= 1, self.flag == 0)
            && has(kind == Rejected, matches!(self.request, 1..=3), self.request == 0)
            && has(priced, true, self.price_ticks == 0)
            && has(priced || matches!(kind, Cancelled | Expired), true, self.size_lots == 0)
            && has(kind == Fill, true, self.fill_id == 0 && self.fee_ppb == 0)
            && has(approved.is_some(), true, self.approved_ns == 0)
            && has(!matches!(kind, Accepted | Replaced), true, self.text_bytes == 0)
            && text.is_some_and(|text| std::str::from_utf8(text).is_ok())
            && rest.iter().all(|&byte| byte == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_back_and_others_refused() {
        let mut record = Record::new(Kind::Cancelled);
        (record.order_id, record.instrument, record.time_ns, record.size_lots) = (7, 1, i64::MAX, 3);
        assert!(record.set_text("too slow") && !record.clone().set_text(&"x".repeat(MAX_TEXT + 1)));
        let bytes = record.to_bytes();
        assert_eq!(Record::from_bytes(&bytes), Some(record));
        assert_eq!(Record::from_bytes(&bytes).map(|record| record.text().to_owned()).as_deref(), Some("too slow"));
        for (at, value) in
            [(0, 2), (1, 0), (1, 13), (2, 1), (3, 1), (5, 1), (6, 1), (7, 57), (7, 2), (32, 1), (64, 1), (127, 1)]
        {
            let mut changed = bytes;
            changed[at] = value;
            assert_eq!(Record::from_bytes(&changed), None, "byte {at} = {value}");
        }
    }
}
