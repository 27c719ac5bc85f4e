//! Which declaration a message, or an item of one, is of, and whose it is.

#![forbid(unsafe_code)]

use rustc_hash::FxHashMap;

use crate::exact::Step;
use crate::wire::declared::{Format, Instrument, Message, Symbol};
use crate::wire::symbols::Symbols;
use crate::wire::tree::arena::Arena;
use crate::wire::tree::book::Book;
use crate::wire::tree::condition::Condition;
use crate::wire::tree::control::ControlAt;
use crate::wire::tree::digits::Digits;
use crate::wire::tree::ledger::Ledger;
use crate::wire::tree::node::Kind as Is;
use crate::wire::tree::path::{From, Path, Paths, Scope};
use crate::wire::tree::readers::{Read, Reader};
use crate::wire::tree::symbol::SymbolAt;
use crate::wire::tree::values::fault;
use crate::wire::value::Fault;

/// Whose a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It is about the connection.
    Connection,
    /// An instrument's, by its index.
    Instrument(usize),
    /// Of several instruments, whose venue symbols have one base.
    Instruments(Vec<usize>),
    /// Of an instrument that the session doesn't trade.
    Unknown,
}

#[derive(Clone, Debug)]
struct Kind {
    message: Message,
    each: Option<Path>,
    /// Where each item of that array has an array of messages.
    inner: Option<Path>,
    /// Whether the items are the values of an object, or the items of those that are arrays.
    keyed: bool,
    from_root: Vec<Condition>,
    from_item: Vec<Condition>,
    symbol: Option<SymbolAt>,
    /// The instruments by the base of their venue symbols, where messages name that.
    by_base: FxHashMap<Vec<u8>, Vec<usize>>,
    readers: Vec<Reader>,
    control: Option<ControlAt>,
    /// The numbers of the paths to its symbol and of those that its readers follow.
    paths: Vec<usize>,
}

/// The declarations of a format, compiled.
#[derive(Clone, Debug)]
pub struct Kinds {
    kinds: Vec<Kind>,
    /// In the order in which they are tried: those with a `when` first.
    tried: Vec<usize>,
    by_symbol: Symbols,
    only: Option<usize>,
    /// Whether a message may be of several kinds at once.
    mixed: bool,
    /// All paths of the format.
    paths: Vec<Path>,
    /// The numbers of those that every message is asked for.
    common: Vec<usize>,
}

impl Kinds {
    /// Compiles a format, and makes the books of its instruments where it needs them. The error says what can't be.
    pub fn new(
        format: Format,
        instruments: &[Instrument],
        alone: bool,
        paths: Paths,
    ) -> Result<(Kinds, Vec<Ledger>), String> {
        let needs_ledger = format.messages.iter().any(Book::needs_ledger);
        let form = format.messages.iter().find_map(|message| match message {
            Message::Delta { checksum, .. } | Message::Snapshot { checksum, .. } => checksum.clone(),
            _ => None,
        });
        let mut steps = Vec::new();
        let mut ledgers = Vec::new();
        for declared in instruments {
            let step = |what: &str, text: &str| {
                Step::parse(text).zip(Digits::of(text)).ok_or_else(|| {
                    format!(
                        "{}: the native decoder takes a {what} of at most nine digits, times ten to -18 to 9, not {text}",
                        declared.venue_symbol
                    )
                })
            };
            let (tick, lot) = (step("tick size", &declared.tick_size)?, step("lot size", &declared.lot_size)?);
            steps.push((tick, lot));
            if needs_ledger {
                ledgers.push(Ledger::new(form.clone(), tick.1, lot.1));
            }
        }
        let mut tried: Vec<usize> = (0..format.messages.len()).collect();
        tried.sort_by_key(|&at| format.messages[at].told_by().0.0.is_empty());
        let mut kinds = Vec::new();
        let mut common = paths.take_given();
        for message in format.messages {
            let mut readers = Vec::new();
            let mut by_base: FxHashMap<Vec<u8>, Vec<usize>> = FxHashMap::default();
            for (instrument, (declared, &(tick, lot))) in instruments.iter().zip(&steps).enumerate() {
                let venue_symbol = declared.venue_symbol.as_str();
                let mut own = message.clone();
                if let Some(Symbol::Base { separator, .. }) = message.symbol()
                    && let Some((base, quote)) = venue_symbol.split_once(separator.as_str())
                {
                    own = own.for_quote(quote);
                    by_base.entry(base.as_bytes().to_vec()).or_default().push(instrument);
                }
                readers.push(Reader::new(&own, instrument, (tick, lot), venue_symbol, needs_ledger, &paths)?);
            }
            let symbol = message.symbol().map(|symbol| SymbolAt::new(symbol, &paths));
            let own = paths.take_given();
            kinds.push(Kind { paths: own, symbol, ..Kind::new(message, readers, by_base, &paths) });
            common.extend(paths.take_given());
        }
        let by_symbol = Symbols::new(instruments.iter().map(|declared| declared.venue_symbol.as_str()));
        let only = (instruments.len() == 1 && alone).then_some(0);
        let mixed = format.mixed;
        Ok((Kinds { kinds, tried, by_symbol, only, mixed, paths: paths.into_all(), common }, ledgers))
    }

