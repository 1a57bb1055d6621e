//! How many records of each type an app holds.

use std::collections::BTreeMap;

use crate::app::App;
use crate::state::catalog::ResourceType;
use crate::state::link::links;
use crate::state::record::Record;
use crate::view::TypeView;

/// One type, in numbers.
pub(crate) struct Tally {
    pub(crate) view: TypeView,
    pub(crate) active: usize,
    pub(crate) suspended: usize,
    pub(crate) inactive: usize,
    pub(crate) removed: usize,
    /// The type that Iden fills by itself from the accounts' links, with the number of links.
    pub(crate) companion: Option<(TypeView, usize)>,
}

impl Tally {
    /// All that are not removed.
    pub(crate) fn held(&self) -> usize {
        self.active + self.suspended + self.inactive
    }
}

/// Counts in one go through all records.
pub(crate) fn of(app: &App) -> Vec<Tally> {
    app.with(|scope| {
        let held = scope.app.records.values().flat_map(BTreeMap::values).filter(|record| !record.is_removed());
        let counts = count_links(held);
        // A group or license type has a companion each, in the same order.
        let mut companions = scope.types.companions();
        let tally = |known: &ResourceType| {
            let count = |status: &str| {
                let records = scope.app.records.get(&known.slug).into_iter().flat_map(BTreeMap::values);
                records.filter(|record| record.has_status(status, known.kind)).count()
            };
            let companion = known.kind.link().and_then(|_| companions.next());
            Tally {
                view: known.view(),
                active: count("active"),
                suspended: count("suspended"),
                inactive: count("inactive"),
                removed: count("removed"),
                companion: companion.map(|view| (view, counts.get(known.slug.as_str()).copied().unwrap_or(0))),
            }
        };
        scope.types.iter().map(tally).collect()
    })
}

/// Slug of a group or license type to the number of links to its records.
fn count_links<'a>(held: impl Iterator<Item = &'a Record>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for (_, slug, _) in held.flat_map(|record| links(record.fields())) {
        *counts.entry(slug).or_default() += 1;
    }
    counts
}
