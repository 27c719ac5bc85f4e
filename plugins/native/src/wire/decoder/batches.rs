//! Messages that come in arrays: all are read before the first is applied.

#![forbid(unsafe_code)]

use super::{Decoder, MAX_MESSAGE_BYTES, instrument_of};
use crate::wire::event::Sink;
use crate::wire::fields::Decoded;
use crate::wire::json::{JsonFields, Pass, space};
use crate::wire::message::{fast_item, read_one};
use crate::wire::msgpack::{self, MsgpackFields};
use crate::wire::program::Envelope;
use crate::wire::simd;
use crate::wire::slots::Scratch;
use crate::wire::template::{MAX_LESSONS, MAX_TEMPLATES, Template};
use crate::wire::value::{Fault, Is};

impl Decoder {
    pub(super) fn on_batch(&mut self, raw: &[u8], receive_time_ns: i64, sink: &mut impl Sink) -> Result<(), Fault> {
        self.batch.clear();
        if self.fast_batch(raw, receive_time_ns).is_none() {
            self.batch.clear();
            self.scratch.arena.clear();
            self.slow_batch(raw, receive_time_ns)?;
        }
        self.apply_batch(sink);
        Ok(())
    }

    pub(super) fn apply_batch(&mut self, sink: &mut impl Sink) {
        let batch = std::mem::take(&mut self.batch);
        for (entry, reading) in &batch {
            self.apply(*entry, reading, sink);
        }
        self.batch = batch;
    }

    /// Reads each message of a batch on the fast way, the next where the last one ended.
    fn fast_batch(&mut self, raw: &[u8], receive_time_ns: i64) -> Option<()> {
        if raw.len() > MAX_MESSAGE_BYTES {
            return None;
        }
        let Decoder { program, json, msgpack, scratch, batch, .. } = self;
        let Scratch { outer, arena, templates, lessons, last, guess, .. } = scratch;
        if let Some(json) = json {
            if !simd::clean(raw) {
                return None;
            }
            let mut at = space(raw, 0);
            if *raw.get(at)? != b'[' {
                return None;
            }
            at = space(raw, at + 1);
            if *raw.get(at)? == b']' {
                return (space(raw, at + 1) == raw.len()).then_some(());
            }
            loop {
                let item = raw.get(at..)?;
                let (read, end) =
                    match fast_item(program, json, item, receive_time_ns, (outer, arena), (templates, last, *guess)) {
                        Some(found) => found,
                        None => {
                            outer.clear();
                            let mut pass = Pass { slots: outer, inner: None, enveloped: false, arena, guess: *guess };
                            let end = json.members(program, item, 0, &mut pass)?;
                            let mut fields = JsonFields { json, data: item, slots: outer };
                            let read =
                                read_one(program, &mut fields, (Envelope::None, None), receive_time_ns, arena).ok()?;
                            if templates.len() < MAX_TEMPLATES
                                && *lessons < MAX_LESSONS
                                && instrument_of(&read.1).is_some()
                            {
                                *lessons += 1;
                                templates.extend(Template::learn(program, read.0, &item[..end], false));
                            }
                            (read, end)
                        }
                    };
                at = space(raw, at + end);
                *guess = instrument_of(&read.1).unwrap_or(*guess);
                batch.push(read);
                match *raw.get(at)? {
                    b',' => at = space(raw, at + 1),
                    b']' => return (space(raw, at + 1) == raw.len()).then_some(()),
                    _ => return None,
                }
            }
        }
        let msgpack = msgpack.as_ref()?;
        let (count, mut at) = msgpack::batch(raw, 0)?;
        for _ in 0..count {
            outer.clear();
            let mut pass = Pass { slots: outer, inner: None, enveloped: false, arena, guess: *guess };
            at = msgpack.members(program, raw, at, &mut pass)?;
            let mut fields = MsgpackFields { data: raw, slots: outer };
            let read = read_one(program, &mut fields, (Envelope::None, None), receive_time_ns, arena).ok()?;
            *guess = instrument_of(&read.1).unwrap_or(*guess);
            batch.push(read);
        }
        (at == raw.len()).then_some(())
    }

    #[cold]
    pub(super) fn slow_batch(&mut self, raw: &[u8], receive_time_ns: i64) -> Result<(), Fault> {
        let value = self.decoded(raw)?;
        let Decoder { program, scratch, batch, .. } = self;
        let Is::Array(items) = &value.is else {
            return Err(value.fault("must be an array of messages"));
        };
        if let Some(item) = items.iter().find(|item| !matches!(item.is, Is::Object(_))) {
            return Err(item.fault("must be an array of objects"));
        }
        for item in items {
            let mut fields = Decoded(item);
            batch.push(read_one(program, &mut fields, (Envelope::None, None), receive_time_ns, &mut scratch.arena)?);
        }
        Ok(())
    }
}
