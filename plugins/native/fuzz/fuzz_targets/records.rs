#![no_main]
//! Records of the order log: nothing panics, and what is read gives the same bytes when it is written.
//!
//! The input is read as it is, and then as the body of a record whose length and checksum are right.

use libfuzzer_sys::fuzz_target;
use mainspring_native::orders::crc::crc32c;
use mainspring_native::orders::record::{Fault, MAX_BODY, decode, encode_into};

fuzz_target!(|data: &[u8]| {
    all(data);
    if (9..0x4000.min(MAX_BODY)).contains(&data.len()) {
        let mut framed = Vec::new();
        if data.len() >= 0x80 {
            framed.push(data.len() as u8 | 0x80);
            framed.push((data.len() >> 7) as u8);
        } else {
            framed.push(data.len() as u8);
        }
        framed.extend_from_slice(data);
        framed.extend_from_slice(&crc32c(data).to_le_bytes());
        assert_ne!(all(&framed), Some(Fault::Torn), "a whole record");
        for end in 0..framed.len() {
            assert!(all(&framed[..end]).is_some(), "a record cut at {end} was read");
        }
    }
});

/// Reads all records, writes each again, and returns why the last bytes are none.
fn all(data: &[u8]) -> Option<Fault> {
    let (mut rest, mut again) = (data, Vec::new());
    while !rest.is_empty() {
        match decode(rest) {
            Ok((record, taken)) => {
                again.clear();
                encode_into(&mut again, &record);
                assert_eq!(again, &rest[..taken], "{record:?}");
                rest = &rest[taken..];
            }
            Err(fault) => return Some(fault),
        }
    }
    if data.is_empty() { Some(Fault::Torn) } else { None }
}