    /// How many declarations there are.
    pub fn count(&self) -> usize {
        self.kinds.len()
    }

    /// Puts each item of a message and the number of its declaration into `found`; `None` is one that isn't declared.
    pub fn unfold(&self, whole: &Scope<'_>, found: &mut Vec<(Option<usize>, usize)>) {
        found.clear();
        if self.mixed {
            return self.unfold_all(whole, found);
        }
        let mut unclaimed = None;
        for &first in self.tried.iter().filter(|&&at| self.kinds[at].fits_root(whole)) {
            let kind = &self.kinds[first];
            if kind.each.is_none() {
                found.push((Some(first), 0));
                return;
            }
            self.unfold_items(first, whole, found);
            // What is an array of something else may be a message of another kind.
            if found.is_empty() || found.iter().any(|(claimed, _)| claimed.is_some()) {
                return;
            }
            found.clear();
            unclaimed = unclaimed.or(Some(first));
        }
        match unclaimed {
            None => found.push((None, 0)),
            Some(first) => self.kinds[first].for_each_item(whole, |item| found.push((None, item))),
        }
    }

    /// For each array that has items, and for the message itself: what the first kinds that fit find there.
    fn unfold_all(&self, whole: &Scope<'_>, found: &mut Vec<(Option<usize>, usize)>) {
        let mut known: Vec<Option<&str>> = Vec::new();
        for &first in self.tried.iter().filter(|&&at| self.kinds[at].fits_root(whole)) {
            let path = self.kinds[first].message.each();
            if known.contains(&path) {
                continue;
            }
            known.push(path);
            match path {
                None => found.push((Some(first), 0)),
                Some(_) => self.unfold_items(first, whole, found),
            }
        }
        if found.is_empty() {
            found.push((None, 0));
        }
    }

    /// The items of the array that a kind has, each of the first kind that fits.
    fn unfold_items(&self, first: usize, whole: &Scope<'_>, found: &mut Vec<(Option<usize>, usize)>) {
        let kind = &self.kinds[first];
        let path = kind.message.each();
        let fits = |&at: &usize| self.kinds[at].message.each() == path && self.kinds[at].fits_root(whole);
        if kind.from_item.is_empty() && self.tried.iter().filter(|at| fits(at)).count() == 1 {
            return kind.for_each_item(whole, |item| found.push((Some(first), item)));
        }
        let fitting: Vec<usize> = self.tried.iter().copied().filter(fits).collect();
        kind.for_each_item(whole, |item| {
            let scope = Scope { item, row: item, ..*whole };
            found.push((fitting.iter().copied().find(|&at| self.kinds[at].fits_item(&scope)), item));
        });
    }

