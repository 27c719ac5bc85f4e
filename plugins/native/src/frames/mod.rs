//! WebSocket frames (RFC 6455), decoded in place: a message that lies whole in a received chunk is handed out as a slice of it.
//!
//! Only a frame that a chunk's end cuts is copied, and the parts of a fragmented message are gathered. No extension is
//! negotiated, so that a reserved bit is an error. The twin is `mainspring.wire.frames`.

#![forbid(unsafe_code)]

/// The largest message that is taken, where nothing else is said.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

const MAX_CONTROL_BYTES: usize = 125;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(&'a [u8]),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping, to be answered by a pong of the same bytes.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// The other side closes; `None` where it names no code.
    Close(Option<u16>, &'a [u8]),
}

/// A broken rule of the protocol: the code to close with, what is wrong, and at which byte of the stream the frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolError {
    /// The close code: 1002, 1007 or 1009.
    pub code: u16,
    /// What is wrong.
    pub what: &'static str,
    /// The offset of the frame in the stream.
    pub at: u64,
}

/// Which kinds of frames there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// The first bytes of a frame.
#[derive(Clone, Copy, Debug)]
struct Header {
    fin: bool,
    opcode: Opcode,
    mask: Option<[u8; 4]>,
    start: usize,
    end: usize,
}

impl Header {
    /// Whether the payload is of a text, whose message `gathering` says where the frame goes on with one.
    fn is_text(&self, gathering: Option<Opcode>) -> bool {
        let opcode = if self.opcode == Opcode::Continuation { gathering } else { Some(self.opcode) };
        opcode == Some(Opcode::Text)
    }
}

/// UTF-8 that comes in parts: a wrong byte is found with the part that it is in.
#[derive(Clone, Debug, Default)]
struct Utf8 {
    /// The character that the last part's end cuts.
    cut: [u8; 4],
    cut_bytes: usize,
}

impl Utf8 {
    /// Whether the text can still become UTF-8 with this part.
    fn takes(&mut self, mut part: &[u8]) -> bool {
        while self.cut_bytes > 0 {
            let Some((&byte, rest)) = part.split_first() else { return true };
            self.cut[self.cut_bytes] = byte;
            self.cut_bytes += 1;
            part = rest;
            match std::str::from_utf8(&self.cut[..self.cut_bytes]) {
                Ok(_) => self.cut_bytes = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return false,
            }
        }
        match simdutf8::compat::from_utf8(part) {
            Ok(_) => true,
            Err(error) if error.error_len().is_none() => {
                let cut = &part[error.valid_up_to()..];
                self.cut[..cut.len()].copy_from_slice(cut);
                self.cut_bytes = cut.len();
                true
            }
            Err(_) => false,
        }
    }

    /// Whether the text may end here.
    fn may_end(&self) -> bool {
        self.cut_bytes == 0
    }
}

const NOT_UTF8: (u16, &str) = (1007, "a text that isn't UTF-8");

/// Decodes one direction of a connection. A text is refused with the chunk that has the first byte that isn't UTF-8.
#[derive(Clone, Debug)]
pub struct FrameDecoder {
    masked: bool,
    max_message_bytes: usize,
    check_utf8: bool,
    utf8: Utf8,
    /// How many bytes of the payload of the frame that is held were checked.
    checked: usize,
    held: Vec<u8>,
    held_is_done: bool,
    unmasked: Vec<u8>,
    gathered: Vec<u8>,
    gathering: Option<Opcode>,
    gathered_is_done: bool,
    offset: u64,
    ended: Option<Result<(), ProtocolError>>,
}

impl FrameDecoder {
    /// `masked` is whether frames have to be masked: those of a client are, those of a server never. With `check_utf8` off a
    /// text message is handed out unchecked, for a consumer that checks it anyway.
    pub fn new(masked: bool, max_message_bytes: usize, check_utf8: bool) -> Self {
        FrameDecoder {
            masked,
            max_message_bytes,
            check_utf8,
            utf8: Utf8::default(),
            checked: 0,
            held: Vec::new(),
            held_is_done: false,
            unmasked: Vec::new(),
            gathered: Vec::new(),
            gathering: None,
            gathered_is_done: false,
            offset: 0,
            ended: None,
        }
    }

