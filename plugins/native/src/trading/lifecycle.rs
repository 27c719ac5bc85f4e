//! The lifecycle of an order as a table: what each event leads to in each state. The twin is `mainspring.orders.lifecycle`.
//!
//! The compiler builds the table, and refuses it if two rows speak of the same case, or none of a report in some state.

#![forbid(unsafe_code)]

use crate::trading::discrepancy::{ACKNOWLEDGED_TWICE, AFTER_END, NEVER_SENT, UNACKNOWLEDGED, UNREQUESTED};

/// The state of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the states are those of `mainspring.orders.OrderState`")]
pub enum OrderState {
    Created,
    Approved,
    InFlight,
    Accepted,
    PartiallyFilled,
    Filled,
    CancelPending,
    ReplacePending,
    Cancelled,
    Rejected,
    Expired,
    Unknown,
}

use OrderState as S;

impl OrderState {
    /// Every state, in the order of their numbers.
    pub const ALL: [OrderState; 12] = [
        S::Created,
        S::Approved,
        S::InFlight,
        S::Accepted,
        S::PartiallyFilled,
        S::Filled,
        S::CancelPending,
        S::ReplacePending,
        S::Cancelled,
        S::Rejected,
        S::Expired,
        S::Unknown,
    ];

    /// Its name, as Python has it.
    pub fn name(self) -> &'static str {
        match self {
            S::Created => "created",
            S::Approved => "approved",
            S::InFlight => "in-flight",
            S::Accepted => "accepted",
            S::PartiallyFilled => "partially-filled",
            S::Filled => "filled",
            S::CancelPending => "cancel-pending",
            S::ReplacePending => "replace-pending",
            S::Cancelled => "cancelled",
            S::Rejected => "rejected",
            S::Expired => "expired",
            S::Unknown => "unknown",
        }
    }

    /// Whether it is final.
    #[inline]
    pub fn is_ended(self) -> bool {
        ENDED >> self as u16 & 1 == 1
    }
}

/// What can happen to an order: first what we do, then what the venue reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the events are those of `mainspring.orders.LifecycleEvent`")]
pub enum LifecycleEvent {
    Approve,
    Send,
    RequestCancel,
    RequestReplace,
    LoseContact,
    Accepted,
    Rejected,
    Fill,
    LastFill,
    Cancelled,
    Expired,
    Replaced,
    UnrequestedReplaced,
    RequestRejected,
    UnrequestedRejected,
}

use LifecycleEvent as E;

impl LifecycleEvent {
    /// Its name, in words.
    pub fn name(self) -> &'static str {
        match self {
            E::Approve => "approve",
            E::Send => "send",
            E::RequestCancel => "request cancel",
            E::RequestReplace => "request replace",
            E::LoseContact => "lose contact",
            E::Accepted => "accepted",
            E::Rejected => "rejected",
            E::Fill => "fill",
            E::LastFill => "last fill",
            E::Cancelled => "cancelled",
            E::Expired => "expired",
            E::Replaced => "replaced",
            E::UnrequestedReplaced => "unrequested replaced",
            E::RequestRejected => "request rejected",
            E::UnrequestedRejected => "unrequested rejected",
        }
    }
}

/// Where an event leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To this state.
    State(OrderState),
    /// Nowhere.
    Same,
    /// To what follows from what the order knows: see `mainspring.orders.lifecycle.Transition`.
    Working,
}

use Next::{Same, State, Working};

/// Where an event leads, and as what discrepancy it is recorded; an empty one is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where it leads.
    pub next: Next,
    /// What it is recorded as.
    pub discrepancy: &'static str,
}

const STATES: usize = OrderState::ALL.len();
const EVENTS: usize = LifecycleEvent::UnrequestedRejected as usize + 1;

// Sets of states, a bit for each.
const CREATED: u16 = 1 << S::Created as u16;
const APPROVED: u16 = 1 << S::Approved as u16;
const UNSENT: u16 = CREATED | APPROVED;
const FLYING: u16 = 1 << S::InFlight as u16;
const LIVE: u16 = 1 << S::Accepted as u16
    | 1 << S::PartiallyFilled as u16
    | 1 << S::CancelPending as u16
    | 1 << S::ReplacePending as u16;
const LOST: u16 = 1 << S::Unknown as u16;
const ENDED: u16 = 1 << S::Filled as u16 | 1 << S::Cancelled as u16 | 1 << S::Rejected as u16 | 1 << S::Expired as u16;