    /// Where the messages of a declaration stand that are the items of one array.
    pub fn each(&self, at: usize) -> Option<&Path> {
        let kind = &self.kinds[at];
        if kind.inner.is_some() || kind.keyed { None } else { kind.each.as_ref() }
    }

    /// Whether messages of a declaration may be read by patterns: those that are about one instrument.
    pub fn has_patterns(&self, at: usize) -> bool {
        let kind = &self.kinds[at];
        kind.control.is_none() && kind.inner.is_none() && !kind.keyed && !matches!(kind.symbol, Some(SymbolAt::Base(_)))
    }

    /// What reads the messages of a declaration: whose they are makes no difference to where it looks.
    pub fn reader(&self, at: usize) -> Option<&Reader> {
        self.kinds[at].readers.first()
    }

    /// The paths that matter to messages of a declaration: those of its own, and what tells the kinds of messages apart.
    pub fn paths(&self, at: usize) -> impl Iterator<Item = &Path> {
        self.common.iter().chain(&self.kinds[at].paths).map(|&id| &self.paths[id])
    }

    /// The paths that messages of a declaration are read by, other than those that tell the kinds of messages apart.
    pub fn own_paths(&self, at: usize) -> impl Iterator<Item = &Path> {
        self.kinds[at].paths.iter().map(|&id| &self.paths[id])
    }

    /// How many paths the format has.
    pub fn path_count(&self) -> usize {
        self.paths.len()
    }

    /// What tells the kinds of messages apart, and whether it is asked of each item.
    pub fn conditions(&self) -> impl Iterator<Item = (&Condition, bool)> {
        self.kinds.iter().flat_map(|kind| {
            let of_root = kind.from_root.iter().map(|condition| (condition, false));
            of_root.chain(kind.from_item.iter().map(|condition| (condition, true)))
        })
    }

    /// Whose a message of a declaration is.
    pub fn whose(&self, at: usize, scope: &Scope<'_>) -> Result<Whose, Fault> {
        let kind = &self.kinds[at];
        if kind.control.is_some() {
            return Ok(Whose::Connection);
        }
        match (&kind.symbol, self.only) {
            (Some(SymbolAt::Base(base)), _) => {
                Ok(kind.by_base.get(base.read(scope)?).map_or(Whose::Unknown, |all| Whose::Instruments(all.clone())))
            }
            (Some(SymbolAt::Joined { keys, separator, lower }), _) => {
                let mut symbol = Vec::new();
                for (at, key) in keys.iter().enumerate() {
                    symbol.extend_from_slice(if at == 0 { b"" } else { separator.as_bytes() });
                    symbol.extend_from_slice(key.read(scope)?);
                }
                if *lower {
                    symbol.make_ascii_lowercase();
                }
                Ok(self.by_symbol.get(&symbol).map_or(Whose::Unknown, Whose::Instrument))
            }
            (Some(SymbolAt::Text(symbol)), _) => {
                Ok(self.by_symbol.get(symbol.read(scope)?).map_or(Whose::Unknown, Whose::Instrument))
            }
            (None, Some(only)) => Ok(Whose::Instrument(only)),
            (None, None) => Err(fault(scope, None, "the message names no instrument")),
        }
    }

    /// The instrument that a message of a declaration is about, if it is about one.
    #[inline]
    pub fn instrument(&self, at: usize, scope: &Scope<'_>) -> Option<usize> {
        match &self.kinds[at].symbol {
            Some(SymbolAt::Text(symbol)) => self.by_symbol.get(symbol.read(scope).ok()?),
            _ => match self.whose(at, scope) {
                Ok(Whose::Instrument(instrument)) => Some(instrument),
                _ => None,
            },
        }
    }

    /// What a message of a declaration says of an instrument.
    pub fn read(
        &mut self,
        at: usize,
        instrument: usize,
        scope: &Scope<'_>,
        receive_time_ns: i64,
        arena: &mut Arena,
    ) -> Result<Read, Fault> {
        self.kinds[at].readers[instrument].read(scope, receive_time_ns, arena)
    }

