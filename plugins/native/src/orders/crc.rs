//! CRC-32 as zlib has it (reflected polynomial 0x04C11DB7), quick for records of some ten bytes.
//!
//! Eight bytes a step by eight tables: Michael E. Kounavis & Frank L. Berry, "Novel Table Lookup-Based Algorithms for
//! High-Performance CRC Generation", 2008. Libraries are made for long inputs and take short ones byte by byte.

#![forbid(unsafe_code)]

const POLYNOMIAL: u32 = 0xedb8_8320;

const TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let crc = tables[table - 1][byte];
            tables[table][byte] = crc >> 8 ^ tables[0][(crc & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
};

/// The checksum of these bytes.
#[inline]
pub fn crc32(bytes: &[u8]) -> u32 {
    let (eights, mut rest) = bytes.as_chunks::<8>();
    let mut crc = !0u32;
    for eight in eights {
        crc = step(u64::from_le_bytes(*eight) ^ u64::from(crc));
    }
    if let Some((four, tail)) = rest.split_first_chunk::<4>() {
        let word = u32::from_le_bytes(*four) ^ crc;
        crc = TABLES[3][(word & 0xff) as usize]
            ^ TABLES[2][(word >> 8 & 0xff) as usize]
            ^ TABLES[1][(word >> 16 & 0xff) as usize]
            ^ TABLES[0][(word >> 24) as usize];
        rest = tail;
    }
    for &byte in rest {
        crc = crc >> 8 ^ TABLES[0][((crc ^ u32::from(byte)) & 0xff) as usize];
    }
    !crc
}

#[inline]
fn step(word: u64) -> u32 {
    let mut crc = 0;
    let mut at = 0;
    while at < 8 {
        crc ^= TABLES[7 - at][(word >> (8 * at) & 0xff) as usize];
        at += 1;
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_crc_32_and_every_length() {
        assert_eq!((crc32(b"123456789"), crc32(b"")), (0xcbf4_3926, 0));
        let bytes: Vec<u8> = (0..40).collect();
        for length in 0..=40 {
            let mut crc = !0u32;
            for &byte in &bytes[..length] {
                crc ^= u32::from(byte);
                for _ in 0..8 {
                    crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
                }
            }
            assert_eq!(crc32(&bytes[..length]), !crc, "{length} bytes");
        }
    }
}
