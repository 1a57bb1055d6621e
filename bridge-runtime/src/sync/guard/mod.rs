//! How much one sync may take away before a person has to look.
//!
//! [`Limits`] say how much of a type that is, and `reasons` measures what a scan would take away against them. Neither
//! reads anything or asks anybody: the same numbers give the same verdict.

mod limits;
mod links;
mod patch;
mod verdict;

pub use limits::{Limits, LimitsProblem};
pub(crate) use links::{link_reasons, member_reasons};
pub use patch::LimitsPatch;
pub(crate) use verdict::reasons;

#[cfg(test)]
mod grid;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod table;
