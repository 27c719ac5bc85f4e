//! Bounded lock-free queues of records between threads. Full is an answer.

#![forbid(unsafe_code)]

use crossbeam_queue::ArrayQueue;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::orders::fixed::Record;

/// The two ends of a queue of one producer and one consumer: neither ever waits for the other.
pub fn spsc(capacity: usize) -> (SpscSender, SpscReceiver) {
    let (producer, consumer) = RingBuffer::new(capacity);
    (SpscSender(producer), SpscReceiver(consumer))
}

/// The producer's end.
#[derive(Debug)]
pub struct SpscSender(Producer<Record>);

/// The consumer's end.
#[derive(Debug)]
pub struct SpscReceiver(Consumer<Record>);

impl SpscSender {
    /// Adds a record; false where the queue is full.
    #[inline]
    pub fn push(&mut self, record: Record) -> bool {
        self.0.push(record).is_ok()
    }
}

impl SpscReceiver {
    /// Takes the oldest record.
    #[inline]
    pub fn pop(&mut self) -> Option<Record> {
        self.0.pop().ok()
    }

    /// How many records wait.
    pub fn len(&self) -> usize {
        self.0.slots()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A queue that any number of threads may use at both ends.
#[derive(Debug)]
pub struct Mpsc(ArrayQueue<Record>);

impl Mpsc {
    /// An empty queue.
    pub fn new(capacity: usize) -> Mpsc {
        Mpsc(ArrayQueue::new(capacity))
    }

    /// Adds a record; false where the queue is full.
    #[inline]
    pub fn push(&self, record: Record) -> bool {
        self.0.push(record).is_ok()
    }

    /// Takes the oldest record.
    #[inline]
    pub fn pop(&self) -> Option<Record> {
        self.0.pop()
    }

    /// How many records wait.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::orders::fixed::Kind;

    const RECORDS: i64 = if cfg!(miri) { 100 } else { 100_000 };

    fn numbered(producer: i64, order_id: i64) -> Record {
        Record { order_id, instrument: producer, ..Record::new(Kind::Accepted) }
    }

    #[test]
    fn one_producer_and_one_consumer_lose_nothing_and_keep_the_order() {
        let (mut sender, mut receiver) = spsc(16);
        thread::scope(|scope| {
            scope.spawn(move || {
                for order_id in 0..RECORDS {
                    while !sender.push(numbered(0, order_id)) {
                        thread::yield_now();
                    }
                }
            });
            for order_id in 0..RECORDS {
                let record = loop {
                    match receiver.pop() {
                        Some(record) => break record,
                        None => thread::yield_now(),
                    }
                };
                assert_eq!(record, numbered(0, order_id));
            }
            assert!(receiver.is_empty());
        });
    }

    #[test]
    fn many_producers_lose_nothing_and_keep_their_own_order() {
        let queue = Mpsc::new(16);
        let mut next = [0; 3];
        thread::scope(|scope| {
            for producer in 0..3 {
                let queue = &queue;
                scope.spawn(move || {
                    for order_id in 0..RECORDS {
                        while !queue.push(numbered(producer, order_id)) {
                            thread::yield_now();
                        }
                    }
                });
            }
            while next != [RECORDS; 3] {
                if let Some(record) = queue.pop() {
                    let expected = &mut next[record.instrument as usize];
                    assert_eq!(record.order_id, *expected);
                    *expected += 1;
                } else {
                    thread::yield_now();
                }
            }
        });
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn full_is_an_answer() {
        let (mut sender, mut receiver) = spsc(2);
        let queue = Mpsc::new(2);
        for order_id in 0..2 {
            assert!(sender.push(numbered(0, order_id)) && queue.push(numbered(0, order_id)));
        }
        assert!(!sender.push(numbered(0, 2)) && !queue.push(numbered(0, 2)));
        assert_eq!((receiver.len(), queue.len()), (2, 2));
        assert_eq!((receiver.pop(), queue.pop()), (Some(numbered(0, 0)), Some(numbered(0, 0))));
    }
}
