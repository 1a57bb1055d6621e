//! What the journal is told of a record: hashes, and no contents.

use bridge_core::Record;

use crate::journal::{EdgeKey, LoginKey, Seen, first_eight, folded_key};

/// A record as the journal is told of it.
pub(super) fn seen(slug: &str, record: &Record) -> Seen {
    let [email, username] = record.logins();
    Seen {
        id: record.id().to_owned(),
        status: record.status(),
        edges: edges(record).map(|(slug, id)| EdgeKey::of(slug, id)).collect(),
        fingerprint: first_eight(record.fields()),
        logins: [("email", email), ("username", username)].map(|(field, login)| LoginKey::of(slug, field, login?)),
        folded: folded_key(record.id()),
    }
}

/// Every edge, by the slug and id that it points to, in the order that positions count.
pub(super) fn edges(record: &Record) -> impl Iterator<Item = (&'static str, &str)> {
    record.edges().iter().flat_map(|edges| edges.ids.iter().map(|id| (edges.slug, id.as_str())))
}
