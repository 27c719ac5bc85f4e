//! A message as a tape: its values one after another as they stand in it, each knowing where the next one begins.
//!
//! Nothing is copied but what has escapes; msgpack's values are written down as JSON's would be.

#![forbid(unsafe_code)]

use crate::wire::json_value::{MAX_DEPTH, number_value, scan_number};
use crate::wire::tree::node::{Kind, Message, Node, UNREAD, tag};
use crate::wire::value::{Fault, Is, Value};

/// The values of one message.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    nodes: Vec<Node>,
    own: Vec<u8>,
}

impl Tape {
    /// Takes down a message in JSON.
    pub fn read_json<'a>(&'a mut self, raw: &'a [u8]) -> Result<Message<'a>, Fault> {
        if let Err(error) = simdutf8::compat::from_utf8(raw) {
            return Err(Fault { at: error.valid_up_to(), what: "isn't UTF-8" });
        }
        self.nodes.clear();
        self.own.clear();
        let mut parser = Parser { tape: self, raw, at: 0 };
        parser.space();
        parser.value(0)?;
        parser.space();
        if parser.at < raw.len() {
            return Err(parser.fault("follows the message"));
        }
        Ok(self.message(raw))
    }

    /// Takes down the value in JSON at `at`; `None` where there is none. Whether its texts are UTF-8 isn't looked at.
    pub fn read_part<'a>(&'a mut self, raw: &'a [u8], at: usize) -> Option<Message<'a>> {
        self.nodes.clear();
        self.own.clear();
        Parser { tape: self, raw, at }.value(0).ok()?;
        Some(self.message(raw))
    }

    /// Takes down a decoded message.
    pub fn read_value<'a>(&'a mut self, value: &Value, raw: &'a [u8]) -> Message<'a> {
        self.nodes.clear();
        self.own.clear();
        self.put(value);
        self.message(raw)
    }

    fn message<'a>(&'a self, raw: &'a [u8]) -> Message<'a> {
        Message { nodes: &self.nodes, own: &self.own, raw, places: None }
    }

    fn put(&mut self, value: &Value) {
        let at = self.nodes.len();
        let start = self.own.len();
        let kind = match &value.is {
            Is::Null => Kind::Null,
            Is::Flag(true) => Kind::True,
            Is::Flag(false) => Kind::False,
            Is::Integer(number) => self.write(Kind::Integer, number.to_string().as_bytes(), b','),
            Is::Float(number) => self.write(Kind::Float, format!("{number}").as_bytes(), b','),
            Is::Text(text) => self.write(Kind::Text, text.as_bytes(), b'"'),
            Is::Bytes => Kind::Bytes,
            Is::Array(_) => Kind::Array,
            Is::Object(_) => Kind::Object,
        };
        let end = (self.own.len().max(start + 1) - 1) as u32;
        let tag = if kind == Kind::Text { tag(&self.own[start..end as usize]) } else { 0 };
        self.nodes.push(Node { kind, own: true, tag, start: start as u32, end, next: 0, value: UNREAD });
        match &value.is {
            Is::Array(items) => items.iter().for_each(|item| self.put(item)),
            Is::Object(members) => {
                for (key, member) in members {
                    self.put(&Value { at: 0, is: Is::Text(key.clone()) });
                    self.put(member);
                }
            }
            _ => {}
        }
        self.nodes[at].next = self.nodes.len() as u32;
    }

    /// Appends a text and what has to follow it, for those who read up to there.
    fn write(&mut self, kind: Kind, text: &[u8], follows: u8) -> Kind {
        self.own.extend_from_slice(text);
        self.own.push(follows);
        kind
    }
}

/// How many bytes come before the first that is a quote, a backslash or a control character.
#[inline]
fn usual(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte that is 0, and perhaps of later ones: the first is right.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let unusual =
            zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c)) | (word.wrapping_sub(ONES * 0x20) & !word);
        if unusual & HIGH != 0 {
            return at * 8 + (unusual & HIGH).trailing_zeros() as usize / 8;
        }
    }
    let usual = rest.iter().take_while(|&&byte| byte != b'"' && byte != b'\\' && byte >= b' ').count();
    words.len() * 8 + usual
}

