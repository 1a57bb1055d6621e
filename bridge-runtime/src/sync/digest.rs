//! What the journal is told of a record: hashes, and no contents.

use bridge_core::Record;
use icu_normalizer::ComposingNormalizerBorrowed;

use crate::journal::{EdgeKey, Seen, first_eight};

/// A record as the journal is told of it.
pub(super) fn seen(record: &Record) -> Seen {
    Seen {
        id: record.id().to_owned(),
        status: record.status(),
        edges: edges(record).map(|(slug, id)| EdgeKey::of(slug, id)).collect(),
        fingerprint: first_eight(record.fields()),
        folded: first_eight(folded(record.id()).as_bytes()),
    }
}

/// An id without case, blanks around it, and differences of Unicode's normal form.
fn folded(id: &str) -> String {
    let trimmed = id.trim();
    if trimmed.is_ascii() {
        return trimmed.to_ascii_lowercase();
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(&trimmed.to_lowercase()).into_owned()
}

/// Every edge, by the slug and id that it points to, in the order that positions count.
pub(super) fn edges(record: &Record) -> impl Iterator<Item = (&'static str, &str)> {
    record.edges().iter().flat_map(|edges| edges.ids.iter().map(|id| (edges.slug, id.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_folded_by_case_blanks_and_normal_form() {
        assert_eq!(folded(" Ada\n"), folded("ada"));
        assert_eq!(folded("J\u{f6}rg"), folded("JO\u{308}RG"), "composed and decomposed");
        assert_ne!(folded("jorg"), folded("j\u{f6}rg"));
        assert_ne!(folded("a b"), folded("ab"));
    }
}
