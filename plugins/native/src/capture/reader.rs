//! Reads a capture on a thread of its own, a few blocks of messages ahead of whoever takes them.

#![forbid(unsafe_code)]

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::capture::lines::{Ended, MAX_LINE_BYTES, take};
use crate::capture::source;
use crate::lane::messages::Messages;

/// So many blocks are read ahead.
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
        let stream = source::open(path, Arc::clone(&read))?;
        let (sender, receiver) = sync_channel(AHEAD);
        let thread = thread::Builder::new().name("capture".into()).spawn(move || run(stream, most, &sender))?;
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

/// Reads to the end, to the first line or byte that isn't for this reader, or until nobody listens.
fn run(mut stream: impl Read, most: usize, blocks: &SyncSender<Block>) {
    let mut data: Vec<u8> = Vec::new();
    let mut messages = Messages::with_capacity(most, 0);
    loop {
        let kept = data.len();
        if kept > MAX_LINE_BYTES {
            break;
        }
        data.resize(kept + CHUNK, 0);
        let (count, failed) = match stream.read(&mut data[kept..]) {
            Ok(count) => (count, false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                data.truncate(kept);
                continue;
            }
            Err(_) => (0, true),
        };
        data.truncate(kept + count);
        let ended = count == 0;
        let mut at = 0;
        loop {
            let stopped = take(&data, &mut at, most, &mut messages);
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
        data.drain(..at);
        if ended {
            if !failed && data.is_empty() {
                // Nobody may listen any more, and then nobody has to know.
                drop(blocks.send(Block::Whole));
            }
            return;
        }
    }
}
