//! Ids in another spelling: of other case, with blanks around them, in another normal form (question P7).
//!
//! Iden may name an account in another spelling than it was pushed in, if it does not tell the two apart. What a task does
//! is then written down for the account as it is known. And a system may spell an id in a new way from one sync to the
//! next: one account leaves and one comes, and both may be the same person.

use rusqlite::Transaction;

use super::fault::Result;
use crate::{journal::folded, planted::Bug};

/// The id that this record is known by: the same text, or else one that is equal but for case, blanks around it and normal
/// form; `id` itself if none is known.
///
/// Only a spelling that is not known reads the ids of the type. An index would cost a write for each record.
pub(super) fn known_id(tx: &Transaction<'_>, type_: i64, id: &str) -> Result<String> {
    let mut known = tx.prepare_cached("SELECT 1 FROM known WHERE type = ?1 AND id = ?2")?;
    if known.exists((type_, id))? || Bug::SpellingCounts.is_planted() {
        return Ok(id.to_owned());
    }
    let wanted = folded(id);
    let mut ids = tx.prepare_cached("SELECT id FROM known WHERE type = ?1")?;
    let mut ids = ids.query([type_])?;
    while let Some(row) = ids.next()? {
        let known = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        if is_folded_to(known, &wanted) {
            return Ok(known.to_owned());
        }
    }
    Ok(id.to_owned())
}

/// The same as comparing [`folded`], without a copy of each id.
fn is_folded_to(id: &str, wanted: &str) -> bool {
    let trimmed = id.trim();
    if trimmed.is_ascii() { trimmed.eq_ignore_ascii_case(wanted) } else { folded(trimmed) == wanted }
}

/// Keeps in mind who is missing while another spelling of the id is there. In the next scan that one is not new any more, and
/// until a person has approved it, the two still belong together.
pub(super) fn note_respelled(tx: &Transaction<'_>) -> Result<()> {
    forget_respelled(tx)?;
    let mut note = tx.prepare_cached("INSERT INTO respelled (type, id) SELECT type, id FROM respelling")?;
    note.execute([])?;
    Ok(())
}

/// After a completed session.
pub(super) fn forget_respelled(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached("DELETE FROM respelled")?.execute([])?;
    Ok(())
}