    /// The next event of a chunk from `at` on, which moves on; `None` where the rest of the chunk holds none.
    ///
    /// After an error every call gives that error, and after a close nothing comes any more.
    pub fn next<'a>(&'a mut self, chunk: &'a [u8], at: &mut usize) -> Result<Option<Event<'a>>, ProtocolError> {
        if std::mem::take(&mut self.held_is_done) {
            self.held.clear();
        }
        if std::mem::take(&mut self.gathered_is_done) {
            self.gathered.clear();
        }
        match self.ended {
            Some(Err(error)) => return Err(error),
            Some(Ok(())) => {
                *at = chunk.len();
                return Ok(None);
            }
            None => {}
        }
        loop {
            let rest = chunk.get(*at..).unwrap_or_default();
            let (header, whole) = if self.held.is_empty() {
                match self.header(rest)? {
                    Some(header) if header.end <= rest.len() => (header, true),
                    header => {
                        self.held.extend_from_slice(rest);
                        *at = chunk.len();
                        self.check_held(header)?;
                        return Ok(None);
                    }
                }
            } else {
                let held = std::mem::take(&mut self.held);
                let header = self.header(&held);
                self.held = held;
                // Without a header one byte more may make one.
                let wanted = header?.map_or(self.held.len() + 1, |header| header.end);
                let more = rest.len().min(wanted - self.held.len());
                self.held.extend_from_slice(&rest[..more]);
                *at += more;
                let held = std::mem::take(&mut self.held);
                let header = self.header(&held);
                self.held = held;
                match header? {
                    Some(header) if header.end <= self.held.len() => (header, false),
                    _ if *at < chunk.len() => continue,
                    header => {
                        self.check_held(header)?;
                        return Ok(None);
                    }
                }
            };
            let begins = self.offset;
            self.offset += header.end as u64;
            if whole {
                *at += header.end;
            } else {
                self.held_is_done = true;
            }
            if !self.taken(&header, rest, whole).map_err(|(code, what)| self.failed(code, what, begins))? {
                if std::mem::take(&mut self.held_is_done) {
                    self.held.clear();
                }
                continue;
            }
            return self.event(&header, chunk, *at, whole, begins).map(Some);
        }
    }

    fn failed(&mut self, code: u16, what: &'static str, at: u64) -> ProtocolError {
        let error = ProtocolError { code, what, at };
        self.ended = Some(Err(error));
        error
    }

    /// The first bytes of a frame; `None` where more are needed.
    #[inline]
    fn header(&mut self, data: &[u8]) -> Result<Option<Header>, ProtocolError> {
        let at = self.offset;
        self.parsed(data).map_err(|(code, what)| self.failed(code, what, at))
    }