#[rustfmt::skip]
const ROWS: [(LifecycleEvent, u16, Next, &str); 43] = [
    // event                 in these states        next state           recorded as
    (E::Approve,             CREATED,               State(S::Approved),  ""),
    (E::Send,                APPROVED,              State(S::InFlight),  ""),
    (E::RequestCancel,       FLYING | LIVE,         Working,             ""),
    (E::RequestCancel,       LOST | APPROVED,       Same,                ""),
    (E::RequestReplace,      FLYING | LIVE,         Working,             ""),
    (E::RequestReplace,      LOST | APPROVED,       Same,                ""),
    (E::LoseContact,         FLYING | LIVE | LOST,  State(S::Unknown),   ""),

    (E::Accepted,            FLYING | LOST,         Working,             ""),
    (E::Accepted,            LIVE,                  Same,                ACKNOWLEDGED_TWICE),
    (E::Accepted,            UNSENT,                Same,                NEVER_SENT),
    (E::Accepted,            ENDED,                 Same,                AFTER_END),

    (E::Rejected,            FLYING | LOST,         State(S::Rejected),  ""),
    (E::Rejected,            LIVE,                  State(S::Unknown),   ACKNOWLEDGED_TWICE),
    (E::Rejected,            UNSENT,                Same,                NEVER_SENT),
    (E::Rejected,            ENDED,                 Same,                AFTER_END),

    (E::Fill,                LIVE | LOST,           Working,             ""),
    (E::Fill,                FLYING,                Working,             UNACKNOWLEDGED),
    (E::Fill,                UNSENT,                Same,                NEVER_SENT),
    (E::Fill,                ENDED,                 Same,                AFTER_END),

    (E::LastFill,            LIVE | LOST,           State(S::Filled),    ""),
    (E::LastFill,            FLYING,                State(S::Filled),    UNACKNOWLEDGED),
    (E::LastFill,            UNSENT,                Same,                NEVER_SENT),
    (E::LastFill,            ENDED,                 Same,                AFTER_END),

    (E::Cancelled,           LIVE | LOST,           State(S::Cancelled), ""),
    (E::Cancelled,           FLYING,                State(S::Cancelled), UNACKNOWLEDGED),
    (E::Cancelled,           UNSENT,                Same,                NEVER_SENT),
    (E::Cancelled,           ENDED,                 Same,                AFTER_END),

    (E::Expired,             LIVE | LOST,           State(S::Expired),   ""),
    (E::Expired,             FLYING,                State(S::Expired),   UNACKNOWLEDGED),
    (E::Expired,             UNSENT,                Same,                NEVER_SENT),
    (E::Expired,             ENDED,                 Same,                AFTER_END),

    (E::Replaced,            LIVE | LOST,           Working,             ""),
    (E::Replaced,            FLYING,                Working,             UNACKNOWLEDGED),
    (E::Replaced,            UNSENT,                Same,                NEVER_SENT),
    (E::Replaced,            ENDED,                 Same,                AFTER_END),

    (E::UnrequestedReplaced, FLYING | LIVE | LOST,  Working,             UNREQUESTED),
    (E::UnrequestedReplaced, UNSENT,                Same,                NEVER_SENT),
    (E::UnrequestedReplaced, ENDED,                 Same,                AFTER_END),

    (E::RequestRejected,     FLYING | LIVE | LOST,  Working,             ""),
    (E::RequestRejected,     ENDED,                 Same,                ""),
    (E::RequestRejected,     UNSENT,                Same,                NEVER_SENT),

    (E::UnrequestedRejected, FLYING | LIVE | LOST | ENDED, Same,         UNREQUESTED),
    (E::UnrequestedRejected, UNSENT,                Same,                NEVER_SENT),
];

/// The transition of each event in each state. What we may not do in a state has none.
static LIFECYCLE: [[Option<Transition>; STATES]; EVENTS] = table();

const fn table() -> [[Option<Transition>; STATES]; EVENTS] {
    let mut table = [[None; STATES]; EVENTS];
    let mut row = 0;
    while row < ROWS.len() {
        let (event, states, next, discrepancy) = ROWS[row];
        let mut state = 0;
        while state < STATES {
            if states >> state & 1 == 1 {
                assert!(table[event as usize][state].is_none(), "two rows for an event in a state");
                table[event as usize][state] = Some(Transition { next, discrepancy });
            }
            state += 1;
        }
        row += 1;
    }
    table
}

/// The state of an order that we have approved.
pub const ONCE_APPROVED: OrderState = after(S::Created, E::Approve);
/// The state of one that we then have sent.
pub const ONCE_SENT: OrderState = after(ONCE_APPROVED, E::Send);

const fn after(state: OrderState, event: LifecycleEvent) -> OrderState {
    match table()[event as usize][state as usize] {
        Some(Transition { next: State(next), .. }) => next,
        _ => panic!("the event leads to no state of its own"),
    }
}

/// The transition of an event; `None` if it is one of ours that the state doesn't allow.
#[inline]
pub fn transition(event: LifecycleEvent, state: OrderState) -> Option<Transition> {
    LIFECYCLE[event as usize][state as usize]
}

