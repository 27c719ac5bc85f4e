//! The bytes of a capture, whatever it is compressed by.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

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
        Ok(Source { stream: Box::new(Frames { file: Some(file), frame: None }), compressed: true })
    } else {
        Ok(Source { stream: Box::new(file), compressed: false })
    }
}

/// The frames of a zstd file, one after the other.
struct Frames<R: BufRead> {
    file: Option<R>,
    frame: Option<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(mut file) = self.file.take() {
                if file.fill_buf()?.is_empty() {
                    self.file = Some(file);
                    return Ok(0);
                }
                self.frame = Some(StreamingDecoder::new(file).map_err(io::Error::other)?);
            }
            let Some(frame) = &mut self.frame else {
                return Err(io::Error::other("a frame before this one is broken"));
            };
            let count = frame.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.file = self.frame.take().map(StreamingDecoder::into_inner);
        }
    }
}
