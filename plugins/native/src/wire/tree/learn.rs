//! Learns how a message is written, from its tape: see `pattern`.

#![forbid(unsafe_code)]

use crate::wire::simd::clean;
use crate::wire::tree::kinds::Kinds;
use crate::wire::tree::node::{Kind, Message, Node};
use crate::wire::tree::path::{From, NOWHERE, Path, Places, Scope};
use crate::wire::tree::pattern::{Asked, Items, Pattern};
use crate::wire::tree::shape::{SHORT_NUMBER, Shape, ShapeBuilder, What};

/// The pattern of a message that was read as one item, with the number of its declaration. `None` where it is written
/// in a way that no pattern has. `strict` says of which declarations the texts that nothing reads are taken to be the same in all
/// messages: most are.
pub fn learn(
    message: Message<'_>,
    found: &[(Option<usize>, usize)],
    kinds: &Kinds,
    strict: impl Fn(usize) -> bool,
) -> Option<Pattern> {
    // Of several items one may decide what all are.
    let &[(Some(kind), item)] = found else { return None };
    if !kinds.has_patterns(kind) || !clean(message.raw) {
        return None;
    }
    let whole = Scope { message, item: 0, row: 0 };
    let each = kinds.each(kind).map(|each| each.follow(&whole)).unwrap_or_default();
    let mut learner = Learner {
        message,
        kind,
        strict: strict(kind),
        kinds,
        whole,
        first: Scope { item, row: item, ..whole },
        each,
        rows: Vec::new(),
        nodes: vec![0],
        item_nodes: if each.is_some() { vec![item] } else { Vec::new() },
        own: Vec::new(),
        asked: Vec::new(),
        deciding: Vec::new(),
    };
    let reader = kinds.reader(kind)?;
    let array = |path: &Path| path.follow(&learner.first).filter(|&at| message.node(at).kind == Kind::Array);
    // How many codes a print has differs from print to print.
    if reader.codes().any(|path| array(path).is_some()) {
        return None;
    }
    learner.rows = reader.rows_as_bytes()?.into_iter().filter_map(array).collect();
    learner.pattern()
}

struct Learner<'a> {
    message: Message<'a>,
    kind: usize,
    strict: bool,
    kinds: &'a Kinds,
    whole: Scope<'a>,
    /// The first item, or the whole message.
    first: Scope<'a>,
    /// The array whose items are the messages.
    each: Option<usize>,
    /// The arrays of rows that aren't taken down.
    rows: Vec<usize>,
    /// The nodes of the tape that become nodes of the pattern, and those of each item.
    nodes: Vec<usize>,
    item_nodes: Vec<usize>,
    own: Vec<u8>,
    asked: Vec<Asked>,
    /// The texts that tell kinds apart and that nothing else reads: each has few values, and a pattern one of them.
    deciding: Vec<usize>,
}

