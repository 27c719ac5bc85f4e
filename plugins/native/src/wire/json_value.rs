//! JSON, whole: RFC 8259, strict. Of two members with one key the later counts; an integer beyond 64 bits is a float.

#![forbid(unsafe_code)]

use crate::wire::value::{Fault, Is, Value};

/// The deepest nesting of arrays and objects; `[]` is one level.
pub const MAX_DEPTH: usize = 1024;

/// The value that a message is.
pub fn decode(data: &[u8]) -> Result<Value, Fault> {
    if let Err(error) = simdutf8::compat::from_utf8(data) {
        return Err(Fault { at: error.valid_up_to(), what: "isn't UTF-8" });
    }
    let mut parser = Parser { data, at: 0 };
    parser.space();
    let value = parser.value(0)?;
    parser.space();
    if parser.at < data.len() { Err(parser.fault("follows the message")) } else { Ok(value) }
}

struct Parser<'a> {
    data: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        let at = self.at;
        let is = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Is::Text(self.text()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal(b"true", Is::Flag(true))?,
            Some(b'f') => self.literal(b"false", Is::Flag(false))?,
            Some(b'n') => self.literal(b"null", Is::Null)?,
            Some(_) => return Err(self.fault("begins no value")),
            None => return Err(self.fault("a value is missing")),
        };
        Ok(Value { at, is })
    }

    fn literal(&mut self, word: &[u8], is: Is) -> Result<Is, Fault> {
        if !self.data[self.at..].starts_with(word) {
            return Err(self.fault("begins no value"));
        }
        self.at += word.len();
        Ok(is)
    }

    fn array(&mut self, depth: usize) -> Result<Is, Fault> {
        self.enter(depth)?;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Is::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.fault("must be , or ]")),
            }
            self.space();
        }
        self.at += 1;
        Ok(Is::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Is, Fault> {
        self.enter(depth)?;
        let mut members = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Is::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.fault("must be a key"));
            }
            let key = self.text()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.fault("must be :"));
            }
            self.at += 1;
            self.space();
            members.push((key, self.value(depth + 1)?));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.fault("must be , or }")),
            }
            self.space();
        }
        self.at += 1;
        Ok(Is::Object(members))
    }

    fn enter(&mut self, depth: usize) -> Result<(), Fault> {
        if depth == MAX_DEPTH {
            return Err(self.fault("nests too deep"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn text(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let rest = &self.data[self.at..];
            let plain = rest.iter().take_while(|&&byte| byte != b'"' && byte != b'\\' && byte >= b' ').count();
            text.extend_from_slice(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut text)?,
                Some(_) => return Err(self.fault("a control character in a text")),
                None => return Err(self.fault("a text without an end")),
            }
        }
        self.at += 1;
        // The message is UTF-8, and it was cut at ASCII bytes only.
        String::from_utf8(text).map_err(|_| self.fault("isn't UTF-8"))
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let byte = match self.data.get(self.at + 1) {
            Some(b'"') => b'"',
            Some(b'\\') => b'\\',
            Some(b'/') => b'/',
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(text),
            _ => return Err(self.fault("no such escape")),
        };
        text.push(byte);
        self.at += 2;
        Ok(())
    }

    fn unicode(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let high = self.hex(self.at + 2)?;
        let mut code = high;
        let mut length = 6;
        if (0xd800..0xdc00).contains(&high) {
            if self.data.get(self.at + 6..self.at + 8) != Some(b"\\u") {
                return Err(self.fault("half a surrogate pair"));
            }
            let low = self.hex(self.at + 8)?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(self.fault("half a surrogate pair"));
            }
            code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            length = 12;
        }
        let letter = char::from_u32(code).ok_or_else(|| self.fault("half a surrogate pair"))?;
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        self.at += length;
        Ok(())
    }

    fn hex(&self, at: usize) -> Result<u32, Fault> {
        let digits = self.data.get(at..at + 4).ok_or_else(|| self.fault("no such escape"))?;
        digits.iter().try_fold(0, |code, &byte| {
            let digit = char::from(byte).to_digit(16).ok_or_else(|| self.fault("no such escape"))?;
            Ok(code * 16 + digit)
        })
    }

    fn number(&mut self) -> Result<Is, Fault> {
        let Some(number) = scan_number(self.data, self.at) else {
            return Err(self.fault("no number of JSON's"));
        };
        let text = &self.data[self.at..number.end];
        let is = number_value(text, number.integer).ok_or_else(|| self.fault("a number beyond a double's range"))?;
        self.at = number.end;
        Ok(is)
    }
}

/// Where a number ends, and whether it has neither fraction nor exponent.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The offset behind its last byte.
    pub end: usize,
    /// Whether it is an integer.
    pub integer: bool,
}

/// The number of JSON's grammar that begins at `at`; `None` where there is none.
#[inline]
pub fn scan_number(data: &[u8], at: usize) -> Option<Number> {
    let digits = |from: usize| data[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = at + usize::from(data.get(at) == Some(&b'-'));
    let whole = digits(end);
    if whole == 0 || (whole > 1 && data[end] == b'0') {
        return None;
    }
    end += whole;
    let mut integer = true;
    if data.get(end) == Some(&b'.') {
        integer = false;
        let fraction = digits(end + 1);
        if fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    }
    if let Some(b'e' | b'E') = data.get(end) {
        integer = false;
        end += 1 + usize::from(matches!(data.get(end + 1), Some(b'+' | b'-')));
        let exponent = if end <= data.len() { digits(end) } else { 0 };
        if exponent == 0 {
            return None;
        }
        end += exponent;
    }
    Some(Number { end, integer })
}

/// What a number is; `None` where it is beyond a double's range.
pub fn number_value(text: &[u8], integer: bool) -> Option<Is> {
    let text = std::str::from_utf8(text).ok()?;
    if integer
        && text.len() <= 21
        && let Ok(value) = text.parse::<i128>()
        && (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value)
    {
        return Some(Is::Integer(value));
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(Is::Float(value))
}
