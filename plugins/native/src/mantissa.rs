//! Short decimals wherever their point stands: all digits as one integer, and how many of them are decimals.
//!
//! With SSE4.1 sixteen bytes are read at once, and the digits moved together by the shuffle for where point and end are:
//! Wojciech Muła, "SIMD-ized conversion of decimals", 2014.

#![deny(unsafe_op_in_unsafe_fn)]

use crate::digits::{POW10, eight_digits};

/// A decimal of at most fifteen bytes, without sign and exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mantissa {
    /// The digits, as an integer.
    pub value: u64,
    /// How many of them stand behind the point.
    pub places: usize,
    /// How many bytes it has.
    pub length: usize,
}

/// A way to read short decimals.
pub trait Mantissas: Copy {
    /// The decimal that these bytes begin with: digits, and perhaps a point between them. What stands behind it isn't looked at,
    /// but is no digit and no point. `None` where there is none, or a longer one; where the CPU has no vectors, one of more
    /// than eight digits on a side of the point is too long too.
    fn read(self, bytes: &[u8; 16]) -> Option<Mantissa>;

    /// The place of the first quote among these bytes.
    fn quote(self, bytes: &[u8; 16]) -> Option<usize>;

    /// The digits of the decimal that the first `length` of these bytes are, up to fifteen, from the first that is no zero on; and
    /// how many there are. `None` where they are no decimal.
    fn digits(self, bytes: &[u8; 16], length: usize) -> Option<([u8; 16], usize)>;
}

/// Work with many decimals. Its function has to be inlined, so that it is compiled for each way of reading them.
pub trait Work {
    /// What it comes to.
    type Outcome;

    /// Does it.
    fn run(self, mantissas: impl Mantissas) -> Self::Outcome;
}

