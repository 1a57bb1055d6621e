//! Whether the journal knows whom Iden holds (invariant 5). The oracle never looks at the engines; this reads their journal,
//! between two processes.

use std::collections::BTreeSet;

use iden_bridge::{
    journal::{JournalError, ScanJournal, ScanMode, Seen, SqliteJournal},
    wire::Kind,
};

use crate::{
    iden::{Key, Server},
    system::names::Names,
};

/// The ids that a journal knows, as they were pushed.
pub async fn ids(disk: &SqliteJournal, names: Names) -> Result<Vec<Key>, JournalError> {
    let mut known = Vec::new();
    // To a scan that sees nobody, everybody who is known is missing. A dry one writes nothing.
    disk.begin_scan(ScanMode::Dry).await?;
    for (slug, kind) in names.types() {
        let kind = match kind {
            "account" => Kind::Account,
            "group" => Kind::Group,
            _ => Kind::License,
        };
        // Those who were spared are missing only once somebody of the type was seen.
        let nobody = Seen {
            id: "nobody".to_owned(),
            status: None,
            edges: Vec::new(),
            fingerprint: 0,
            logins: [None; 2],
            folded: 0,
        };
        disk.see(slug, kind, vec![nobody]).await?;
        let missing = disk.missing(slug, None, usize::MAX / 2).await?;
        known.extend(missing.into_iter().map(|id| (slug.to_owned(), id)));
    }
    disk.forget_scan();
    Ok(known)
}

/// A record that Iden holds, and that is not among the known ones.
pub fn unknown(known: &[Key], server: &Server) -> Option<Key> {
    let known: BTreeSet<Key> = known.iter().map(|(slug, id)| server.answers.key(slug, id)).collect();
    // What comes when nobody waits for it any more can bring back whom a session has removed since.
    let mut held = server.records.iter().filter(|(_, held)| held.active && !held.brought_late).map(|(key, _)| key);
    held.find(|key| !known.contains(*key) && !server.is_about_to_go(key)).cloned()
}
