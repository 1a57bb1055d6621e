//! How many records of each type an app holds.

use std::collections::BTreeMap;

use crate::app::App;
use crate::state::catalog::Kind;
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
    /// Accounts without an e-mail address, of those that are not removed: Iden matches accounts to people by it.
    pub(crate) without_email: usize,
    /// The type that Iden fills by itself from the accounts' links, with the number of links.
    pub(crate) companion: Option<(TypeView, usize)>,
}

/// How many records an app holds that are not removed.
pub(crate) fn held(app: &App) -> usize {
    held_of_each(app).values().sum()
}

/// The same of each type, by slug. Looks at much less than [`of`].
pub(crate) fn held_of_each(app: &App) -> BTreeMap<String, usize> {
    app.with(|scope| {
        let held = |records: &BTreeMap<_, Record>| records.values().filter(|record| !record.is_removed()).count();
        scope.app.records.iter().map(|(slug, records)| (slug.clone(), held(records))).collect()
    })
}

/// Counts in one go through all records.
pub(crate) fn of(app: &App) -> Vec<Tally> {
    app.with(|scope| {
        // Slug of a group or license type to the number of links to its records.
        let mut linked: BTreeMap<&str, usize> = BTreeMap::new();
        let mut tallies: Vec<Tally> = Vec::new();
        for known in scope.types.iter() {
            let (view, companion) = (known.view(), None);
            let mut tally =
                Tally { view, active: 0, suspended: 0, inactive: 0, removed: 0, without_email: 0, companion };
            for record in scope.app.records.get(&known.slug).into_iter().flat_map(BTreeMap::values) {
                *match record.standing(known.kind) {
                    "removed" => &mut tally.removed,
                    "suspended" => &mut tally.suspended,
                    "inactive" => &mut tally.inactive,
                    _ => &mut tally.active,
                } += 1;
                if !record.is_removed() {
                    let has_email = record.fields().get("email").is_some_and(|email| !email.is_null());
                    tally.without_email += usize::from(known.kind == Kind::Account && !has_email);
                    links(record.fields()).for_each(|(_, slug, _)| *linked.entry(slug).or_default() += 1);
                }
            }
            tallies.push(tally);
        }
        // A group or license type has a companion each, in the same order.
        let mut companions = scope.types.companions();
        for (tally, known) in tallies.iter_mut().zip(scope.types.iter()) {
            let companion = known.kind.link().and_then(|_| companions.next());
            tally.companion = companion.map(|view| (view, linked.get(known.slug.as_str()).copied().unwrap_or(0)));
        }
        tallies
    })
}