struct Parser<'a> {
    tape: &'a mut Tape,
    raw: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        self.tagged(kind, 0, start, end);
    }

    #[inline]
    fn tagged(&mut self, kind: Kind, tag: u16, start: usize, end: usize) {
        let next = self.tape.nodes.len() as u32 + 1;
        let (start, end) = (start as u32, end as u32);
        self.tape.nodes.push(Node { kind, own: false, tag, start, end, next, value: UNREAD });
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => return self.text(),
            Some(b'-' | b'0'..=b'9') => return self.number(),
            Some(b'[' | b'{') => return self.container(depth),
            Some(b't') => self.literal(b"true", Kind::True)?,
            Some(b'f') => self.literal(b"false", Kind::False)?,
            Some(b'n') => self.literal(b"null", Kind::Null)?,
            Some(_) => return Err(self.fault("begins no value")),
            None => return Err(self.fault("a value is missing")),
        }
        debug_assert!(self.at > start);
        Ok(())
    }

    fn literal(&mut self, word: &[u8], kind: Kind) -> Result<(), Fault> {
        if !self.raw[self.at..].starts_with(word) {
            return Err(self.fault("begins no value"));
        }
        self.push(kind, self.at, self.at + word.len());
        self.at += word.len();
        Ok(())
    }

    fn container(&mut self, depth: usize) -> Result<(), Fault> {
        if depth == MAX_DEPTH {
            return Err(self.fault("nests too deep"));
        }
        let object = self.raw[self.at] == b'{';
        let (kind, close) = if object { (Kind::Object, b'}') } else { (Kind::Array, b']') };
        let node = self.tape.nodes.len();
        self.push(kind, self.at, self.at);
        self.at += 1;
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            self.close(node);
            return Ok(());
        }
        loop {
            if object {
                if self.peek() != Some(b'"') {
                    return Err(self.fault("must be a key"));
                }
                self.text()?;
                self.space();
                if self.peek() != Some(b':') {
                    return Err(self.fault("must be :"));
                }
                self.at += 1;
                self.space();
            }
            self.value(depth + 1)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => break,
                _ => return Err(self.fault("must be , or the end")),
            }
            self.space();
        }
        self.at += 1;
        self.close(node);
        Ok(())
    }

    /// Notes where a container that has just been read ends.
    #[inline]
    fn close(&mut self, node: usize) {
        let next = self.tape.nodes.len() as u32;
        let container = &mut self.tape.nodes[node];
        (container.next, container.end) = (next, self.at as u32);
    }

    #[inline]
    fn text(&mut self) -> Result<(), Fault> {
        let start = self.at + 1;
        let end = start + usual(&self.raw[start..]);
        if self.raw.get(end) == Some(&b'"') {
            self.tagged(Kind::Text, tag(&self.raw[start..end]), start, end);
            self.at = end + 1;
            return Ok(());
        }
        self.escaped(end)
    }

    /// A text with escapes, which begins at the parser's place and whose first unusual byte is at `from`.
    #[cold]
    fn escaped(&mut self, from: usize) -> Result<(), Fault> {
        let mut end = from;
        loop {
            match self.raw.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(&byte) if byte >= b' ' => end += 1,
                Some(_) => return Err(Fault { at: end, what: "a control character in a text" }),
                None => return Err(Fault { at: end, what: "a text without an end" }),
            }
        }
        let value = crate::wire::json_value::decode(&self.raw[self.at..=end])
            .map_err(|fault| Fault { at: self.at + fault.at, what: fault.what })?;
        let Is::Text(text) = value.is else { return Err(self.fault("must be a text")) };
        let start = self.tape.own.len();
        self.tape.write(Kind::Text, text.as_bytes(), b'"');
        self.tagged(Kind::Text, tag(text.as_bytes()), start, start + text.len());
        if let Some(node) = self.tape.nodes.last_mut() {
            node.own = true;
        }
        self.at = end + 1;
        Ok(())
    }

    #[inline]
    fn number(&mut self) -> Result<(), Fault> {
        let Some(number) = scan_number(self.raw, self.at) else {
            return Err(self.fault("no number of JSON's"));
        };
        let text = &self.raw[self.at..number.end];
        let mut kind = if number.integer { Kind::Integer } else { Kind::Float };
        // Only a long number can be beyond what is an integer, or a double.
        let short = text.len() <= 18 && (number.integer || !text.iter().any(|byte| matches!(byte, b'e' | b'E')));
        if !short {
            match number_value(text, number.integer) {
                Some(Is::Integer(_)) => {}
                Some(_) => kind = Kind::Float,
                None => return Err(self.fault("a number beyond a double's range")),
            }
        }
        self.push(kind, self.at, number.end);
        self.at = number.end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::usual;

    #[test]
    fn the_first_unusual_byte_is_found_at_every_place() {
        for length in 0..40 {
            let mut bytes: Vec<u8> =
                (0..length).map(|at| [b'a', b' ', b'!', 0x7f, 0x80, 0xff, b'#', b'['][at % 8]).collect();
            assert_eq!(usual(&bytes), length);
            for at in 0..length {
                for unusual in [b'"', b'\\', 0, 0x1f] {
                    let usual_byte = std::mem::replace(&mut bytes[at], unusual);
                    assert_eq!(usual(&bytes), at);
                    bytes[at] = usual_byte;
                }
            }
        }
    }
}