    #[inline]
    fn parsed(&self, data: &[u8]) -> Result<Option<Header>, (u16, &'static str)> {
        let Some(&first) = data.first() else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err((1002, "a reserved bit is set"));
        }
        let fin = first & 0x80 != 0;
        let opcode = match first & 0x0f {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err((1002, "an unknown opcode")),
        };
        let Some(&second) = data.get(1) else { return Ok(None) };
        if (second & 0x80 != 0) != self.masked {
            return Err((1002, if self.masked { "a frame that isn't masked" } else { "a masked frame" }));
        }
        let control = matches!(opcode, Opcode::Close | Opcode::Ping | Opcode::Pong);
        let short = usize::from(second & 0x7f);
        if control && (!fin || short > MAX_CONTROL_BYTES) {
            return Err((1002, "a control frame that is fragmented or too long"));
        }
        let mut start = 2;
        let mut length = short as u64;
        if short > 125 {
            let width = if short == 126 { 2 } else { 8 };
            let Some(bytes) = data.get(2..2 + width) else { return Ok(None) };
            length = bytes.iter().fold(0, |length, &byte| length << 8 | u64::from(byte));
            start += width;
            if length < if width == 2 { 126 } else { 1 << 16 } || length >> 63 != 0 {
                return Err((1002, "a length that isn't written in the fewest bytes"));
            }
        }
        let before = if opcode == Opcode::Continuation { self.gathered.len() } else { 0 };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !control && length > self.max_message_bytes.saturating_sub(before) {
            return Err((1009, "a message that is too large"));
        }
        match (opcode, self.gathering) {
            (Opcode::Continuation, None) => return Err((1002, "a continuation of nothing")),
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err((1002, "a new message before the last one has ended"));
            }
            _ => {}
        }
        let mask = if self.masked {
            let Some(bytes) = data.get(start..start + 4) else { return Ok(None) };
            start += 4;
            Some([bytes[0], bytes[1], bytes[2], bytes[3]])
        } else {
            None
        };
        Ok(Some(Header { fin, opcode, mask, start, end: start.saturating_add(length) }))
    }

    /// Checks what has come of a text whose frame isn't whole.
    fn check_held(&mut self, header: Option<Header>) -> Result<(), ProtocolError> {
        let Some(header) = header.filter(|header| self.check_utf8 && header.is_text(self.gathering)) else {
            return Ok(());
        };
        let mut part = &self.held[header.start + self.checked..];
        let checked = self.checked + part.len();
        if let Some(mask) = header.mask {
            self.unmasked.clear();
            self.unmasked
                .extend(part.iter().zip(mask.iter().cycle().skip(self.checked % 4)).map(|(byte, mask)| byte ^ mask));
            part = &self.unmasked;
        }
        self.checked = checked;
        if self.utf8.takes(part) { Ok(()) } else { Err(self.failed(NOT_UTF8.0, NOT_UTF8.1, self.offset)) }
    }

    /// Unmasks, checks and gathers what has to be; whether an event comes of the frame.
    #[inline]
    fn taken(&mut self, header: &Header, rest: &[u8], whole: bool) -> Result<bool, (u16, &'static str)> {
        let data: &[u8] = if whole { rest } else { &self.held };
        let payload = &data[header.start..header.end];
        if let Some(mask) = header.mask {
            self.unmasked.clear();
            self.unmasked.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        }
        let payload = if header.mask.is_some() { &self.unmasked } else { payload };
        if self.check_utf8 && header.is_text(self.gathering) {
            let is_utf8 = if whole && header.fin && header.opcode == Opcode::Text {
                simdutf8::basic::from_utf8(payload).is_ok()
            } else {
                self.utf8.takes(&payload[self.checked..]) && (!header.fin || self.utf8.may_end())
            };
            if !is_utf8 {
                return Err(NOT_UTF8);
            }
            self.checked = 0;
        }
        match header.opcode {
            Opcode::Continuation => self.gathered.extend_from_slice(payload),
            Opcode::Text | Opcode::Binary if !header.fin => {
                self.gathering = Some(header.opcode);
                self.gathered.extend_from_slice(payload);
            }
            _ => return Ok(true),
        }
        Ok(header.fin)
    }

    #[inline]
    fn event<'a>(
        &'a mut self,
        header: &Header,
        chunk: &'a [u8],
        at: usize,
        whole: bool,
        begins: u64,
    ) -> Result<Event<'a>, ProtocolError> {
        let opcode = match header.opcode {
            Opcode::Continuation => {
                self.gathered_is_done = true;
                self.gathering.take().unwrap_or(Opcode::Binary)
            }
            opcode => opcode,
        };
        if opcode == Opcode::Close {
            // What is wrong is found first, as the payload may borrow from what an error changes.
            if let Some((code, what)) = close_fault(self.payload(header, chunk, at, whole)) {
                return Err(self.failed(code, what, begins));
            }
            self.ended = Some(Ok(()));
        }
        let payload = self.payload(header, chunk, at, whole);
        Ok(match opcode {
            Opcode::Text => Event::Text(payload),
            Opcode::Ping => Event::Ping(payload),
            Opcode::Pong => Event::Pong(payload),
            Opcode::Close => match payload {
                [high, low, reason @ ..] => Event::Close(Some(u16::from_be_bytes([*high, *low])), reason),
                _ => Event::Close(None, &[]),
            },
            Opcode::Binary | Opcode::Continuation => Event::Binary(payload),
        })
    }

    #[inline]
    fn payload<'a>(&'a self, header: &Header, chunk: &'a [u8], at: usize, whole: bool) -> &'a [u8] {
        if header.opcode == Opcode::Continuation {
            &self.gathered
        } else if header.mask.is_some() {
            &self.unmasked
        } else if whole {
            &chunk[at - (header.end - header.start)..at]
        } else {
            &self.held[header.start..header.end]
        }
    }
}

/// RFC 6455, sections 5.5.1 and 7.4, and the codes that were registered since.
fn close_fault(payload: &[u8]) -> Option<(u16, &'static str)> {
    match payload {
        [] => None,
        [_] => Some((1002, "a close code of one byte")),
        [high, low, reason @ ..] => match u16::from_be_bytes([*high, *low]) {
            1000..=1003 | 1007..=1014 | 3000..=4999 => {
                simdutf8::basic::from_utf8(reason).is_err().then_some((1007, "a reason that isn't UTF-8"))
            }
            _ => Some((1002, "a close code that may not be sent")),
        },
    }
}

/// A frame of one whole message, as a client sends it with a mask and a server without. `opcode` is 1 for text, 2 for binary,
/// 8 for close, 9 for ping and 10 for pong. `None` for another one, and for a control frame of more than 125 bytes.
pub fn encode(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Option<Vec<u8>> {
    let control = matches!(opcode, 8..=10);
    if !(control || matches!(opcode, 1 | 2)) || (control && payload.len() > MAX_CONTROL_BYTES) {
        return None;
    }
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        length @ 0..=125 => frame.push(masked | length as u8),
        length @ 126..=0xffff => {
            frame.push(masked | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(masked | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    match mask {
        None => frame.extend_from_slice(payload),
        Some(mask) => {
            frame.extend_from_slice(&mask);
            frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        }
    }
    Some(frame)
}
