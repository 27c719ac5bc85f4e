//! Where the values of a message stand that declarations name: found in one pass, read when it is known what they mean.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::wire::fields::{Grid, Key, RowRange, Rows};
use crate::wire::program::Program;
use crate::wire::template::Template;

/// A format that names more keys than this goes the general way.
pub const MAX_KEYS: usize = 64;

/// What a slot holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    #[default]
    Absent,
    /// A text: its bytes, without quotes.
    Text,
    /// A number that is an integer by its writing.
    Integer,
    /// Any other number.
    Float,
    /// A boolean.
    True,
    /// A boolean.
    False,
    /// `null`, or bytes.
    Other,
    /// An array or an object, known to be well-formed.
    Container,
}

/// Where one value stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slot {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: u32,
    /// The byte behind its last.
    pub end: u32,
    /// The instrument on whose grid it has been read already; `NONE` where it hasn't, `ANY` where it needs none.
    pub instrument: u32,
    /// Where its rows lie in the arena, if it has been read as levels.
    pub rows: RowRange,
    /// The integer or the whole steps that it is, if it has been read as one.
    pub value: i64,
}

/// No instrument.
pub const NONE: u32 = u32::MAX;

/// Whatever instrument.
pub const ANY: u32 = u32::MAX - 1;

/// The slots of one object.
#[derive(Clone, Debug)]
pub struct Slots {
    present: u64,
    slots: [Slot; MAX_KEYS],
}

impl Default for Slots {
    fn default() -> Self {
        Slots { present: 0, slots: [Slot::default(); MAX_KEYS] }
    }
}

impl Slots {
    /// Forgets all.
    #[inline]
    pub fn clear(&mut self) {
        self.present = 0;
    }

    /// Puts a value in its slot; `None` where one of that key is there.
    #[inline]
    pub fn put(&mut self, id: usize, slot: Slot) -> Option<()> {
        let bit = 1u64 << id;
        if self.present & bit != 0 {
            return None;
        }
        self.present |= bit;
        self.slots[id] = slot;
        Some(())
    }

    /// Puts a value in its slot, whatever is there.
    #[inline]
    pub fn set(&mut self, id: usize, slot: Slot) {
        self.present |= 1u64 << id;
        self.slots[id & (MAX_KEYS - 1)] = slot;
    }

    /// The slot of a key.
    #[inline]
    pub fn get(&self, key: &Key) -> Option<&Slot> {
        self.at(key.id)
    }

    /// The slot of a key by its number.
    #[inline]
    pub fn at(&self, id: usize) -> Option<&Slot> {
        (self.present >> id & 1 != 0).then(|| &self.slots[id])
    }
}

/// The keys of a format, as bytes to be recognised.
#[derive(Clone, Debug)]
pub struct KeyTable {
    one: [u8; 256],
    longer: Vec<(Box<[u8]>, u8)>,
}

const UNKNOWN: u8 = u8::MAX;

impl KeyTable {
    /// `None` where there are too many keys.
    pub fn new(program: &Program) -> Option<KeyTable> {
        if program.names.len() > MAX_KEYS {
            return None;
        }
        let mut one = [UNKNOWN; 256];
        let mut longer = Vec::new();
        for (id, name) in program.names.iter().enumerate() {
            match name.as_bytes() {
                [byte] => one[usize::from(*byte)] = id as u8,
                bytes => longer.push((bytes.into(), id as u8)),
            }
        }
        Some(KeyTable { one, longer })
    }

    /// The number of a key; `None` for one that no declaration names.
    #[inline]
    pub fn id(&self, key: &[u8]) -> Option<usize> {
        if let [byte] = key {
            let id = self.one[usize::from(*byte)];
            return (id != UNKNOWN).then_some(usize::from(id));
        }
        self.longer.iter().find(|(name, _)| &**name == key).map(|(_, id)| usize::from(*id))
    }
}

/// An array of levels that can be read as soon as it is met, because all declarations of its key agree on its form.
#[derive(Clone, Debug)]
pub struct Early {
    /// Its form.
    pub rows: Rows,
    /// The key of the symbol in the declarations that have it; `None` where they have none or differ.
    pub symbol: Option<Key>,
}

/// The arrays of levels that can be read early, by the number of their key.
pub fn early(program: &Program) -> Vec<Option<Early>> {
    let mut found: Vec<Option<Early>> = Vec::new();
    found.resize_with(program.names.len(), || None);
    let mut refused = vec![false; program.names.len()];
    for entry in &program.entries {
        let Some((bids, asks)) = &entry.rows else { continue };
        let symbol = entry.symbol.as_ref().map(|(key, _)| key.clone());
        for rows in [bids, asks] {
            let id = rows.key.id;
            match &found[id] {
                Some(known) if known.rows != *rows || known.symbol != symbol => refused[id] = true,
                _ => found[id] = Some(Early { rows: rows.clone(), symbol: symbol.clone() }),
            }
        }
    }
    for (early, refused) in found.iter_mut().zip(refused) {
        if refused {
            *early = None;
        }
    }
    found
}

/// What reading a message needs besides its bytes.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// The slots of the envelope, or of a message without one.
    pub outer: Slots,
    /// The slots of a message in its envelope.
    pub inner: Slots,
    /// The levels that were read.
    pub arena: Vec<Level>,
    /// How messages are written, learnt from those before.
    pub templates: Vec<Template>,
    /// How many messages were looked at for a template.
    pub lessons: usize,
    /// The template that the last message matched.
    pub last: usize,
    /// The instrument of the message before, which is assumed until a message names its own.
    pub guess: usize,
}

/// The grid to read an early array of levels on; `None` where it is of an instrument that isn't traded.
#[inline]
pub fn early_grid<'p>(
    program: &'p Program,
    early: &Early,
    slots: &Slots,
    data: &[u8],
    guess: usize,
) -> Option<&'p Grid> {
    let symbol = early.symbol.as_ref().and_then(|key| slots.get(key));
    match symbol {
        Some(slot) if slot.kind == Kind::Text => {
            let instrument = program.instrument(data.get(slot.start as usize..slot.end as usize)?)?;
            program.grids.get(instrument)
        }
        Some(_) => None,
        None => program.grids.get(guess),
    }
}
