//! What the fuzz targets reach and nobody else: no part of the API, behind a feature of its own. A sandbox that begins with a file
//! also listens on a port, which takes too long for a fuzzer.

use std::io;
use std::path::Path;

use crate::assumptions::Assumptions;
use crate::seed::{FaultFile, Seed};
use crate::state::State;
use crate::state::tenant::TenantState;

/// Begins with a seed file with this name and this text.
///
/// # Errors
/// It cannot be read, or says what cannot be.
pub fn seed_file(name: &str, text: &str) -> io::Result<()> {
    let path = Path::new(name);
    let seed = Seed::parse(text, path)?;
    let mut assumptions = Assumptions::default();
    seed.assume(&mut assumptions, path)?;
    let mut state = State::new(assumptions);
    let first = state.add_tenant(TenantState::new("local".to_owned(), "key"));
    seed.plant(&mut state, first, path)
}

/// Reads a fault file with this name and this text: how many rules it has.
///
/// # Errors
/// It cannot be read, or says what cannot be.
pub fn fault_file(name: &str, text: &str) -> io::Result<usize> {
    FaultFile::parse(text, Path::new(name)).map(|rules| rules.len())
}
