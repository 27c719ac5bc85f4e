//! Which declaration a message, or an item of one, is of, and whose it is.

#![forbid(unsafe_code)]

use rustc_hash::FxHashMap;

use crate::book::Level;
use crate::exact::Step;
use crate::wire::declared::{Format, Instrument, Message, Symbol, Text};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::ledger::Ledger;
use crate::wire::tree::path::{From, Path, Scope};
use crate::wire::tree::readers::{Book, Read, Reader, read_control};
use crate::wire::tree::tape::Kind as Is;
use crate::wire::tree::values::{TextAt, fault, is_named};
use crate::wire::value::Fault;
use crate::wire::wanted::Wanted;

/// Whose a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// It is about the connection.
    Connection,
    /// An instrument's, by its index.
    Instrument(usize),
    /// Of several instruments, whose venue symbols have one base.
    Instruments(&'a [usize]),
    /// Of an instrument that the session doesn't trade.
    Unknown,
}

#[derive(Clone, Debug)]
struct Test {
    path: Path,
    /// `None`: anything.
    wanted: Option<Wanted>,
}

/// Where a message says whose it is.
#[derive(Clone, Debug)]
enum SymbolAt {
    Text(TextAt),
    Joined { keys: Vec<TextAt>, separator: String, lower: bool },
    Base(TextAt),
}

impl SymbolAt {
    fn new(symbol: &Symbol) -> SymbolAt {
        let text = |key: &String, after: &str, until: &str| {
            TextAt::new(&Text { key: key.clone(), optional: false, after: after.to_owned(), until: until.to_owned() })
        };
        match symbol {
            Symbol::Text(field) => SymbolAt::Text(TextAt::new(field)),
            Symbol::Base { key, after, until, .. } => SymbolAt::Base(text(key, after, until)),
            Symbol::Joined { keys, separator, lower } => SymbolAt::Joined {
                keys: keys.iter().map(|key| text(key, "", "")).collect(),
                separator: separator.clone(),
                lower: *lower,
            },
        }
    }
}

fn symbol_of(message: &Message) -> Option<&Symbol> {
    match message {
        Message::Delta { symbol, .. }
        | Message::Snapshot { symbol, .. }
        | Message::Quote { symbol, .. }
        | Message::Trade { symbol, .. }
        | Message::Correction { symbol, .. }
        | Message::Cancel { symbol, .. }
        | Message::Bar { symbol, .. }
        | Message::Status { symbol, .. }
        | Message::Mark { symbol, .. } => symbol.as_ref(),
        Message::Control { .. } => None,
    }
}

#[derive(Clone, Debug)]
struct Kind {
    message: Message,
    each: Option<Path>,
    /// Where each item of that array has an array of messages.
    inner: Option<Path>,
    from_root: Vec<Test>,
    from_item: Vec<Test>,
    symbol: Option<SymbolAt>,
    /// The instruments by the base of their venue symbols, where messages name that.
    by_base: FxHashMap<Vec<u8>, Vec<usize>>,
    readers: Vec<Reader>,
}

/// The declarations of a format, compiled.
#[derive(Clone, Debug)]
pub struct Kinds {
    kinds: Vec<Kind>,
    /// In the order in which they are tried: those with a `when` first.
    tried: Vec<usize>,
    by_symbol: FxHashMap<Vec<u8>, usize>,
    only: Option<usize>,
}

impl Kinds {
    /// Compiles a format, and makes the books of its instruments where it needs them. The error says what can't be.
    pub fn new(format: Format, instruments: &[Instrument], alone: bool) -> Result<(Kinds, Vec<Ledger>), String> {
        let needs_ledger = format.messages.iter().any(Book::needs_ledger);
        let form = format.messages.iter().find_map(|message| match message {
            Message::Delta { checksum, .. } | Message::Snapshot { checksum, .. } => checksum.clone(),
            _ => None,
        });
        let mut by_symbol = FxHashMap::default();
        let mut steps = Vec::new();
        let mut ledgers = Vec::new();
        for (instrument, declared) in instruments.iter().enumerate() {
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
            by_symbol.insert(declared.venue_symbol.clone().into_bytes(), instrument);
        }
        let mut tried: Vec<usize> = (0..format.messages.len()).collect();
        tried.sort_by_key(|&at| format.messages[at].told_by().0.0.is_empty());
        let mut kinds = Vec::new();
        for message in format.messages {
            let mut readers = Vec::new();
            let mut by_base: FxHashMap<Vec<u8>, Vec<usize>> = FxHashMap::default();
            for (instrument, (declared, &(tick, lot))) in instruments.iter().zip(&steps).enumerate() {
                let venue_symbol = declared.venue_symbol.as_str();
                let mut own = message.clone();
                if let Some(Symbol::Base { separator, .. }) = symbol_of(&message)
                    && let Some((base, quote)) = venue_symbol.split_once(separator.as_str())
                {
                    own = own.for_quote(quote);
                    by_base.entry(base.as_bytes().to_vec()).or_default().push(instrument);
                }
                readers.push(Reader::new(&own, instrument, (tick, lot), venue_symbol, needs_ledger)?);
            }
            kinds.push(Kind::new(message, readers, by_base));
        }
        let only = (instruments.len() == 1 && alone).then_some(0);
        Ok((Kinds { kinds, tried, by_symbol, only }, ledgers))
    }

    /// How many declarations there are.
    pub fn count(&self) -> usize {
        self.kinds.len()
    }

