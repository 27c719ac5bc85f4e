//! Short decimals wherever their point stands: all digits as one integer, and how many of them are decimals.
//!
//! With SSE4.1 sixteen bytes are read at once, and the digits moved together by the shuffle for where point and end are:
//! Wojciech Muła, "SIMD-ized conversion of decimals", 2014.

#![deny(unsafe_op_in_unsafe_fn)]

use crate::exact::{POW10, eight_digits};

/// A decimal of at most fifteen bytes, without sign and exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mantissa {
    /// The digits, as an integer.
    pub value: u64,
    /// How many of them stand behind the point.
    pub places: usize,
    /// The place behind the last.
    pub end: usize,
}

/// The decimal at `at`: digits, and perhaps a point between them. What stands behind it isn't looked at, but is no digit
/// and no point. `None` where there is none, or a longer one; near the end of the data one of more than eight digits on a side
/// of the point is too long too.
#[inline(always)]
pub fn mantissa(data: &[u8], at: usize) -> Option<Mantissa> {
    #[cfg(target_arch = "x86_64")]
    if let Some(chunk) = data.get(at..at + 16).and_then(|chunk| chunk.first_chunk::<16>())
        && is_x86_feature_detected!("sse4.1")
    {
        // SAFETY: the CPU has SSE4.1.
        let (value, places, length) = unsafe { x86::read(chunk) }?;
        return Some(Mantissa { value, places, end: at + length });
    }
    in_halves(data, at)
}

fn in_halves(data: &[u8], at: usize) -> Option<Mantissa> {
    let (whole, count) = eight_digits(data, at);
    let point = at + count;
    let (fraction, places) = match data.get(point) {
        Some(b'.') => eight_digits(data, point + 1),
        _ => (0, 0),
    };
    let end = if data.get(point) == Some(&b'.') { point + 1 + places } else { point };
    let ended = !matches!(data.get(end), Some(b'0'..=b'9' | b'.'));
    let whole_or_fraction = end == point || places > 0;
    let read = count > 0 && whole_or_fraction && ended && end - at < 16;
    read.then(|| Mantissa { value: whole * POW10[places] + fraction, places, end })
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

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

    /// The digits as an integer, how many stand behind the point, and how many bytes there are.
    #[inline]
    #[target_feature(enable = "sse4.1")]
    pub fn read(chunk: &[u8; 16]) -> Option<(u64, usize, usize)> {
        // SAFETY: they are sixteen bytes.
        let bytes = unsafe { _mm_loadu_si128(chunk.as_ptr().cast()) };
        let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
        let digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) as u32;
        let points = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'.' as i8))) as u32;
        let end = (!(digits | points)).trailing_zeros();
        // The end counts as a point, behind one that there is.
        let points = (points & ((1 << end) - 1)) | (1 << end);
        let point = points.trailing_zeros();
        let rest = points & (points - 1);
        let places = if rest == 0 { 0 } else { end - point - 1 };
        if end > 15 || point == 0 || rest & rest.wrapping_sub(1) != 0 || (rest != 0 && places == 0) {
            return None;
        }
        let shuffle = SHUFFLES[(point * 16 + end) as usize & 255];
        // SAFETY: it is sixteen bytes.
        let shuffle = unsafe { _mm_loadu_si128(shuffle.as_ptr().cast()) };
        let tens = _mm_set1_epi16(0x010a);
        let hundreds = _mm_set1_epi32(0x0001_0064);
        let myriads = _mm_set1_epi32(0x0001_2710);
        let pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(values, shuffle), tens);
        let fours = _mm_madd_epi16(pairs, hundreds);
        let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), myriads);
        let both = _mm_cvtsi128_si64(eights) as u64;
        // The first eight digits lie low.
        Some(((both & 0xffff_ffff) * 100_000_000 + (both >> 32), places as usize, end as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let text: Vec<u8> =
                data.iter().copied().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').collect();
            let parts: Vec<&[u8]> = text.split(|&byte| byte == b'.').collect();
            let digits: Vec<u8> = parts.concat();
            let plain = (1..=15).contains(&text.len()) && parts.len() <= 2 && parts.iter().all(|part| !part.is_empty());
            let right = plain.then(|| Mantissa {
                value: String::from_utf8_lossy(&digits).parse().expect("digits"),
                places: if parts.len() == 2 { parts[1].len() } else { 0 },
                end: text.len(),
            });
            let (found, halves) = (mantissa(&data, 0), in_halves(&data, 0));
            // In halves, what has more than eight digits on a side of the point isn't read.
            assert!(halves.is_none() || halves == right, "{}", String::from_utf8_lossy(&data));
            assert!(found == right || found == halves, "{}", String::from_utf8_lossy(&data));
            if found.is_some() { read += 1 } else { refused += 1 }
        }
        assert!(read > 50_000 && refused > 20_000, "{read} were read, {refused} weren't");
    }
}
