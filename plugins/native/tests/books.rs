//! Every structure is the same book: seeded commands, the state compared after each.

use std::collections::BTreeMap;

use mainspring_native::book::any::{AnyBook, STRUCTURES};
use mainspring_native::book::{Bbo, Book, Level, Side, Walk};

/// SplitMix64: Guy L. Steele, Doug Lea & Christine H. Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A book as plain as can be.
#[derive(Default)]
struct Model {
    sides: [BTreeMap<i64, i64>; 2],
}

impl Model {
    fn side(&self, side: Side) -> Vec<Level> {
        let level = |(&price, &lots): (&i64, &i64)| Level { price, lots };
        match side {
            Side::Buy => self.sides[0].iter().rev().map(level).collect(),
            Side::Sell => self.sides[1].iter().map(level).collect(),
        }
    }

    fn set(&mut self, side: Side, price: i64, lots: i64) {
        let levels = &mut self.sides[usize::from(side == Side::Sell)];
        levels.insert(price, lots);
        levels.retain(|_, lots| *lots != 0);
    }

    /// As `set`, without looking through all levels.
    fn set_fast(&mut self, side: Side, price: i64, lots: i64) {
        let levels = &mut self.sides[usize::from(side == Side::Sell)];
        if lots == 0 {
            levels.remove(&price);
        } else {
            levels.insert(price, lots);
        }
    }

    fn bbo(&self) -> Bbo {
        let best =
            |found: Option<(&i64, &i64)>| found.map_or(Level::default(), |(&price, &lots)| Level { price, lots });
        Bbo { bid: best(self.sides[0].last_key_value()), ask: best(self.sides[1].first_key_value()) }
    }

    fn walk(&self, side: Side, lots: i64) -> Walk {
        let mut walk = Walk { unfilled: lots, ..Walk::default() };
        for level in self.side(if side == Side::Buy { Side::Sell } else { Side::Buy }) {
            if walk.unfilled == 0 {
                break;
            }
            let taken = level.lots.min(walk.unfilled);
            walk.unfilled -= taken;
            walk.filled += taken;
            walk.cost += i128::from(level.price) * i128::from(taken);
            walk.worst = level.price;
            walk.levels += 1;
        }
        walk
    }
}

fn compare(books: &[AnyBook], model: &Model, probe: i64, lots: i64, what: &str) {
    for (book, structure) in books.iter().zip(STRUCTURES) {
        let name = structure.name();
        for side in [Side::Buy, Side::Sell] {
            let right = model.side(side);
            for levels in [0, 1, 20, usize::MAX] {
                let mut out = Vec::new();
                book.depth(side, levels, &mut out);
                assert_eq!(out, right[..levels.min(right.len())], "{name}, {what}: depth of {levels}");
            }
            let at = right.iter().find(|level| level.price == probe).map_or(0, |level| level.lots);
            assert_eq!(book.lots_at(side, probe), at, "{name}, {what}: lots at {probe}");
            for size in [0, 1, lots, i64::MAX] {
                assert_eq!(book.walk(side, size), model.walk(side, size), "{name}, {what}: walk of {size}");
            }
        }
        assert_eq!(book.len(), model.side(Side::Buy).len() + model.side(Side::Sell).len(), "{name}, {what}: length");
    }
}

/// Prices crowd about a touch that wanders, jumps now and then, and stands at the ends of the range at times.
fn run(seed: u64, commands: u64) {
    let mut random = Random(seed);
    let mut books: Vec<AnyBook> = STRUCTURES.into_iter().map(AnyBook::new).collect();
    let mut model = Model::default();
    let mut mid: i64 = 6_000_000;
    for command in 0..commands {
        let what = format!("seed {seed}, command {command}");
        match random.below(200_000) {
            0..=1 => mid = [0, 1, 63, 64, i64::MAX, i64::MAX - 64, 6_000_000, 1 << 40][random.below(8) as usize],
            2..=4 => mid = mid.saturating_add(random.below(200_000) as i64 - 100_000).max(0),
            _ => mid = mid.saturating_add(random.below(7) as i64 - 3).max(0),
        }
        let reach = [8, 64, 1_000, 20_000, 500_000][random.below(5) as usize];
        let side = if random.below(2) == 0 { Side::Buy } else { Side::Sell };
        let away = random.below(reach) as i64 - reach as i64 / 8;
        let price = match side {
            Side::Buy => mid.saturating_sub(away).max(0),
            Side::Sell => mid.saturating_add(away).max(0),
        };
        let lots = if random.below(100) < 52 { 0 } else { 1 + (random.next() >> (1 + random.below(60))) as i64 };
        match random.below(100_000) {
            0 => {
                books.iter_mut().for_each(Book::clear);
                model = Model::default();
            }
            1..=3 => {
                let mut rows = || {
                    (0..random.below(60))
                        .map(|_| Level { price: random.below(500) as i64 + mid / 2, lots: random.below(4) as i64 })
                        .collect::<Vec<_>>()
                };
                let (bids, asks) = (rows(), rows());
                books.iter_mut().for_each(|book| book.apply_snapshot(&bids, &asks));
                model = Model::default();
                bids.iter().for_each(|row| model.set(Side::Buy, row.price, row.lots));
                asks.iter().for_each(|row| model.set(Side::Sell, row.price, row.lots));
            }
            4..=40_000 if lots == 0 => {
                // Takes the best level away, so that the touch moves.
                let best = model.bbo();
                let price = if side == Side::Buy { best.bid.price } else { best.ask.price };
                books.iter_mut().for_each(|book| book.set(side, price, 0));
                model.set_fast(side, price, 0);
            }
            _ => {
                books.iter_mut().for_each(|book| book.set(side, price, lots));
                model.set_fast(side, price, lots);
            }
        }
        let right = model.bbo();
        for (book, structure) in books.iter().zip(STRUCTURES) {
            assert_eq!(book.bbo(), right, "{}, {what}", structure.name());
        }
        if command % 997 == 0 {
            compare(&books, &model, price, lots, &what);
        }
    }
    compare(&books, &model, mid, 1, &format!("seed {seed}, the end"));
}

