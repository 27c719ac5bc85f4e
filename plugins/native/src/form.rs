//! Decimals that are written as the last one was.
//!
//! A venue writes its prices alike, and its sizes. Where the point and the end of the next decimal stand is known then
//! before any of it was looked at, so that the processor needn't measure one part before it reads the next; what was foreseen
//! is only checked. With SSE4.1 sixteen digits are read at once: Wojciech Muła, "SIMD-ized conversion of decimals", 2014.

use crate::digits::eight_digits;
use crate::exact::Step;

/// How the last decimal of a step was written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form {
    /// Where the point stands, counted from the first digit; 0 where there was no such decimal yet.
    point: usize,
    /// The place behind the last digit.
    end: usize,
    /// The decimals of the step that it was read by.
    decimals: usize,
    #[cfg(target_arch = "x86_64")]
    lanes: Option<x86::Lanes>,
}

impl Form {
    /// The form of this decimal; one that nothing fits where it has no point, more than eight digits on a side of it, or
    /// a step that isn't a power of ten.
    pub fn of(text: &[u8], step: &Step) -> Form {
        let found = text.iter().position(|&byte| byte == b'.').zip(step.quick_decimals());
        let Some((point @ 1..=8, decimals)) = found.filter(|(point, _)| (1..=8).contains(&(text.len() - point - 1)))
        else {
            return Form::default();
        };
        Form {
            point,
            end: text.len(),
            decimals,
            #[cfg(target_arch = "x86_64")]
            lanes: x86::Lanes::new(point, text.len(), decimals),
        }
    }

    /// The whole steps that the decimal at `at` is, and the place behind it, if it is written so. What stands behind it
    /// isn't looked at.
    #[inline(always)]
    pub fn units(&self, data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
        if self.point == 0 || step.quick_decimals() != Some(self.decimals) {
            return None;
        }
        // The box hides from the compiler that this place could be told from what is measured now.
        let end = std::hint::black_box(at + self.end);
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = &self.lanes
            && let Some(chunk) = data.get(at..at + 16).and_then(|chunk| chunk.first_chunk::<16>())
        {
            return lanes.units(chunk).map(|units| (units, end));
        }
        let (whole, count) = eight_digits(data, at);
        let (fraction, places) = eight_digits(data, at + self.point + 1);
        let written = count == self.point && count + 1 + places == self.end && places > 0;
        if !written || *data.get(at + self.point)? != b'.' {
            return None;
        }
        step.units_quick(whole, fraction, places).map(|units| (units, end))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// Where each digit goes.
    #[derive(Clone, Copy, Debug)]
    pub struct Lanes {
        /// For each of the sixteen digits of the units, the byte that it is; beyond the last byte for a zero.
        places: [u8; 16],
        /// Which bytes are digits.
        digits: u32,
        /// Which of them have to be zero, as they are below the step.
        zeros: u32,
        point: u8,
    }

    impl Lanes {
        /// `None` where the CPU has no SSE4.1, or the decimal is too long.
        pub fn new(point: usize, end: usize, decimals: usize) -> Option<Lanes> {
            if !is_x86_feature_detected!("sse4.1") || end > 16 || point + decimals > 16 {
                return None;
            }
            let mut places = [0x80; 16];
            for (lane, place) in places.iter_mut().rev().enumerate() {
                // The lane is the digit's distance from the last decimal of the step.
                let byte = match decimals.checked_sub(lane + 1) {
                    Some(after) => point + 1 + after,
                    None => match (point + decimals).checked_sub(lane + 1) {
                        Some(byte) => byte,
                        None => continue,
                    },
                };
                if byte < end {
                    *place = byte as u8;
                }
            }
            let all = (1_u32 << end) - 1;
            let digits = all & !(1 << point);
            let kept = (1_u32 << end.min(point + 1 + decimals)) - 1;
            Some(Lanes { places, digits, zeros: all & !kept & digits, point: point as u8 })
        }

        /// The units that these bytes are; `None` where a digit or the point isn't in its place.
        #[inline(always)]
        pub fn units(&self, chunk: &[u8; 16]) -> Option<i64> {
            // SAFETY: there are lanes only where the CPU has SSE4.1.
            unsafe { units(self, chunk) }
        }
    }

    #[target_feature(enable = "sse4.1")]
    fn units(lanes: &Lanes, chunk: &[u8; 16]) -> Option<i64> {
        // SAFETY: both are sixteen bytes.
        let (bytes, places) =
            unsafe { (_mm_loadu_si128(chunk.as_ptr().cast()), _mm_loadu_si128(lanes.places.as_ptr().cast())) };
        let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
        let digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) as u32;
        let zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(values, _mm_setzero_si128())) as u32;
        let written = digits & lanes.digits == lanes.digits
            && zeros & lanes.zeros == lanes.zeros
            && chunk[usize::from(lanes.point & 15)] == b'.';
        if !written {
            return None;
        }
        let tens = _mm_set1_epi16(0x010a);
        let hundreds = _mm_set1_epi32(0x0001_0064);
        let myriads = _mm_set1_epi32(0x0001_2710);
        let pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(values, places), tens);
        let fours = _mm_madd_epi16(pairs, hundreds);
        let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), myriads);
        let both = _mm_cvtsi128_si64(eights) as u64;
        // The first eight digits lie low.
        Some(((both & 0xffff_ffff) * 100_000_000 + (both >> 32)) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_the_last_one_is_what_the_long_way_reads() {
        let steps = ["0.01", "1", "1E-8", "0.0001"].map(|text| Step::parse(text).expect(text));
        let mut seed = 7_u64;
        let (mut read, mut refused) = (0, 0);
        for _ in 0..200_000 {
            let mut draw = |below: u64| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 33) % below
            };
            let (whole, places) = (draw(9) as usize + 1, draw(10) as usize);
            let mut text = String::new();
            for _ in 0..whole {
                text.push(char::from(b'0' + draw(10) as u8));
            }
            text.push('.');
            for at in 0..places {
                let digit = if at > 2 && draw(8) > 0 { 0 } else { draw(10) as u8 };
                text.push(char::from(b'0' + digit));
            }
            let mut changed = text.clone().into_bytes();
            if draw(4) == 0 {
                let at = draw(changed.len() as u64) as usize;
                changed[at] = [b'.', b'"', b'a', b'/', b':', b'7'][draw(6) as usize];
            }
            let step = &steps[draw(4) as usize];
            let form = Form::of(text.as_bytes(), step);
            let tails: [&[u8]; 2] = [b"\"", b"\",\"0123456789abcdef"];
            for tail in tails {
                let data = [&changed[..], tail].concat();
                match form.units(&data, 0, step) {
                    Some((units, end)) => {
                        assert_eq!(end, changed.len());
                        let given = String::from_utf8_lossy(&changed);
                        assert_eq!(Ok(units), step.units_from_text(&changed), "{given} as {text} in {step:?}");
                        read += 1;
                    }
                    None => refused += 1,
                }
            }
        }
        assert!(read > 50_000 && refused > 50_000, "{read} were read, {refused} weren't");
    }
}
