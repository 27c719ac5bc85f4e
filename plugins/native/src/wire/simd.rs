//! The widest vectors that this CPU has, chosen when the first message comes: never a build for one CPU only.
//!
//! One question is asked of a whole message before anything reads it: is it *clean*? A clean message has no byte below a
//! space, none beyond ASCII and no backslash, so that its strings end at the next quote, need no unescaping and are
//! UTF-8. Messages of venues are; any other goes the general way.

use std::sync::OnceLock;

use memchr::memmem;

type Clean = fn(&[u8]) -> bool;

struct Path {
    name: &'static str,
    clean: Clean,
}

static PATH: OnceLock<Path> = OnceLock::new();

/// The name of the path in use: "avx512", "avx2", "sse2", "neon" or "scalar".
pub fn path() -> &'static str {
    PATH.get_or_init(choose).name
}

/// Whether a message is clean.
#[inline]
pub fn clean(data: &[u8]) -> bool {
    (PATH.get_or_init(choose).clean)(data)
}

/// Whether the CPU has a path of that name, and its answer: for tests that compare every path with the plain one.
pub fn clean_by(name: &str, data: &[u8]) -> Option<bool> {
    available().into_iter().find(|path| path.name == name).map(|path| (path.clean)(data))
}

/// The names of all paths that this CPU has, the best first.
pub fn paths() -> Vec<&'static str> {
    available().into_iter().map(|path| path.name).collect()
}

/// How many bytes are looked at before a search that begins slower and goes on faster.
#[cfg(target_arch = "x86_64")]
const NEAR: usize = 128;

/// Where two bytes first stand side by side, from a place on.
#[inline(always)]
pub fn find_pair(data: &[u8], from: usize, pair: &[u8; 2]) -> Option<usize> {
    let mut at = from;
    #[cfg(target_arch = "x86_64")]
    while at < from + NEAR
        && let (Some(one), Some(next)) = (chunk(data, at), chunk(data, at + 1))
    {
        let found = x86::pairs(one, next, pair);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += 16;
    }
    // Fewer than seventeen bytes are left, of a message that mostly has more: the last of them overlap those before.
    #[cfg(target_arch = "x86_64")]
    if data.len() < at + 17
        && let Some(start) = data.len().checked_sub(17)
        && let (Some(one), Some(next)) = (chunk(data, start), chunk(data, start + 1))
    {
        let found = x86::pairs(one, next, pair) as usize >> (at - start).min(16);
        return (found != 0).then(|| at + found.trailing_zeros() as usize);
    }
    find_far_pair(data, at, pair)
}

#[inline(never)]
fn find_far_pair(data: &[u8], at: usize, pair: &[u8; 2]) -> Option<usize> {
    Some(at + memmem::find(data.get(at..)?, pair)?)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn chunk(data: &[u8], at: usize) -> Option<&[u8; 16]> {
    data.get(at..)?.first_chunk()
}

fn choose() -> Path {
    available().swap_remove(0)
}

fn available() -> Vec<Path> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") {
            found.push(Path { name: "avx512", clean: |data| x86::clean_avx512(data) });
        }
        if is_x86_feature_detected!("avx2") {
            found.push(Path { name: "avx2", clean: |data| x86::clean_avx2(data) });
        }
        found.push(Path { name: "sse2", clean: |data| x86::clean_sse2(data) });
    }
    #[cfg(target_arch = "aarch64")]
    found.push(Path { name: "neon", clean: |data| arm::clean_neon(data) });
    found.push(Path { name: "scalar", clean: clean_scalar });
    found
}