impl Learner<'_> {
    fn pattern(mut self) -> Option<Pattern> {
        let places = self.places()?;
        self.decide();
        let count = self.counted().then_some(1);
        self.ask();
        let (head, tail) = match self.each {
            None => (self.shape_of_all()?, None),
            Some(each) => {
                let (head, shape, tail) = self.shapes_of_items(each)?;
                (head, Some((shape, tail)))
            }
        };
        // What a text has to begin with is compared where it stands.
        self.asked.retain(|asked| !asked.met || asked.condition.beginning().is_none());
        let nodes = self.made(&self.nodes.clone());
        let item_nodes = self.made(&self.item_nodes.clone());
        let items = tail.map(|(shape, tail)| Items { shape, nodes: item_nodes, tail, count });
        Some(Pattern { kind: self.kind, head, nodes, own: self.own, items, places, asked: self.asked })
    }

    fn is_of_items(&self, at: usize) -> bool {
        self.each.is_some_and(|each| at > each && at < self.message.node(each).next as usize)
    }

    fn is_of_first(&self, at: usize) -> bool {
        let item = self.first.item;
        at >= item && at < self.message.node(item).next as usize
    }

    /// Where each path leads. `None` if one leads to what isn't taken down, or into another item than the first.
    fn places(&mut self) -> Option<Places> {
        let nowhere = vec![NOWHERE; self.kinds.path_count()];
        let mut places = Places { from_root: nowhere.clone(), from_item: nowhere };
        for path in self.kinds.paths(self.kind) {
            let (mut from_root, mut from_item) = (NOWHERE, NOWHERE);
            if path.from != From::Row {
                if self.rows.iter().any(|&rows| self.leads_through(path, rows)) {
                    return None;
                }
                if let Some(at) = path.follow(&self.whole) {
                    from_root = self.place(at)?;
                }
                if self.each.is_some()
                    && path.from == From::Item
                    && let Some(at) = path.follow(&self.first)
                {
                    from_item = position(&mut self.item_nodes, at);
                }
            }
            places.from_root[path.id] = from_root;
            places.from_item[path.id] = from_item;
        }
        // What lies within the first item comes behind all other nodes.
        let count = self.nodes.len() as u32;
        for place in &mut places.from_root {
            if *place != NOWHERE && *place & WITHIN_ITEM != 0 {
                *place = (*place ^ WITHIN_ITEM) + count;
            }
        }
        Some(places)
    }

    fn place(&mut self, at: usize) -> Option<u32> {
        if !self.is_of_items(at) {
            return Some(position(&mut self.nodes, at));
        }
        self.is_of_first(at).then(|| position(&mut self.item_nodes, at) | WITHIN_ITEM)
    }

    fn leads_through(&self, path: &Path, node: usize) -> bool {
        path.leads_through(&self.whole, node) || path.leads_through(&self.first, node)
    }

    /// Whether paths from the whole message lead to single items.
    fn counted(&self) -> bool {
        let mut paths = self.kinds.paths(self.kind).filter(|path| path.from != From::Row);
        self.each.is_some_and(|each| paths.any(|path| path.leads_through(&self.whole, each)))
    }

    /// Finds the texts that a condition names and that the declaration has no other use for.
    fn decide(&mut self) {
        let leads = |path: &Path| [path.follow(&self.whole), path.follow(&self.first)].into_iter().flatten();
        let read: Vec<usize> = self.kinds.own_paths(self.kind).flat_map(leads).collect();
        let exact = self.kinds.conditions().filter(|(condition, _)| condition.is_exact());
        let told = exact.flat_map(|(condition, _)| leads(&condition.path));
        self.deciding = told.filter(|at| self.message.node(*at).kind == Kind::Text && !read.contains(at)).collect();
    }

    /// With what a text has to begin, by a condition that it meets: how many bytes.
    fn begins(&self, at: usize) -> usize {
        let of_it = self.asked.iter().filter(|asked| {
            let scope = if asked.of_item { &self.first } else { &self.whole };
            asked.met && asked.condition.path.follow(scope) == Some(at)
        });
        of_it.filter_map(|asked| asked.condition.beginning()).max().unwrap_or_default()
    }

    /// Takes down what has to be asked again of values that differ.
    fn ask(&mut self) {
        for (condition, of_item) in self.kinds.conditions() {
            let of_item = of_item && self.each.is_some();
            let scope = if of_item { &self.first } else { &self.whole };
            // What a pattern has a place for is there in all of its messages.
            let differs =
                !condition.is_existence() && condition.path.follow(scope).is_some_and(|at| self.what(at).is_some());
            let known = |asked: &Asked| asked.of_item == of_item && asked.condition.equals(condition);
            if differs && !self.asked.iter().any(known) {
                let met = condition.fits(scope);
                self.asked.push(Asked { condition: condition.clone(), of_item, met });
            }
        }
        let place = |asked: &Asked| asked.condition.path.follow(if asked.of_item { &self.first } else { &self.whole });
        let implied = |asked: &Asked| {
            let excludes = |met: &Asked| place(met) == place(asked) && met.condition.excludes(&asked.condition);
            !asked.met && self.asked.iter().any(|met| met.met && excludes(met))
        };
        self.asked = self.asked.iter().filter(|asked| !implied(asked)).cloned().collect();
    }

    /// What stands at a node in other messages; `None` where it is the same in all.
    fn what(&self, at: usize) -> Option<What> {
        let what = match self.message.node(at).kind {
            Kind::Text => What::Text,
            Kind::Integer | Kind::Float => What::Number,
            Kind::True | Kind::False => What::Flag,
            Kind::Array if self.rows.contains(&at) => return Some(What::Rows),
            _ => return None,
        };
        let unread = what == What::Text && !self.nodes.contains(&at) && !self.item_nodes.contains(&at);
        if self.deciding.contains(&at) || (self.strict && unread) {
            return None;
        }
        let told = self.kinds.conditions().any(|(condition, _)| {
            let is = |scope| condition.path.follow(scope) == Some(at) && condition.fits(scope);
            condition.is_exact() && (is(&self.whole) || is(&self.first))
        });
        (!told).then_some(what)
    }

    fn shape_of_all(&self) -> Option<Shape> {
        let mut builder = ShapeBuilder::new(self.message.raw, 0);
        self.add(&mut builder, 0)?;
        Some(builder.end(self.message.raw.trim_ascii_end().len(), 0))
    }

    /// How the message is written before its items, how an item is, and how the message is behind them.
    fn shapes_of_items(&self, each: usize) -> Option<(Shape, Shape, Shape)> {
        let message = self.message;
        let first = message.node(self.first.item);
        if !matches!(first.kind, Kind::Array | Kind::Object) {
            return None;
        }
        let mut builder = ShapeBuilder::new(message.raw, 0);
        let end = message.node(each).next as usize;
        self.add_around(&mut builder, 0, each, true)?;
        let head = builder.end(first.start as usize, first.start as usize);
        self.add(&mut builder, self.first.item)?;
        let item = builder.end(first.end as usize, first.end as usize);
        self.add_around(&mut builder, 0, end, false)?;
        Some((head, item, builder.end(message.raw.trim_ascii_end().len(), 0)))
    }

    /// Adds the values that stand before a node, or from it on.
    fn add_around(&self, builder: &mut ShapeBuilder<'_>, at: usize, border: usize, before: bool) -> Option<()> {
        for at in self.values(at) {
            if (at < border) == before && Some(at) != self.each && !self.is_of_items(at) {
                self.add_value(builder, at)?;
            }
        }
        Some(())
    }

    fn add(&self, builder: &mut ShapeBuilder<'_>, at: usize) -> Option<()> {
        self.values(at).into_iter().try_for_each(|at| self.add_value(builder, at))
    }

    /// The values below a node that hold no others that matter.
    fn values(&self, at: usize) -> Vec<usize> {
        if self.rows.contains(&at) {
            return vec![at];
        }
        self.message
            .children(at)
            .map_or_else(|| vec![at], |all| all.into_iter().flat_map(|at| self.values(at)).collect())
    }

    fn add_value(&self, builder: &mut ShapeBuilder<'_>, at: usize) -> Option<()> {
        let Some(what) = self.what(at) else { return Some(()) };
        let node = self.message.node(at);
        let (start, end) = (node.start as usize, node.end as usize);
        let text = &self.message.raw[start..end];
        let long = text.len() > SHORT_NUMBER || text.iter().any(|byte| matches!(byte, b'e' | b'E'));
        if what == What::Number && long {
            return None;
        }
        let nodes = if self.is_of_items(at) { &self.item_nodes } else { &self.nodes };
        let place = nodes.iter().position(|&node| node == at).map_or(NOWHERE, |place| place as u32);
        builder.add(what, place, (start, end), self.begins(at));
        Some(())
    }

    /// The nodes as they are before a message is read: what is the same in all messages stands apart.
    fn made(&mut self, nodes: &[usize]) -> Vec<Node> {
        let made = nodes.iter().map(|&at| {
            let node = *self.message.node(at);
            let start = self.own.len() as u32;
            if self.what(at).is_none() && !matches!(node.kind, Kind::Array | Kind::Object) {
                self.own.extend_from_slice(self.message.text(&node));
                let end = self.own.len() as u32;
                self.own.push(if node.kind == Kind::Text { b'"' } else { b',' });
                return Node { own: true, start, end, ..node };
            }
            Node { own: false, start: 0, end: 0, ..node }
        });
        made.collect()
    }
}

/// Marks the place of a node within the first item.
const WITHIN_ITEM: u32 = 1 << 31;

/// The place of a node, which is added if it isn't there yet.
fn position(nodes: &mut Vec<usize>, at: usize) -> u32 {
    let place = nodes.iter().position(|&node| node == at).unwrap_or_else(|| {
        nodes.push(at);
        nodes.len() - 1
    });
    place as u32
}
