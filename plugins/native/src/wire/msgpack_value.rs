//! msgpack, whole and strict: no extension but the timestamp, no NaN, keys that are text or bytes.

#![forbid(unsafe_code)]

use crate::wire::value::{Fault, Is, Value};

/// The deepest nesting of arrays and maps.
pub const MAX_DEPTH: usize = 64;

const TIMESTAMP: u8 = 0xff;

/// The value that a message is.
pub fn decode(data: &[u8]) -> Result<Value, Fault> {
    let mut parser = Parser { data, at: 0 };
    let value = parser.value(0)?;
    if parser.at < data.len() { Err(parser.fault("follows the message")) } else { Ok(value) }
}

struct Parser<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.data.len());
        let end = end.ok_or_else(|| self.fault("is longer than the message"))?;
        let bytes = &self.data[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn unsigned(&mut self, length: usize) -> Result<u64, Fault> {
        Ok(self.take(length)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    fn length(&mut self, bytes: usize) -> Result<usize, Fault> {
        let length = self.unsigned(bytes)?;
        usize::try_from(length).map_err(|_| self.fault("is longer than the message"))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        let at = self.at;
        let head = self.take(1)?[0];
        let is = match head {
            0x00..=0x7f => Is::Integer(i128::from(head)),
            0x80..=0x8f => self.map(usize::from(head & 0x0f), depth)?,
            0x90..=0x9f => self.array(usize::from(head & 0x0f), depth)?,
            0xa0..=0xbf => self.text(usize::from(head & 0x1f))?,
            0xc0 => Is::Null,
            0xc2 => Is::Flag(false),
            0xc3 => Is::Flag(true),
            0xc4..=0xc6 => {
                let length = self.length(1 << (head - 0xc4))?;
                self.take(length)?;
                Is::Bytes
            }
            0xc7..=0xc9 => {
                let length = self.length(1 << (head - 0xc7))?;
                self.extension(length)?
            }
            0xca => {
                let bits = self.unsigned(4)?;
                self.float(f64::from(f32::from_bits(bits as u32)))?
            }
            0xcb => {
                let bits = self.unsigned(8)?;
                self.float(f64::from_bits(bits))?
            }
            0xcc..=0xcf => Is::Integer(i128::from(self.unsigned(1 << (head - 0xcc))?)),
            0xd0..=0xd3 => {
                let bits = 8u32 << (head - 0xd0);
                let value = self.unsigned(bits as usize / 8)?;
                let shift = 64 - bits;
                Is::Integer(i128::from(((value << shift) as i64) >> shift))
            }
            0xd4..=0xd8 => self.extension(1 << (head - 0xd4))?,
            0xd9..=0xdb => {
                let length = self.length(1 << (head - 0xd9))?;
                self.text(length)?
            }
            0xdc..=0xdd => {
                let length = self.length(2 << (head - 0xdc))?;
                self.array(length, depth)?
            }
            0xde..=0xdf => {
                let length = self.length(2 << (head - 0xde))?;
                self.map(length, depth)?
            }
            0xe0..=0xff => Is::Integer(i128::from(head as i8)),
            0xc1 => return Err(Fault { at, what: "begins no value" }),
        };
        Ok(Value { at, is })
    }

    fn float(&self, value: f64) -> Result<Is, Fault> {
        if value.is_finite() { Ok(Is::Float(value)) } else { Err(self.fault("a number that isn't finite")) }
    }

    fn text(&mut self, length: usize) -> Result<Is, Fault> {
        let bytes = self.take(length)?;
        let text = simdutf8::basic::from_utf8(bytes).map_err(|_| self.fault("isn't UTF-8"))?;
        Ok(Is::Text(text.to_owned()))
    }

    fn array(&mut self, length: usize, depth: usize) -> Result<Is, Fault> {
        self.enter(length, depth)?;
        (0..length).map(|_| self.value(depth + 1)).collect::<Result<_, _>>().map(Is::Array)
    }

    fn map(&mut self, length: usize, depth: usize) -> Result<Is, Fault> {
        self.enter(length, depth)?;
        let mut members = Vec::new();
        for _ in 0..length {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            match key.is {
                Is::Text(name) => members.push((name, value)),
                // Such a key is taken, and no declaration can name it.
                Is::Bytes => {}
                _ => return Err(key.fault("a key that is neither text nor bytes")),
            }
        }
        Ok(Is::Object(members))
    }

    /// An array or a map can't hold more values than the message has bytes left.
    fn enter(&mut self, length: usize, depth: usize) -> Result<(), Fault> {
        if depth == MAX_DEPTH {
            return Err(self.fault("nests too deep"));
        }
        if length > self.data.len() - self.at {
            return Err(self.fault("is longer than the message"));
        }
        Ok(())
    }

    fn extension(&mut self, length: usize) -> Result<Is, Fault> {
        let kind = self.take(1)?[0];
        let bytes = self.take(length)?;
        if kind != TIMESTAMP {
            return Err(self.fault("an extension that isn't a timestamp"));
        }
        timestamp(bytes).map(Is::Integer).ok_or_else(|| self.fault("no timestamp"))
    }
}

/// The nanoseconds since the Unix epoch of a timestamp extension; `None` where it is none, or beyond 64 bits.
pub fn timestamp(bytes: &[u8]) -> Option<i128> {
    let (seconds, nanoseconds) = match bytes.len() {
        4 => (i64::from(u32::from_be_bytes(bytes.try_into().ok()?)), 0),
        8 => {
            let both = u64::from_be_bytes(bytes.try_into().ok()?);
            ((both & 0x3_ffff_ffff) as i64, both >> 34)
        }
        12 => {
            let nanoseconds = u32::from_be_bytes(bytes[..4].try_into().ok()?);
            (i64::from_be_bytes(bytes[4..].try_into().ok()?), u64::from(nanoseconds))
        }
        _ => return None,
    };
    if nanoseconds >= 1_000_000_000 {
        return None;
    }
    let time = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&time).then_some(time)
}