/// The transitions of a report of the venue, by state: there is one in every state.
#[derive(Clone, Copy, Debug)]
pub struct Report([Transition; STATES]);

impl Report {
    /// Those of this event. What we do isn't a report, and doesn't compile in a constant.
    pub const fn of(event: LifecycleEvent) -> Report {
        let row = table()[event as usize];
        let mut transitions = [Transition { next: Same, discrepancy: "" }; STATES];
        let mut state = 0;
        while state < STATES {
            transitions[state] = match row[state] {
                Some(transition) => transition,
                None => panic!("a report needs a transition in every state"),
            };
            state += 1;
        }
        Report(transitions)
    }

    /// The one in a state.
    #[inline]
    pub fn in_state(&self, state: OrderState) -> Transition {
        self.0[state as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The matrix of tests/orders/test_lifecycle.py, which explains its signs.
    const COLUMNS: [OrderState; 12] = [
        S::Created,
        S::Approved,
        S::InFlight,
        S::Accepted,
        S::PartiallyFilled,
        S::CancelPending,
        S::ReplacePending,
        S::Unknown,
        S::Filled,
        S::Cancelled,
        S::Rejected,
        S::Expired,
    ];
    const MATRIX: [(LifecycleEvent, &str); EVENTS] = [
        (E::Approve, "A  -  -  -  -  -  -  -   -  -  -  -"),
        (E::Send, "-  I  -  -  -  -  -  -   -  -  -  -"),
        (E::RequestCancel, "-  .  w  w  w  w  w  .   -  -  -  -"),
        (E::RequestReplace, "-  .  w  w  w  w  w  .   -  -  -  -"),
        (E::LoseContact, "-  -  U  U  U  U  U  U   -  -  -  -"),
        (E::Accepted, ".n .n w  .t .t .t .t w   .e .e .e .e"),
        (E::Rejected, ".n .n R  Ut Ut Ut Ut R   .e .e .e .e"),
        (E::Fill, ".n .n wu w  w  w  w  w   .e .e .e .e"),
        (E::LastFill, ".n .n Fu F  F  F  F  F   .e .e .e .e"),
        (E::Cancelled, ".n .n Cu C  C  C  C  C   .e .e .e .e"),
        (E::Expired, ".n .n Xu X  X  X  X  X   .e .e .e .e"),
        (E::Replaced, ".n .n wu w  w  w  w  w   .e .e .e .e"),
        (E::UnrequestedReplaced, ".n .n wq wq wq wq wq wq  .e .e .e .e"),
        (E::RequestRejected, ".n .n w  w  w  w  w  w   .  .  .  ."),
        (E::UnrequestedRejected, ".n .n .q .q .q .q .q .q  .q .q .q .q"),
    ];

    fn meaning(cell: &str) -> Option<Transition> {
        let (sign, code) = cell.split_at(1);
        let next = match sign {
            "-" => return None,
            "." => Same,
            "w" => Working,
            "A" => State(S::Approved),
            "I" => State(S::InFlight),
            "U" => State(S::Unknown),
            "R" => State(S::Rejected),
            "F" => State(S::Filled),
            "C" => State(S::Cancelled),
            "X" => State(S::Expired),
            other => panic!("{other} is no sign"),
        };
        let discrepancy = match code {
            "" => "",
            "n" => NEVER_SENT,
            "u" => UNACKNOWLEDGED,
            "t" => ACKNOWLEDGED_TWICE,
            "q" => UNREQUESTED,
            "e" => AFTER_END,
            other => panic!("{other} is no code"),
        };
        Some(Transition { next, discrepancy })
    }

    #[test]
    fn the_table_is_the_whole_matrix() {
        for (number, (event, row)) in MATRIX.into_iter().enumerate() {
            assert_eq!(event as usize, number);
            let cells: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(cells.len(), STATES);
            for (state, cell) in COLUMNS.into_iter().zip(cells) {
                assert_eq!(transition(event, state), meaning(cell), "{event:?} in {state:?}");
            }
        }
    }

    #[test]
    fn an_approved_order_is_in_flight_once_it_is_sent() {
        assert_eq!((ONCE_APPROVED, ONCE_SENT), (S::Approved, S::InFlight));
    }

    #[test]
    fn four_states_are_final_and_nothing_leads_out_of_them() {
        let ended: Vec<&str> = S::ALL.into_iter().filter(|state| state.is_ended()).map(S::name).collect();
        assert_eq!(ended, ["filled", "cancelled", "rejected", "expired"]);
        for (number, state) in S::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, number);
            let stays = |row: &[Option<Transition>; STATES]| row[number].is_none_or(|found| found.next == Same);
            assert!(!state.is_ended() || LIFECYCLE.iter().all(stays), "{state:?}");
        }
    }
}