fn clean_scalar(data: &[u8]) -> bool {
    data.iter().fold(true, |clean, &byte| clean & (byte.wrapping_sub(b' ') < 0x60) & (byte != b'\\'))
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// The whole vectors of `data`, and the last one once more: it overlaps the one before it, so that no byte is left over.
    #[inline(always)]
    fn vectors<const WIDTH: usize>(data: &[u8], mut visit: impl FnMut(&[u8; WIDTH])) {
        for vector in data.as_chunks().0 {
            visit(vector);
        }
        if let Some(last) = data.last_chunk() {
            visit(last);
        }
    }

    /// A bit for each place where the first byte of a pair stands in `one` and the second in `next`, which begins a byte later.
    #[inline(always)]
    pub fn pairs(one: &[u8; 16], next: &[u8; 16], pair: &[u8; 2]) -> u32 {
        // SAFETY: every x86-64 CPU has SSE2, and they are sixteen bytes each.
        unsafe {
            let (one, next) = (_mm_loadu_si128(one.as_ptr().cast()), _mm_loadu_si128(next.as_ptr().cast()));
            let first = _mm_cmpeq_epi8(one, _mm_set1_epi8(pair[0] as i8));
            _mm_movemask_epi8(_mm_and_si128(first, _mm_cmpeq_epi8(next, _mm_set1_epi8(pair[1] as i8)))) as u32
        }
    }

    pub fn clean_avx512(data: &[u8]) -> bool {
        if data.len() < 64 {
            return clean_sse2(data);
        }
        // SAFETY: the caller is chosen only where the CPU has AVX-512 BW.
        unsafe { avx512(data) }
    }

    /// # Safety
    /// The CPU has AVX-512 BW, and `data` at least 64 bytes.
    #[target_feature(enable = "avx512bw")]
    unsafe fn avx512(data: &[u8]) -> bool {
        let below = _mm512_set1_epi8(0x20);
        let backslash = _mm512_set1_epi8(b'\\' as i8);
        let mut dirty = 0u64;
        vectors::<64>(data, |vector| {
            // SAFETY: they are 64 bytes; an unaligned load may start anywhere.
            let bytes = unsafe { _mm512_loadu_si512(vector.as_ptr().cast()) };
            // Signed: what is beyond ASCII is negative, and so below a space too.
            dirty |= _mm512_cmplt_epi8_mask(bytes, below) | _mm512_cmpeq_epi8_mask(bytes, backslash);
        });
        dirty == 0
    }

    pub fn clean_avx2(data: &[u8]) -> bool {
        if data.len() < 32 {
            return clean_sse2(data);
        }
        // SAFETY: the caller is chosen only where the CPU has AVX2.
        unsafe { avx2(data) }
    }

    /// # Safety
    /// The CPU has AVX2, and `data` at least 32 bytes.
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(data: &[u8]) -> bool {
        let below = _mm256_set1_epi8(0x20);
        let backslash = _mm256_set1_epi8(b'\\' as i8);
        let mut dirty = _mm256_setzero_si256();
        vectors::<32>(data, |vector| {
            // SAFETY: they are 32 bytes; an unaligned load may start anywhere.
            let bytes = unsafe { _mm256_loadu_si256(vector.as_ptr().cast()) };
            let found = _mm256_or_si256(_mm256_cmpgt_epi8(below, bytes), _mm256_cmpeq_epi8(bytes, backslash));
            dirty = _mm256_or_si256(dirty, found);
        });
        _mm256_movemask_epi8(dirty) == 0
    }

    pub fn clean_sse2(data: &[u8]) -> bool {
        if data.len() < 16 {
            return super::clean_scalar(data);
        }
        let mut dirty = 0;
        vectors::<16>(data, |vector| {
            // SAFETY: every x86-64 CPU has SSE2. They are 16 bytes; an unaligned load may start anywhere.
            dirty |= unsafe {
                let bytes = _mm_loadu_si128(vector.as_ptr().cast());
                let below = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
                _mm_movemask_epi8(_mm_or_si128(below, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8))))
            };
        });
        dirty == 0
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    pub fn clean_neon(data: &[u8]) -> bool {
        if data.len() < 16 {
            return super::clean_scalar(data);
        }
        let last = data.len() - 16;
        let mut dirty = 0;
        for at in (0..data.len() / 16).map(|at| at * 16).chain(std::iter::once(last)) {
            // SAFETY: every AArch64 CPU has NEON. `at` is at most `last`, 16 bytes before the end.
            dirty |= unsafe {
                let bytes = vld1q_u8(data.as_ptr().add(at));
                let outside = vcgeq_u8(vsubq_u8(bytes, vdupq_n_u8(0x20)), vdupq_n_u8(0x60));
                vmaxvq_u8(vorrq_u8(outside, vceqq_u8(bytes, vdupq_n_u8(b'\\'))))
            };
        }
        dirty == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_found_where_it_first_stands() {
        for length in 0..300usize {
            let mut data = vec![b'a'; length];
            assert_eq!(find_pair(&data, 0, b"}]"), None);
            for at in 0..length.saturating_sub(1) {
                (data[at], data[at + 1]) = (b'}', b']');
                for from in [0, 1, 17, at.saturating_sub(1), at] {
                    assert_eq!(
                        find_pair(&data, from, b"}]"),
                        (from <= at).then_some(at),
                        "{at} of {length}, from {from}"
                    );
                }
                assert_eq!((find_pair(&data, at + 1, b"}]"), find_pair(&data, 0, b"]]")), (None, None));
                (data[at], data[at + 1]) = (b'a', b'a');
            }
        }
        assert_eq!((find_pair(b"]]]]", 1, b"]]"), find_pair(b"]", 3, b"]]")), (Some(1), None));
    }

    #[test]
    fn every_path_gives_the_plain_answer() {
        for length in 0..200usize {
            let mut data = vec![b'a'; length];
            for name in paths() {
                assert_eq!(clean_by(name, &data), Some(true), "{name}, {length} clean bytes");
            }
            for at in 0..length {
                for byte in [0u8, 0x1f, 0x20, b'"', b'\\', 0x7f, 0x80, 0xff] {
                    data[at] = byte;
                    let right = clean_scalar(&data);
                    for name in paths() {
                        assert_eq!(clean_by(name, &data), Some(right), "{name}: byte {byte} at {at} of {length}");
                    }
                    data[at] = b'a';
                }
            }
        }
    }
}
