//! Instruments by their venue symbols: messages name one each, so it is found by its first and last bytes, as two words.

#![forbid(unsafe_code)]

/// Instruments by their venue symbols.
#[derive(Clone, Debug)]
pub struct Symbols {
    entries: Vec<Entry>,
    /// The numbers of entries by their hash, or the next free place behind it: a power of two, more than half of them `FREE`.
    places: Vec<u32>,
    shift: u32,
}

#[derive(Clone, Debug)]
struct Entry {
    words: [u64; 2],
    symbol: Box<[u8]>,
    instrument: usize,
}

const FREE: u32 = u32::MAX;

impl Symbols {
    /// These instruments by their indices; of two with one symbol, the later.
    pub fn new<'a>(symbols: impl ExactSizeIterator<Item = &'a str>) -> Symbols {
        let bits = (symbols.len().max(1) * 2).ilog2() + 1;
        let mut made = Symbols { entries: Vec::new(), places: vec![FREE; 1 << bits], shift: u64::BITS - bits };
        for (instrument, symbol) in symbols.enumerate() {
            let (symbol, words) = (symbol.as_bytes(), words(symbol.as_bytes()));
            match made.place(symbol, words) {
                Ok(known) => made.entries[known].instrument = instrument,
                Err(free) => {
                    made.places[free] = made.entries.len() as u32;
                    made.entries.push(Entry { words, symbol: symbol.into(), instrument });
                }
            }
        }
        made
    }

    /// The instrument of a symbol.
    #[inline]
    pub fn get(&self, symbol: &[u8]) -> Option<usize> {
        self.place(symbol, words(symbol)).ok().map(|known| self.entries[known].instrument)
    }

    /// The entry of a symbol, or the free place for one.
    #[inline]
    fn place(&self, symbol: &[u8], words: [u64; 2]) -> Result<usize, usize> {
        // Fibonacci hashing: Donald Knuth, "The Art of Computer Programming", volume 3, 6.4.
        let mixed = words[0] ^ words[1].rotate_left(23) ^ symbol.len() as u64;
        let mut at = (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        loop {
            let known = self.places[at];
            let Some(entry) = self.entries.get(known as usize) else { return Err(at) };
            // Up to sixteen bytes, the words and the length are all of it.
            if entry.words == words
                && entry.symbol.len() == symbol.len()
                && (symbol.len() <= 16 || *entry.symbol == *symbol)
            {
                return Ok(known as usize);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }
}

/// The first eight bytes of a text and its last eight, which may overlap; a shorter one as a single word.
#[inline]
fn words(text: &[u8]) -> [u64; 2] {
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => [u64::from_le_bytes(*first), u64::from_le_bytes(*last)],
        _ => [text.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), 0],
    }
}

#[cfg(test)]
mod tests {
    use super::Symbols;

    #[test]
    fn each_symbol_is_found_and_nothing_else() {
        let mut symbols: Vec<String> = (0..400).map(|at| format!("{:0width$}", at, width = at % 40)).collect();
        symbols.extend(["", "A", "BTC-USDT", "ETH-30JUL21-2800-C", "ETH-30JUL21-2900-C"].map(str::to_owned));
        for count in [0, 1, 2, 3, symbols.len()] {
            let some = &symbols[..count];
            let made = Symbols::new(some.iter().map(String::as_str));
            for symbol in &symbols {
                let right = some.iter().rposition(|one| one == symbol);
                assert_eq!(made.get(symbol.as_bytes()), right, "{symbol} of {count}");
            }
            for other in ["\0", "BTC-USDS", "ETH-30JUN21-2800-C", "BTC-USDTX"] {
                assert_eq!(made.get(other.as_bytes()), None, "{other} of {count}");
            }
        }
    }
}