/// Does the work by the fastest way that this CPU has.
#[inline(always)]
pub fn with_mantissas<W: Work>(work: W) -> W::Outcome {
    #[cfg(target_arch = "x86_64")]
    if *x86::WIDE {
        // SAFETY: the CPU has what it is compiled for.
        return unsafe { x86::run_wide(work) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("sse4.1") {
        // SAFETY: the CPU has SSE4.1.
        return unsafe { x86::run(work) };
    }
    run_anywhere(work)
}

/// Not inlined, so that who has work doesn't hold what hardly any CPU runs.
#[inline(never)]
fn run_anywhere<W: Work>(work: W) -> W::Outcome {
    work.run(InHalves)
}

/// Eight bytes at a time, on any CPU.
#[derive(Clone, Copy, Debug)]
pub struct InHalves;

impl Mantissas for InHalves {
    fn read(self, bytes: &[u8; 16]) -> Option<Mantissa> {
        let (whole, point) = eight_digits(bytes, 0);
        let next = |at: usize| bytes.get(at).copied().unwrap_or(b'0');
        let (fraction, places) = if next(point) == b'.' { eight_digits(bytes, point + 1) } else { (0, 0) };
        let length = if next(point) == b'.' { point + 1 + places } else { point };
        let ended = !matches!(next(length), b'0'..=b'9' | b'.');
        let read = point > 0 && (length == point || places > 0) && ended;
        read.then(|| Mantissa { value: whole * POW10[places] + fraction, places, length })
    }

    fn quote(self, bytes: &[u8; 16]) -> Option<usize> {
        bytes.iter().position(|&byte| byte == b'"')
    }

    fn digits(self, bytes: &[u8; 16], length: usize) -> Option<([u8; 16], usize)> {
        let text = bytes.get(..length).filter(|text| (1..=15).contains(&text.len()))?;
        let (mut found, mut count, mut points) = ([0; 16], 0, 0);
        for &byte in text {
            match byte {
                b'.' => points += 1,
                b'0' if count == 0 => {}
                b'0'..=b'9' => {
                    found[count] = byte;
                    count += 1;
                }
                _ => return None,
            }
        }
        (points <= 1).then_some((found, count))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::sync::LazyLock;

    use super::{Mantissa, Mantissas, Work};

    /// Sixteen bytes at once: there is one only where the CPU has SSE4.1.
    #[derive(Clone, Copy)]
    struct AtOnce(());

    impl Mantissas for AtOnce {
        #[inline(always)]
        fn read(self, bytes: &[u8; 16]) -> Option<Mantissa> {
            // SAFETY: there is an `AtOnce`, so the CPU has SSE4.1.
            unsafe { read(bytes) }
        }

        #[inline(always)]
        fn quote(self, bytes: &[u8; 16]) -> Option<usize> {
            let quotes = quotes(bytes);
            (quotes != 0).then(|| quotes.trailing_zeros() as usize)
        }

        #[inline(always)]
        fn digits(self, bytes: &[u8; 16], length: usize) -> Option<([u8; 16], usize)> {
            // SAFETY: there is an `AtOnce`, so the CPU has SSE4.1.
            unsafe { digits(bytes, length) }
        }
    }

    /// Whether the CPU has what `run_wide` is compiled for.
    pub static WIDE: LazyLock<bool> = LazyLock::new(|| {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
    });

    /// Does the work, all of it compiled for what CPUs with AVX2 have.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub fn run_wide<W: Work>(work: W) -> W::Outcome {
        work.run(AtOnce(()))
    }

    /// Does the work, all of it compiled for SSE4.1.
    #[target_feature(enable = "sse4.1")]
    pub fn run<W: Work>(work: W) -> W::Outcome {
        work.run(AtOnce(()))
    }

    /// For each place of the point and each end, from which byte each of sixteen digits comes; beyond the last byte for a
    /// zero. Without a point it stands at the end.
    static SHUFFLES: [[u8; 16]; 256] = {
        let mut found = [[0x80; 16]; 256];
        let mut at = 0;
        while at < 256 {
            let (point, end) = (at / 16, at % 16);
            let mut lane = 16;
            let mut byte = end;
            while byte > 0 {
                byte -= 1;
                if byte != point {
                    lane -= 1;
                    found[at][lane] = byte as u8;
                }
            }
            at += 1;
        }
        found
    };

    /// Moves sixteen bytes towards the first one, by as many places as the entry is behind the table's first; zeros follow.
    static MOVES: [u8; 32] = {
        let mut found = [0x80; 32];
        let mut at = 0;
        while at < 16 {
            found[at] = at as u8;
            at += 1;
        }
        found
    };

    /// # Safety
    /// The CPU has SSE4.1. It is inlined into what is compiled for that.
    #[inline(always)]
    unsafe fn digits(chunk: &[u8; 16], length: usize) -> Option<([u8; 16], usize)> {
        if !(1..=15).contains(&length) {
            return None;
        }
        // SAFETY: the CPU has SSE4.1. What is loaded are sixteen bytes, of `chunk`, of an entry of `SHUFFLES` and from one of the
        // first sixteen of `MOVES`; what is stored is an array of sixteen.
        unsafe {
            let bytes = _mm_loadu_si128(chunk.as_ptr().cast());
            let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
            let digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) as u32;
            let zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'0' as i8))) as u32;
            let points = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'.' as i8))) as u32;
            let end = 1u32 << length;
            let others = !digits & (end - 1);
            if others & points != others || others & others.wrapping_sub(1) != 0 {
                return None;
            }
            let point = (others | end).trailing_zeros() as usize;
            // The first digit that is no zero; the end stands for one where there is none.
            let first = (digits & !zeros & (end - 1) | end).trailing_zeros() as usize;
            let count = length - first - usize::from(first < point && others != 0);
            let shuffle = _mm_loadu_si128(SHUFFLES[(point * 16 + length) & 255].as_ptr().cast());
            let moves = _mm_loadu_si128(MOVES.as_ptr().add((16 - count) & 15).cast());
            let mut found = [0; 16];
            let moved = _mm_shuffle_epi8(_mm_shuffle_epi8(bytes, shuffle), moves);
            _mm_storeu_si128(found.as_mut_ptr().cast(), moved);
            Some((found, count))
        }
    }

    /// A bit for each quote.
    #[inline(always)]
    fn quotes(chunk: &[u8; 16]) -> u32 {
        // SAFETY: every x86-64 CPU has SSE2, and they are sixteen bytes.
        unsafe {
            let bytes = _mm_loadu_si128(chunk.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8))) as u32
        }
    }

    /// # Safety
    /// The CPU has SSE4.1. It is inlined into what is compiled for that.
    #[inline(always)]
    unsafe fn read(chunk: &[u8; 16]) -> Option<Mantissa> {
        // SAFETY: the CPU has SSE4.1. What is loaded are sixteen bytes, of `chunk` and of an entry of the table.
        unsafe {
            let bytes = _mm_loadu_si128(chunk.as_ptr().cast());
            let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
            let digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) as u32;
            let points = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'.' as i8))) as u32;
            // Ones beyond the sixteen: there is always a first byte that is no digit, and a next one if that is a point.
            let others = !digits;
            let point = others.trailing_zeros();
            let end = (others & !(points & others & others.wrapping_neg())).trailing_zeros();
            // No number has a point without a digit behind it, or two of them.
            if point == 0 || end > 15 || end == point + 1 || points >> end & 1 != 0 {
                return None;
            }
            let places = (end - point).saturating_sub(1);
            let shuffle = _mm_loadu_si128(SHUFFLES[(point * 16 + end) as usize & 255].as_ptr().cast());
            let tens = _mm_set1_epi16(0x010a);
            let hundreds = _mm_set1_epi32(0x0001_0064);
            let myriads = _mm_set1_epi32(0x0001_2710);
            let pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(values, shuffle), tens);
            let fours = _mm_madd_epi16(pairs, hundreds);
            let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), myriads);
            let both = _mm_cvtsi128_si64(eights) as u64;
            // The first eight digits lie low.
            let value = (both & 0xffff_ffff) * 100_000_000 + (both >> 32);
            Some(Mantissa { value, places: places as usize, length: end as usize })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Digits([u8; 16], usize);

    impl Work for Digits {
        type Outcome = Option<([u8; 16], usize)>;

        fn run(self, mantissas: impl Mantissas) -> Self::Outcome {
            mantissas.digits(&self.0, self.1)
        }
    }

    #[test]
    fn the_digits_of_a_decimal_are_those_that_count_on_every_way() {
        let mut seed = 5_u64;
        let mut read = 0;
        for _ in 0..200_000 {
            let mut draw = |below: u64| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 33) % below
            };
            let zeros = draw(8) as usize;
            let mut data: [u8; 16] = std::array::from_fn(|at| if at < zeros { b'0' } else { b'0' + draw(10) as u8 });
            for _ in 0..draw(3) {
                data[draw(16) as usize] = b"....-e /:\""[draw(10) as usize];
            }
            let length = draw(17) as usize;
            let text = &data[..length];
            let points = text.iter().filter(|&&byte| byte == b'.').count();
            let plain = text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
            let digits: Vec<u8> =
                text.iter().copied().filter(|byte| *byte != b'.').skip_while(|byte| *byte == b'0').collect();
            let right = ((1..=15).contains(&length) && plain && points <= 1).then_some(digits);
            for found in [with_mantissas(Digits(data, length)), InHalves.digits(&data, length)] {
                let found = found.map(|(bytes, count)| bytes[..count].to_vec());
                assert_eq!(found, right, "{}, {length}", String::from_utf8_lossy(&data));
            }
            read += usize::from(right.is_some());
        }
        assert!(read > 50_000, "{read} were read");
    }

    struct Read([u8; 16]);

    impl Work for Read {
        type Outcome = Option<Mantissa>;

        fn run(self, mantissas: impl Mantissas) -> Option<Mantissa> {
            mantissas.read(&self.0)
        }
    }

    #[test]
    fn a_short_decimal_is_read_as_its_digits_on_every_way() {
        let mut seed = 11_u64;
        let (mut read, mut refused) = (0, 0);
        for _ in 0..200_000 {
            let mut draw = |below: u64| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 33) % below
            };
            let length = draw(18) as usize;
            let mut data: Vec<u8> = (0..length).map(|_| b'0' + draw(10) as u8).collect();
            for _ in 0..draw(3) {
                if length > 0 {
                    let at = draw(length as u64) as usize;
                    data[at] = b"....-e /:"[draw(9) as usize];
                }
            }
            data.extend_from_slice([&b"\""[..], b",\"sixteen more bytes", b"]"][draw(3) as usize]);
            data.resize(data.len().max(16), 0);
            let text: Vec<u8> =
                data.iter().copied().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').collect();
            let parts: Vec<&[u8]> = text.split(|&byte| byte == b'.').collect();
            let digits: Vec<u8> = parts.concat();
            let plain = (1..=15).contains(&text.len()) && parts.len() <= 2 && parts.iter().all(|part| !part.is_empty());
            let right = plain.then(|| Mantissa {
                value: String::from_utf8_lossy(&digits).parse().expect("digits"),
                places: if parts.len() == 2 { parts[1].len() } else { 0 },
                length: text.len(),
            });
            let bytes = *data.first_chunk().expect("at least sixteen");
            let (found, halves) = (with_mantissas(Read(bytes)), InHalves.read(&bytes));
            // In halves, what has more than eight digits on a side of the point isn't read.
            assert!(halves.is_none() || halves == right, "{}", String::from_utf8_lossy(&data));
            assert!(found == right || found == halves, "{}", String::from_utf8_lossy(&data));
            if found.is_some() { read += 1 } else { refused += 1 }
        }
        assert!(read > 50_000 && refused > 20_000, "{read} were read, {refused} weren't");
    }
}
