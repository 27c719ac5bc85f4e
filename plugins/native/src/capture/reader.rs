//! Reads a capture on a thread of its own, a few blocks of messages ahead of the consumer.

#![forbid(unsafe_code)]

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::capture::lines::{Ended, MAX_LINE_BYTES, take};
use crate::capture::source::{self, Source};
use crate::lane::messages::Messages;

/// The number of blocks that are read ahead.
const AHEAD: usize = 4;
const CHUNK: usize = 256 * 1024;
/// A block ends early where its messages are long.
const BLOCK_BYTES: usize = 1024 * 1024;

/// What comes of the thread.
enum Block {
    Messages(Messages),
    /// The capture has ended as it should.
    Whole,
}

/// A capture that is being read.
#[derive(Debug)]
pub struct Reader {
    /// A channel in which both ends wait for each other; a lock-free queue would have them spin.
    blocks: Option<Receiver<Block>>,
    thread: Option<JoinHandle<()>>,
    read: Arc<AtomicU64>,
    whole: bool,
}

impl std::fmt::Debug for Block {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if matches!(self, Block::Whole) { "Whole" } else { "Messages" })
    }
}

impl Reader {
    /// Begins to read, in blocks of at most `most` messages.
    pub fn open(path: &Path, most: usize) -> io::Result<Reader> {
        let read = Arc::new(AtomicU64::new(0));
        let source = source::open(path, Arc::clone(&read))?;
        let (sender, receiver) = sync_channel(AHEAD);
        let thread = thread::Builder::new().name("capture".into()).spawn(move || run(source, most, &sender))?;
        Ok(Reader { blocks: Some(receiver), thread: Some(thread), read, whole: false })
    }

    /// The next messages; none where the capture has ended, or goes on with what isn't for this reader: see `is_whole`.
    pub fn take(&mut self) -> Messages {
        match self.blocks.as_ref().and_then(|blocks| blocks.recv().ok()) {
            Some(Block::Messages(messages)) => messages,
            Some(Block::Whole) => {
                self.whole = true;
                self.close();
                Messages::default()
            }
            None => Messages::default(),
        }
    }

    /// Whether all of the capture was taken.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// How many bytes of the file, as it lies there, were read.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Ends the thread.
    pub fn close(&mut self) {
        // Without a receiver the thread's next block has nowhere to go, and it ends.
        self.blocks = None;
        if let Some(thread) = self.thread.take() {
            // A panic has ended the blocks already, and the rest is read by the twin.
            drop(thread.join());
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.close();
    }
}

/// Decompressed bytes, of which the last few may not be handed out yet.
///
/// At damaged compression the twin loses what the failing call of its decompressor had made: at most 64 KiB. So the last
/// `HOLD` bytes wait until more were read after them without a fault.
#[derive(Debug, Default)]
struct Held {
    data: Vec<u8>,
    /// How many bytes of `data` were taken.
    taken: usize,
    /// How many may be.
    free: usize,
    /// How many of those that may be are known to hold no line end.
    searched: usize,
}

const HOLD: usize = 128 * 1024;

impl Held {
    /// Reads more. Returns how much.
    fn read(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        if self.taken > BLOCK_BYTES {
            self.data.drain(..self.taken);
            self.free -= self.taken;
            self.taken = 0;
        }
        let kept = self.data.len();
        self.data.resize(kept + CHUNK, 0);
        let read = loop {
            match stream.read(&mut self.data[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.data.truncate(kept + read.as_ref().map_or(0, |count| *count));
        read
    }

    /// Frees all but the last `hold` bytes.
    fn free(&mut self, hold: usize) {
        self.free = self.free.max(self.data.len().saturating_sub(hold));
    }

    /// Takes lines of those bytes that may be taken: see `lines::take`.
    fn take(&mut self, most: usize, messages: &mut Messages) -> Ended {
        let ended = take(&self.data[..self.free], &mut self.taken, self.searched, most, messages);
        self.searched = if ended == Ended::NoLine { self.free - self.taken } else { 0 };
        ended
    }
}

/// Reads to the end, to the first line or byte that isn't for this reader, or until the consumer is dropped.
fn run(mut source: Source, most: usize, blocks: &SyncSender<Block>) {
    let hold = if source.compressed { HOLD } else { 0 };
    let mut held = Held::default();
    let mut messages = Messages::with_capacity(most, 0);
    loop {
        let got = held.read(&mut source.stream);
        let (ended, whole) = (!matches!(got, Ok(1..)), matches!(got, Ok(0)));
        if !ended || whole {
            held.free(if whole { 0 } else { hold });
        }
        loop {
            let stopped = held.take(most, &mut messages);
            let full = stopped == Ended::Full || messages.bytes() > BLOCK_BYTES;
            if (full || ended || stopped == Ended::Unusual) && !messages.is_empty() {
                let block = std::mem::replace(&mut messages, Messages::with_capacity(most, BLOCK_BYTES / 8));
                if blocks.send(Block::Messages(block)).is_err() {
                    return;
                }
            }
            match stopped {
                Ended::Full => {}
                Ended::NoLine => break,
                Ended::Unusual => return,
            }
        }
        if ended {
            if whole && held.taken == held.data.len() {
                // If nobody listens any more, nobody has to know.
                drop(blocks.send(Block::Whole));
            }
            return;
        }
        if held.searched > MAX_LINE_BYTES {
            return;
        }
    }
}
