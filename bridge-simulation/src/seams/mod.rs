//! What the engines are given instead of the world: the network, the clock and the journal.

pub mod clock;
pub mod journal;
pub mod network;
