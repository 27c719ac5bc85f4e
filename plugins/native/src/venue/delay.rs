//! How long messages take. The twins are `mainspring.venue.jitter` and `mainspring.venue.recorded_delays`.

#![forbid(unsafe_code)]

/// A delay one way, in nanoseconds.
#[derive(Clone, Debug)]
pub enum Delay {
    /// The same for every message.
    Constant(i64),
    /// A fixed part, and one of 1,024 quantiles by ten random bits.
    Jittered {
        /// The fixed part.
        base_ns: i64,
        /// The quantiles of the jitter.
        jitter_ns: Vec<i64>,
        /// Where the bits come from.
        random: Box<Twister>,
    },
    /// As recorded: interpolated between messages.
    Recorded {
        /// When each was sent, in rising order.
        sent_ns: Vec<i64>,
        /// What each took.
        delays_ns: Vec<i64>,
    },
}

impl Delay {
    /// What a message that is sent then takes.
    pub fn at_ns(&mut self, sent_at_ns: i64) -> i64 {
        match self {
            Delay::Constant(delay_ns) => *delay_ns,
            Delay::Jittered { base_ns, jitter_ns, random } => {
                *base_ns + jitter_ns.get((random.draw() >> 22) as usize).copied().unwrap_or(0)
            }
            Delay::Recorded { sent_ns, delays_ns } => interpolated(sent_ns, delays_ns, sent_at_ns),
        }
    }
}

fn interpolated(sent_ns: &[i64], delays_ns: &[i64], at_ns: i64) -> i64 {
    let after = sent_ns.partition_point(|&sent| sent <= at_ns);
    let Some(before) = after.checked_sub(1) else { return delays_ns[0] };
    let first = delays_ns[before];
    if after == sent_ns.len() {
        return first;
    }
    let [change, elapsed, span] =
        [(delays_ns[after], first), (at_ns, sent_ns[before]), (sent_ns[after], sent_ns[before])]
            .map(|(a, b)| i128::from(a) - i128::from(b));
    i64::try_from(i128::from(first) + (change * elapsed).div_euclid(span)).unwrap_or(i64::MAX)
}

const WORDS: usize = 624;
const MIDDLE: usize = 397;

/// The Mersenne Twister MT19937, whose state Python's `random.Random` hands over.
///
/// Matsumoto and Nishimura (1998), "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudorandom number generator".
#[derive(Clone, Debug)]
pub struct Twister {
    words: [u32; WORDS],
    at: usize,
}

impl Twister {
    /// Goes on from a state: 624 words, and the index of the next. `None` if it is no state.
    pub fn new(words: &[u32], at: usize) -> Option<Self> {
        let words = words.try_into().ok()?;
        (at <= WORDS).then_some(Twister { words, at })
    }

    /// The next 32 bits.
    pub fn draw(&mut self) -> u32 {
        if self.at == WORDS {
            self.twist();
        }
        let mut y = self.words[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for at in 0..WORDS {
            let y = (self.words[at] & 0x8000_0000) | (self.words[(at + 1) % WORDS] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[at] = self.words[(at + MIDDLE) % WORDS] ^ (y >> 1) ^ odd;
        }
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_one_of_1998() {
        // The first outputs for the seed 5489, as the authors' C program prints them.
        let mut words = [5489u32; WORDS];
        for at in 1..WORDS {
            let before = words[at - 1];
            words[at] = 1_812_433_253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(u32::try_from(at).unwrap());
        }
        let mut twister = Twister::new(&words, WORDS).unwrap();
        let drawn: Vec<u32> = (0..3).map(|_| twister.draw()).collect();
        assert_eq!(drawn, [3_499_211_612, 581_869_302, 3_890_346_734]);
        assert!(Twister::new(&words[1..], WORDS).is_none());
    }

    #[test]
    fn recorded_delays_are_interpolated_and_stand_still_outside() {
        let mut delay = Delay::Recorded { sent_ns: vec![10, 20], delays_ns: vec![5, 8] };
        assert_eq!([0, 10, 13, 19, 20, 99].map(|at| delay.at_ns(at)), [5, 5, 5, 7, 8, 8]);
    }
}
