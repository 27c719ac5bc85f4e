#![no_main]
//! Commands to the books: every structure gives the B-tree's answers, and nothing panics.

use libfuzzer_sys::fuzz_target;
use mainspring_native::book::any::{AnyBook, STRUCTURES};
use mainspring_native::book::{Book, Side};

fuzz_target!(|data: &[u8]| {
    let mut books: Vec<AnyBook> = STRUCTURES.into_iter().map(AnyBook::new).collect();
    for command in data.chunks_exact(6) {
        let side = if command[0] & 1 == 0 { Side::Buy } else { Side::Sell };
        // Prices of every magnitude, close to one another or far apart.
        let shift = u32::from(command[0] >> 2 & 63).min(47);
        let price = (i64::from(u16::from_le_bytes([command[1], command[2]])) << shift).max(0);
        let price = price.saturating_add(i64::from(command[3]));
        let lots = i64::from(command[4]) << u32::from(command[5] % 56);
        if command[0] & 2 != 0 && command[5] == 255 {
            books.iter_mut().for_each(Book::clear);
        } else {
            books.iter_mut().for_each(|book| book.set(side, price, lots));
        }
        let right = books[1].bbo();
        assert!(books.iter().all(|book| book.bbo() == right));
        let (walk, len) = (books[1].walk(side, lots), books[1].len());
        assert!(books.iter().all(|book| book.walk(side, lots) == walk && book.len() == len));
    }
    for side in [Side::Buy, Side::Sell] {
        let depths: Vec<_> = books
            .iter()
            .map(|book| {
                let mut out = Vec::new();
                book.depth(side, usize::MAX, &mut out);
                out
            })
            .collect();
        assert!(depths.iter().all(|depth| *depth == depths[1]));
    }
});