    /// What a message about the connection says.
    pub fn control(&self, at: usize, scope: &Scope<'_>, receive_time_ns: i64) -> Result<Read, Fault> {
        let control = self.kinds[at].control.as_ref().expect("it is about the connection");
        control.read(at, scope, receive_time_ns)
    }
}

impl Kind {
    fn new(message: Message, readers: Vec<Reader>, by_base: FxHashMap<Vec<u8>, Vec<usize>>, paths: &Paths) -> Kind {
        let (when, has) = message.told_by();
        let named = when.0.iter().map(|(path, named)| Condition::is(paths.of(path), named));
        let there = has.iter().map(|path| Condition::exists(paths.of(path)));
        let single = message.each().is_none();
        // Without `each` message and item are the same, and all conditions are about the message.
        let (from_root, from_item) =
            named.chain(there).partition(|condition| single || condition.path.from == From::Root);
        let keyed = message.each().is_some_and(|each| each.ends_with(".*"));
        let each = message.each().map(|each| match each.strip_suffix(".*") {
            Some(object) => (object, None),
            None => each.split_once(".*.").map_or((each, None), |(at, inner)| (at, Some(inner))),
        });
        let inner = each.and_then(|(_, inner)| inner).map(|path| paths.of(path));
        Kind {
            by_base,
            each: each.map(|(each, _)| paths.of(each)),
            inner,
            keyed,
            from_root,
            from_item,
            symbol: None,
            readers,
            paths: Vec::new(),
            control: ControlAt::new(&message, paths),
            message,
        }
    }

    #[inline]
    fn fits_root(&self, whole: &Scope<'_>) -> bool {
        self.from_root.iter().all(|condition| condition.fits(whole))
            && self.each.as_ref().is_none_or(|each| each.find(whole).is_some_and(|at| self.has_items(whole, at)))
    }

    /// Whether there is an array, and where items have arrays of their own, whether each has one.
    #[inline]
    fn has_items(&self, whole: &Scope<'_>, at: usize) -> bool {
        let message = whole.message;
        if self.keyed {
            let composed = |at: usize| matches!(message.node(at).kind, Is::Array | Is::Object);
            return message.members(at).is_some_and(|members| {
                members.iter().all(|&(_, value)| match message.node(value).kind {
                    Is::Array => message.items(value).all(composed),
                    _ => composed(value),
                })
            });
        }
        message.node(at).kind == Is::Array
            && self.inner.as_ref().is_none_or(|inner| {
                message.items(at).all(|item| {
                    let found = inner.find(&Scope { item, row: item, ..*whole });
                    found.is_some_and(|at| message.node(at).kind == Is::Array)
                })
            })
    }

    /// Calls `take` with each item of the message.
    fn for_each_item(&self, whole: &Scope<'_>, mut take: impl FnMut(usize)) {
        let message = whole.message;
        let Some(at) = self.each.as_ref().and_then(|each| each.find(whole)) else { return };
        if self.keyed {
            for (_, value) in message.members(at).unwrap_or_default() {
                if message.node(value).kind == Is::Array {
                    message.items(value).for_each(&mut take);
                } else {
                    take(value);
                }
            }
            return;
        }
        message.items(at).flat_map(|item| inner_items(whole, item, self.inner.as_ref())).for_each(take);
    }

    #[inline]
    fn fits_item(&self, scope: &Scope<'_>) -> bool {
        self.from_item.iter().all(|condition| condition.fits(scope))
    }
}

/// The item, or the items of the array that it has under a path.
fn inner_items<'a>(whole: &Scope<'a>, item: usize, inner: Option<&Path>) -> impl Iterator<Item = usize> + 'a {
    let array = inner.and_then(|inner| inner.find(&Scope { item, row: item, ..*whole }));
    let message = whole.message;
    let own = array.is_none().then_some(item);
    own.into_iter().chain(array.into_iter().flat_map(move |array| message.items(array)))
}
