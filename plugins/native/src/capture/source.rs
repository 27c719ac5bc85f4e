//! The bytes of a capture, whatever it is compressed by.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

const BUFFER: usize = 64 * 1024;

/// A file that says how far it was read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The bytes of a capture.
pub struct Source {
    /// The bytes, decompressed.
    pub stream: Box<dyn Read + Send>,
    /// Whether they were compressed.
    pub compressed: bool,
}

/// Opens a capture by what its first bytes say it is. `read` counts the bytes of the file as it lies there.
pub fn open(path: &Path, read: Arc<AtomicU64>) -> io::Result<Source> {
    let mut file = BufReader::with_capacity(BUFFER, Counted { file: File::open(path)?, read });
    let first = file.fill_buf()?;
    let zstd = |magic: &[u8]| magic == b"\x28\xb5\x2f\xfd" || matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18]);
    if first.starts_with(b"\x1f\x8b") {
        Ok(Source { stream: Box::new(MultiGzDecoder::new(file)), compressed: true })
    } else if first.get(..4).is_some_and(zstd) {
        Ok(Source { stream: Box::new(Frames::new(file)?), compressed: true })
    } else {
        Ok(Source { stream: Box::new(file), compressed: false })
    }
}

/// The frames of a zstd file, one after the other, with their checksums and sizes verified. Skippable frames are skipped.
struct Frames<R: BufRead> {
    file: R,
    decoder: FrameDecoder,
    inside: bool,
    /// Whether the frame says how large its content is, which ruzstd doesn't hold it to; and how much came.
    sized: bool,
    content: u64,
}

/// Where a frame's descriptor is: behind its magic number.
const DESCRIPTOR: usize = 4;
/// The bit of a descriptor that must not be set, that of a frame in one segment, and those for the content's size.
const RESERVED: u8 = 0x08;
const SINGLE_SEGMENT: u8 = 0x20;
const SIZED: u8 = 0xc0;

/// The header of a frame without content.
const EMPTY_FRAME: &[u8] = b"\x28\xb5\x2f\xfd\x20\x00";

impl<R: BufRead> Frames<R> {
    fn new(file: R) -> io::Result<Frames<R>> {
        let mut decoder = FrameDecoder::new();
        // ruzstd 0.8 holds only a decoder's second frame, and those after it, to its limit on windows (100 MiB).
        decoder.init(EMPTY_FRAME).map_err(io::Error::other)?;
        Ok(Frames { file, decoder, inside: false, sized: false, content: 0 })
    }

    /// Reads frame headers up to that of a frame with content. Returns false at the end of the file.
    fn enter(&mut self) -> io::Result<bool> {
        while !self.file.fill_buf()?.is_empty() {
            let mut head = [0; DESCRIPTOR + 1];
            self.file.read_exact(&mut head)?;
            match self.decoder.init((&head[..]).chain(&mut self.file)) {
                Ok(()) => {
                    let descriptor = head[DESCRIPTOR];
                    if descriptor & RESERVED != 0 {
                        return Err(io::Error::other("a frame has a parameter that is reserved"));
                    }
                    self.inside = true;
                    self.sized = descriptor & (SINGLE_SEGMENT | SIZED) != 0;
                    self.content = 0;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.file).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() && (self.inside || self.enter()?) {
            // One block at a time: it has at most 128 KiB, however few bytes stand for it.
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.file, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let count = self.decoder.read(buffer)?;
            self.content += count as u64;
            if count > 0 {
                return Ok(count);
            }
            self.inside = false;
            if self.sized && self.content != self.decoder.content_size() {
                return Err(io::Error::other("a frame is of another size than it says"));
            }
            let stated = self.decoder.get_checksum_from_data();
            if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
                return Err(io::Error::other("the checksum of a frame is wrong"));
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // "hello\n" in a frame with a checksum, as zstd 1.5.7 makes it.
    const HELLO: &[u8] = b"\x28\xb5\x2f\xfd\x24\x06\x31\x00\x00\x68\x65\x6c\x6c\x6f\x0a\x53\x88\xbd\x91";

    fn all(data: &[u8]) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        Frames::new(data)?.read_to_end(&mut read).map(|_| read)
    }

    #[test]
    fn frames_follow_each_other_and_skippable_ones_are_skipped() {
        let skippable = b"\x5f\x2a\x4d\x18\x03\x00\x00\x00abc";
        assert_eq!(all(b"").unwrap(), b"");
        assert_eq!(all(&[skippable, HELLO, skippable, HELLO, skippable].concat()).unwrap(), b"hello\nhello\n");
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error() {
        for cut in 1..HELLO.len() {
            assert!(all(&HELLO[..cut]).is_err(), "{cut}");
        }
        assert!(all(b"\x50\x2a\x4d\x18\x03\x00\x00\x00ab").is_err());
        let mut damaged = HELLO.to_vec();
        let text = damaged.windows(5).position(|part| part == b"hello").unwrap();
        damaged[text] = b'j';
        assert!(all(&damaged).is_err());
        for (place, flip) in [(4, RESERVED), (5, 1)] {
            let mut other = HELLO.to_vec();
            other[place] ^= flip;
            assert!(all(&other).is_err(), "{place}");
        }
        // A frame of nothing that says it has a byte.
        assert!(all(b"\x28\xb5\x2f\xfd\x20\x01\x01\x00\x00").is_err());
        assert_eq!(all(b"\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00").unwrap(), b"");
    }

    #[test]
    fn a_window_beyond_the_limit_is_refused_from_the_first_frame_on() {
        // A window descriptor of 0xff: 3.75 TiB.
        assert!(all(b"\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00").is_err());
    }
}