    /// Calls `visit` with each item of a message and its declaration; `None` is one that isn't declared.
    pub fn unfold(
        &self,
        whole: &Scope<'_>,
        mut visit: impl FnMut(Option<usize>, usize) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some(&first) = self.tried.iter().find(|&&at| self.kinds[at].fits_root(whole)) else {
            return visit(None, 0);
        };
        let kind = &self.kinds[first];
        let Some(each) = kind.each.as_ref().and_then(|each| each.find(whole)) else {
            return visit(Some(first), 0);
        };
        let path = kind.message.each();
        let fits = |&at: &usize| self.kinds[at].message.each() == path && self.kinds[at].fits_root(whole);
        let mut fitting: Option<Vec<usize>> = None;
        if kind.from_item.is_empty() && self.tried.iter().filter(|at| fits(at)).count() == 1 {
            for item in whole.message.items(each).flat_map(|item| inner_items(whole, item, kind.inner.as_ref())) {
                visit(Some(first), item)?;
            }
            return Ok(());
        }
        let inner = kind.inner.as_ref();
        for item in whole.message.items(each).flat_map(|item| inner_items(whole, item, inner)) {
            let fitting = fitting.get_or_insert_with(|| self.tried.iter().copied().filter(fits).collect());
            let scope = Scope { item, row: item, ..*whole };
            visit(fitting.iter().copied().find(|&at| self.kinds[at].fits_item(&scope)), item)?;
        }
        Ok(())
    }

    /// Whose a message of a declaration is.
    pub fn whose(&self, at: usize, scope: &Scope<'_>) -> Result<Whose<'_>, Fault> {
        let kind = &self.kinds[at];
        if matches!(kind.message, Message::Control { .. }) {
            return Ok(Whose::Connection);
        }
        match (&kind.symbol, self.only) {
            (Some(SymbolAt::Base(base)), _) => {
                Ok(kind.by_base.get(base.read(scope)?).map_or(Whose::Unknown, |all| Whose::Instruments(all)))
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
                Ok(self.by_symbol.get(&symbol).map_or(Whose::Unknown, |&at| Whose::Instrument(at)))
            }
            (Some(SymbolAt::Text(symbol)), _) => {
                Ok(self.by_symbol.get(symbol.read(scope)?).map_or(Whose::Unknown, |&at| Whose::Instrument(at)))
            }
            (None, Some(only)) => Ok(Whose::Instrument(only)),
            (None, None) => Err(fault(scope, None, "the message names no instrument")),
        }
    }

    /// What a message of a declaration says of an instrument.
    pub fn read(
        &self,
        at: usize,
        instrument: usize,
        scope: &Scope<'_>,
        receive_time_ns: i64,
        arena: &mut Vec<Level>,
    ) -> Result<Read, Fault> {
        self.kinds[at].readers[instrument].read(scope, receive_time_ns, arena)
    }

    /// What a message about the connection says.
    pub fn control(&self, at: usize, scope: &Scope<'_>, receive_time_ns: i64) -> Result<Read, Fault> {
        read_control(&self.kinds[at].message, at, scope, receive_time_ns)
    }
}

impl Kind {
    fn new(message: Message, readers: Vec<Reader>, by_base: FxHashMap<Vec<u8>, Vec<usize>>) -> Kind {
        let (when, has) = message.told_by();
        let named = when.0.iter().map(|(path, named)| Test { path: Path::new(path), wanted: Some(Wanted::new(named)) });
        let there = has.iter().map(|path| Test { path: Path::new(path), wanted: None });
        let single = message.each().is_none();
        // Without `each` message and item are the same, and all tests are about the message.
        let (from_root, from_item) = named.chain(there).partition(|test| single || test.path.from == From::Root);
        let symbol = symbol_of(&message).map(SymbolAt::new);
        let each =
            message.each().map(|each| each.split_once(".*.").map_or((each, None), |(at, inner)| (at, Some(inner))));
        let inner = each.and_then(|(_, inner)| inner).map(Path::new);
        Kind {
            by_base,
            each: each.map(|(each, _)| Path::new(each)),
            inner,
            from_root,
            from_item,
            symbol,
            readers,
            message,
        }
    }

    #[inline]
    fn fits_root(&self, whole: &Scope<'_>) -> bool {
        self.from_root.iter().all(|test| test.fits(whole))
            && self.each.as_ref().is_none_or(|each| each.find(whole).is_some_and(|at| self.has_items(whole, at)))
    }

    /// Whether there is an array, and where items have arrays of their own, whether each has one.
    #[inline]
    fn has_items(&self, whole: &Scope<'_>, at: usize) -> bool {
        let message = whole.message;
        message.node(at).kind == Is::Array
            && self.inner.as_ref().is_none_or(|inner| {
                message.items(at).all(|item| {
                    let found = inner.find(&Scope { item, row: item, ..*whole });
                    found.is_some_and(|at| message.node(at).kind == Is::Array)
                })
            })
    }

    #[inline]
    fn fits_item(&self, scope: &Scope<'_>) -> bool {
        self.from_item.iter().all(|test| test.fits(scope))
    }
}

/// The item, or the items of the array that it has under a path.
fn inner_items<'a>(whole: &Scope<'a>, item: usize, inner: Option<&Path>) -> impl Iterator<Item = usize> + 'a {
    let array = inner.and_then(|inner| inner.find(&Scope { item, row: item, ..*whole }));
    let message = whole.message;
    let own = array.is_none().then_some(item);
    own.into_iter().chain(array.into_iter().flat_map(move |array| message.items(array)))
}

impl Test {
    #[inline]
    fn fits(&self, scope: &Scope<'_>) -> bool {
        let Some(at) = self.path.find(scope) else { return false };
        let node = scope.message.node(at);
        match &self.wanted {
            None => true,
            Some(Wanted::Named(named)) => is_named(scope, node, named),
            Some(wanted) => node.kind == Is::Text && wanted.fits(scope.message.text(node)),
        }
    }
}