#[test]
fn a_million_commands_leave_the_same_books() {
    // Four streams, as one may miss what another meets.
    for seed in 1..=4 {
        run(seed, 250_000);
    }
}

#[test]
fn whole_books_from_the_best_price_on_are_taken_as_any() {
    let mut random = Random(11);
    let mut books: Vec<AnyBook> = STRUCTURES.into_iter().map(AnyBook::new).collect();
    for round in 0..300 {
        let mid = [0, 5, 6_000_000, 1 << 40, i64::MAX - 70][random.below(5) as usize];
        let mut side = |sign: i64| {
            let (mut rows, mut price) = (Vec::new(), mid);
            let apart = [1, 3, 64, 5_000, 1 << 30][random.below(5) as usize];
            for _ in 0..random.below(1_500) {
                let next = sign.checked_mul(1 + random.below(apart) as i64).and_then(|step| price.checked_add(step));
                let Some(next) = next.filter(|&next| next >= 0) else { break };
                price = next;
                rows.push(Level { price, lots: 1 + random.below(9) as i64 });
            }
            // One in ten isn't as it should be: out of order, twice or empty.
            if rows.len() > 2 && random.below(10) == 0 {
                let (one, other) = (random.below(rows.len() as u64) as usize, random.below(rows.len() as u64) as usize);
                rows[one] = [rows[other], Level { lots: 0, ..rows[one] }][random.below(2) as usize];
            }
            rows
        };
        let (bids, asks) = (side(-1), side(1));
        let mut model = Model::default();
        books.iter_mut().for_each(|book| book.apply_snapshot(&bids, &asks));
        bids.iter().for_each(|row| model.set_fast(Side::Buy, row.price, row.lots));
        asks.iter().for_each(|row| model.set_fast(Side::Sell, row.price, row.lots));
        compare(&books, &model, mid, 20, &format!("round {round}, the snapshot"));
        for _ in 0..60 {
            let (side, rows) = if random.below(2) == 0 { (Side::Buy, &bids) } else { (Side::Sell, &asks) };
            let near = rows.get(random.below(rows.len() as u64 + 1) as usize).map_or(mid, |row| row.price);
            let price = near.saturating_add(random.below(3) as i64 - 1).max(0);
            let lots = random.below(3) as i64;
            books.iter_mut().for_each(|book| book.set(side, price, lots));
            model.set_fast(side, price, lots);
        }
        compare(&books, &model, mid, 20, &format!("round {round}, what followed"));
    }
}

#[test]
fn a_book_of_a_thousand_levels_a_side_takes_less_than_64_kib() {
    for structure in STRUCTURES {
        let mut random = Random(7);
        let mut book = AnyBook::new(structure);
        while book.len() < 2_000 {
            let side = if book.len() < 1_000 { Side::Buy } else { Side::Sell };
            // An exponential distance with a mean of 4,000 ticks, as deltas of a large market have.
            let uniform = (random.below(1 << 53) + 1) as f64 / (1u64 << 53) as f64;
            let away = 1 + (-uniform.ln() * 4_000.0) as i64;
            let price = if side == Side::Buy { 6_000_000 - away } else { 6_000_000 + away };
            book.set(side, price, 1 + random.below(1_000) as i64);
        }
        assert!(book.memory_bytes() < 64 * 1024, "{}: {} bytes", structure.name(), book.memory_bytes());
    }
}
