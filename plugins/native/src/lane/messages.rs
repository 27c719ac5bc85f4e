//! Messages in the order in which they were received, in one piece of memory.

#![forbid(unsafe_code)]

/// Receive times in nanoseconds, and the bytes of each message.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    bytes: Vec<u8>,
    /// The receive time, and where the message ends: it begins where the one before it ends.
    rows: Vec<(i64, usize)>,
}

impl Messages {
    /// Allocates room for this many messages.
    pub fn with_capacity(messages: usize, bytes: usize) -> Self {
        Messages { bytes: Vec::with_capacity(bytes), rows: Vec::with_capacity(messages) }
    }

    /// Adds a message.
    #[inline]
    pub fn push(&mut self, receive_time_ns: i64, raw: &[u8]) {
        self.bytes.extend_from_slice(raw);
        self.rows.push((receive_time_ns, self.bytes.len()));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many bytes they have together.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The messages from place `start` on.
    pub fn from(&self, start: usize) -> impl Iterator<Item = (i64, &[u8])> {
        let mut begin = match start {
            0 => 0,
            _ => self.rows.get(start - 1).map_or(self.bytes.len(), |(_, end)| *end),
        };
        self.rows.get(start..).unwrap_or_default().iter().map(move |&(receive_time_ns, end)| {
            let raw = &self.bytes[begin..end];
            begin = end;
            (receive_time_ns, raw)
        })
    }
}
