//! Calls: rooms with a state.
//!
//! Pure, each change in a file of its own: [`call`] with `ring`, `answer`, `end`, `glare` and `held`.
//! Around that, one file per command: what has to be known is asked of the store first, then the
//! change is made by compare-and-set ([`step`]), then it is told. Of two answers that compete one
//! wins, whoever owns the partition. `pair`: calls without names, of two who were matched.

mod answer;
mod call;
mod commands;
mod end;
mod glare;
mod held;
mod initiate;
mod join;
mod pair;
mod plan;
#[cfg(test)]
mod properties;
mod record;
mod ring;
mod signal;
mod step;
mod view;

pub(crate) use step::deadline_call;
