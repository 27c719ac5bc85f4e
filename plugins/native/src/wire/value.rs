//! A decoded message, whole: the general way, which takes all that a codec takes and says where it can't.

#![forbid(unsafe_code)]

/// Why bytes aren't a message: what is wrong, and at which byte of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The offset of the byte, or of the value, at fault.
    pub at: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// A value and where it begins in the message.
#[derive(Clone, Debug)]
pub struct Value {
    /// The offset of its first byte.
    pub at: usize,
    /// What it is.
    pub is: Is,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Is {
    /// `null`.
    Null,
    /// A boolean.
    Flag(bool),
    /// An integer of 64 bits, signed or unsigned.
    Integer(i128),
    /// A finite number.
    Float(f64),
    /// A text.
    Text(String),
    /// Bytes that aren't text: msgpack's binary.
    Bytes,
    /// An array.
    Array(Vec<Value>),
    /// An object, its members as they came: of two with one key the later counts.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The member of an object; `None` where it has none of that key or isn't an object.
    pub fn member(&self, key: &str) -> Option<&Value> {
        match &self.is {
            Is::Object(members) => members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The fault that this value is.
    pub fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }
}
