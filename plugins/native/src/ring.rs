//! Waits until sockets are readable, by an io_uring: a question is one call of the system, and its answer lies in memory.

use std::io;
use std::time::{Duration, Instant};

use io_uring::{IoUring, opcode, types};

/// How many questions may be open: more connections than a lane has.
const ENTRIES: u32 = 1_024;

/// `POLLIN`, in the form that the ring wants: readable, the end and errors included, which are always said.
const READABLE: u32 = 1;

/// The ring, which has one open question at most for each descriptor.
pub struct Ring {
    ring: IoUring,
    asked: Vec<i32>,
    ready: Vec<i32>,
}

impl Ring {
    /// Returns a ring, or why this machine gives none.
    pub fn new() -> io::Result<Self> {
        Ok(Ring { ring: IoUring::new(ENTRIES)?, asked: Vec::new(), ready: Vec::new() })
    }

    /// Asks to be told once `descriptor` is readable, unless that was asked or answered already.
    pub fn ask(&mut self, descriptor: i32) -> io::Result<()> {
        if self.asked.contains(&descriptor) || self.ready.contains(&descriptor) {
            return Ok(());
        }
        let question = opcode::PollAdd::new(types::Fd(descriptor), READABLE).build().user_data(number_of(descriptor));
        self.push(&question)?;
        self.asked.push(descriptor);
        Ok(())
    }

    /// Takes back the question about `descriptor`, and its answer.
    pub fn forget(&mut self, descriptor: i32) -> io::Result<()> {
        self.ready.retain(|one| *one != descriptor);
        if self.asked.contains(&descriptor) {
            let back = opcode::PollRemove::new(number_of(descriptor)).build().user_data(OF_NO_CONCERN);
            self.push(&back)?;
            // The answer to what is taken back has to be seen here, or it would be taken for one about the descriptor's successor.
            while self.asked.contains(&descriptor) {
                self.ring.submit_and_wait(1)?;
                self.read();
            }
            self.ready.retain(|one| *one != descriptor);
        }
        Ok(())
    }

    /// Looks for `most`, without a call of the system, until there is any answer. Returns whether there is one.
    pub fn spin(&mut self, most: Duration) -> bool {
        let until = Instant::now() + most;
        loop {
            self.read();
            if !self.ready.is_empty() {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            std::hint::spin_loop();
        }
    }

    /// Takes the answer about `descriptor`: whether it is readable.
    pub fn take(&mut self, descriptor: i32) -> bool {
        self.read();
        let place = self.ready.iter().position(|one| *one == descriptor);
        place.map(|place| self.ready.swap_remove(place)).is_some()
    }

    fn push(&mut self, entry: &io_uring::squeue::Entry) -> io::Result<()> {
        // SAFETY: questions about readability name a descriptor and no memory, so that nothing has to outlive them.
        unsafe { self.ring.submission().push(entry) }.map_err(|_| io::Error::other("the ring is full"))?;
        self.ring.submit().map(|_| ())
    }

    fn read(&mut self) {
        for answer in self.ring.completion() {
            let number = answer.user_data();
            let Some(place) = self.asked.iter().position(|one| number_of(*one) == number) else { continue };
            // Whatever the answer is, an error too: a read will say what it is.
            self.ready.push(self.asked.swap_remove(place));
        }
    }
}

/// What isn't about a descriptor.
const OF_NO_CONCERN: u64 = u64::MAX;

fn number_of(descriptor: i32) -> u64 {
    u64::from(descriptor.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    /// Each socket is told of once it has something, once a question, and at its end.
    #[test]
    fn what_is_readable_is_told() {
        let Ok(mut ring) = Ring::new() else { return };
        let (mut ours, mut theirs) = pair();
        let (other, _silent) = pair();
        ring.ask(ours.as_raw_fd()).unwrap();
        ring.ask(other.as_raw_fd()).unwrap();
        assert!(!ring.spin(Duration::ZERO));
        theirs.write_all(b"x").unwrap();
        assert!(ring.spin(LONG));
        assert!(!ring.take(other.as_raw_fd()));
        assert!(ring.take(ours.as_raw_fd()));
        assert!(!ring.take(ours.as_raw_fd()));
        ours.read_exact(&mut [0]).unwrap();
        drop(theirs);
        ring.ask(ours.as_raw_fd()).unwrap();
        assert!(ring.spin(LONG));
        assert!(ring.take(ours.as_raw_fd()));
    }

    /// A descriptor that is used again isn't told of for what was asked about the one before.
    #[test]
    fn what_is_forgotten_is_not_told() {
        let Ok(mut ring) = Ring::new() else { return };
        let (ours, mut theirs) = pair();
        ring.ask(ours.as_raw_fd()).unwrap();
        ring.forget(ours.as_raw_fd()).unwrap();
        theirs.write_all(b"x").unwrap();
        assert!(!ring.spin(Duration::from_millis(1)));
        ring.ask(ours.as_raw_fd()).unwrap();
        assert!(ring.spin(LONG));
        ring.forget(ours.as_raw_fd()).unwrap();
        assert!(!ring.take(ours.as_raw_fd()));
    }
}
