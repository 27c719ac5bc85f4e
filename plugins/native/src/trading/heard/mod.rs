//! What risk checks have counted of what was sent and reported. The twins are the classes of the same methods next to the checks, in
//! `mainspring_plugins.risk`, which explain the rules.

mod cancels;
mod changes;
mod executions;
mod losses;
mod rates;
mod sent;

pub use cancels::CancelCounts;
pub use changes::ChangesUnderWay;
pub use executions::{ExecutionCounts, Stop};
pub use losses::{Heard, LossMarks, quanta};
pub use rates::RateCounts;
pub use sent::{Key, SentOrders};
