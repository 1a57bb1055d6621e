//! How much of one type one sync may take away unseen.

use bridge_core::wire::Kind;

use crate::journal::FEW_LINKS;

/// The highest percentage that is a limit.
pub(super) const HIGHEST_PERCENT: u8 = 99;

/// How much of one type one sync may take away unseen. What goes beyond it waits for a person's `approve`.
///
/// `max_removed_percent` of the records may be removed, rounded up, and `max_removed` at most. As a percentage of a few is
/// less than one, some may go whatever it gives: 1 of up to 10, 2 of up to 30, 3 of more; `max_removed` holds for them
/// too. The same number holds for active accounts that become inactive or suspended, counted apart. Memberships and
/// assignments have two settings of their own, and are counted with the accounts that have them.
///
/// | of | records | memberships and assignments |
/// |---|---|---|
/// | accounts | 5 %, at most 100 | 10 %, at most 2,000 |
/// | groups | 10 %, at most 20 | 10 %, at most 2,000 |
/// | licenses | 10 %, at most 50 | 10 %, at most 2,000 |
///
/// The limit for memberships and assignments holds for all of them, and for those to each group or license type, of which
/// 9 may end in any case. It also holds for those that end because their group or license is missing, counted apart.
/// Besides, a single group may lose 50 % of its members, and a license of those to whom it is assigned, or 9 in any case.
/// Accounts that leave do not count there.
///
/// A setting of 0 means none at all: who writes it wants to approve each removal. Some things no setting lets through: a
/// type that loses all of its records, one where much is removed while much is new, a protected id that is missing, a
/// protected account that becomes inactive or suspended, and a protected group or license that loses all of its members.
///
/// ```
/// use bridge_core::wire::Kind;
/// use bridge_runtime::sync::Limits;
///
/// let employees = Limits::of(Kind::Account);
/// assert_eq!(employees.allowed_records(8), 1);
/// assert_eq!(employees.allowed_records(1_000), 50);
/// assert_eq!(employees.allowed_records(1_000_000), 100);
///
/// let careful = employees.max_removed(10).protected(["admin"]);
/// assert_eq!(careful.allowed_records(1_000), 10);
/// assert_eq!(careful.max_removed_percent(0).allowed_records(1_000), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    records: Limit,
    edges: Limit,
    links_each_percent: u8,
    /// In order, each once.
    protected: Vec<String>,
}

/// A share, and a number that it never exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit {
    percent: u8,
    most: u64,
}

impl Limit {
    /// How many of `before` may go.
    fn of(self, before: u64) -> u64 {
        // With 5 % of 8 people this would be rounded up to 1, and nobody meant that by writing 0 %.
        if self.percent == 0 {
            return 0;
        }
        let any_case = match before {
            0..=10 => 1,
            11..=30 => 2,
            _ => 3,
        };
        let share = (u128::from(before) * u128::from(self.percent)).div_ceil(100);
        // `most` last: it holds for the small numbers too.
        self.most.min(any_case.max(u64::try_from(share).unwrap_or(u64::MAX)))
    }
}

impl Limits {
    /// The limits for types of this kind, where nothing else is said.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        let records = match kind {
            Kind::Account => Limit { percent: 5, most: 100 },
            Kind::Group => Limit { percent: 10, most: 20 },
            Kind::License => Limit { percent: 10, most: 50 },
        };
        Limits { records, edges: Limit { percent: 10, most: 2_000 }, links_each_percent: 50, protected: Vec::new() }
    }

    /// Of 100 records, so many may be removed; and as many active accounts may become inactive or suspended. 0 to 99.
    #[must_use]
    pub fn max_removed_percent(mut self, percent: u8) -> Self {
        self.records.percent = percent;
        self
    }

    /// So many records may be removed at most, whatever the percentage gives; and as many active accounts may become
    /// inactive or suspended.
    #[must_use]
    pub fn max_removed(mut self, most: u64) -> Self {
        self.records.most = most;
        self
    }

    /// Of 100 memberships and assignments, so many may end. 0 to 99.
    #[must_use]
    pub fn max_edges_percent(mut self, percent: u8) -> Self {
        self.edges.percent = percent;
        self
    }

    /// So many memberships and assignments may end at most, whatever the percentage gives.
    #[must_use]
    pub fn max_edges(mut self, most: u64) -> Self {
        self.edges.most = most;
        self
    }

    /// Of 100 members of one group, so many may leave it; the same of those to whom one license is assigned. It is a setting
    /// of the group or license type, and has no effect on accounts. 9 may in any case, and those that leave the system are
    /// not counted. 0 to 99.
    #[must_use]
    pub fn max_links_each_percent(mut self, percent: u8) -> Self {
        self.links_each_percent = percent;
        self
    }

    /// The ids of records that are never removed for being missing, such as the account for emergencies. An account among
    /// them does not become inactive or suspended either, and a group or license does not lose all of its members. In place
    /// of those that were protected before.
    #[must_use]
    pub fn protected(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.protected = ids.into_iter().map(Into::into).collect();
        self.protected.sort();
        self.protected.dedup();
        self
    }

    /// How many of `before` records may be removed, or may become inactive or suspended. It is never more than `before`,
    /// but for 0: then it is 1, as for any number up to 10.
    #[must_use]
    pub fn allowed_records(&self, before: u64) -> u64 {
        self.records.of(before)
    }

    /// How many of `before` memberships and assignments may end.
    #[must_use]
    pub fn allowed_edges(&self, before: u64) -> u64 {
        self.edges.of(before)
    }

    /// How many of `before` memberships or assignments to the records of one group or license type may end.
    #[must_use]
    pub fn allowed_links_to(&self, before: u64) -> u64 {
        self.allowed_edges(before).max(FEW_LINKS)
    }

    /// How many of `before` members may leave one group or license.
    #[must_use]
    pub fn allowed_links_each(&self, before: u64) -> u64 {
        let share = (u128::from(before) * u128::from(self.links_each_percent)).div_ceil(100);
        u64::try_from(share).unwrap_or(u64::MAX).max(FEW_LINKS)
    }

    /// The protected ids, in order.
    #[must_use]
    pub fn protected_ids(&self) -> &[String] {
        &self.protected
    }

    /// What is wrong with them; empty if nothing is.
    #[must_use]
    pub fn problems(&self) -> Vec<LimitsProblem> {
        let percentages = [
            ("max_removed_percent", self.records.percent),
            ("max_edges_percent", self.edges.percent),
            ("max_links_each_percent", self.links_each_percent),
        ];
        let too_high = percentages
            .into_iter()
            .filter(|(_, percent)| *percent > HIGHEST_PERCENT)
            .map(|(key, percent)| LimitsProblem::Percent { key, percent });
        let empty = self.protected.iter().filter(|id| id.is_empty()).map(|_| LimitsProblem::EmptyId);
        too_high.chain(empty).collect()
    }

    /// Which settings let more through than those of `than`, in words; empty if none does.
    ///
    /// ```
    /// # use bridge_core::wire::Kind;
    /// # use bridge_runtime::sync::Limits;
    /// let builder = Limits::of(Kind::Account).protected(["admin"]);
    /// let file = builder.clone().max_removed_percent(20).max_removed(10).protected(["root"]);
    /// assert_eq!(
    ///     file.loosened(&builder),
    ///     ["`max_removed_percent` is 20 instead of 5", "`protected` is without `admin`"]
    /// );
    /// ```
    #[must_use]
    pub fn loosened(&self, than: &Limits) -> Vec<String> {
        let numbers = [
            ("max_removed_percent", u64::from(self.records.percent), u64::from(than.records.percent)),
            ("max_removed", self.records.most, than.records.most),
            ("max_edges_percent", u64::from(self.edges.percent), u64::from(than.edges.percent)),
            ("max_edges", self.edges.most, than.edges.most),
            ("max_links_each_percent", u64::from(self.links_each_percent), u64::from(than.links_each_percent)),
        ];
        let higher = numbers.into_iter().filter(|(_, now, before)| now > before);
        let mut loosened: Vec<_> =
            higher.map(|(key, now, before)| format!("`{key}` is {now} instead of {before}")).collect();
        let bared = than.protected.iter().filter(|id| !self.protected.contains(id));
        let bared: Vec<_> = bared.map(|id| format!("`{id}`")).collect();
        if !bared.is_empty() {
            loosened.push(format!("`protected` is without {}", bared.join(", ")));
        }
        loosened
    }
}

/// Why limits are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitsProblem {
    /// A percentage of 100 or more.
    #[error(
        "`{key}` is {percent}, and 0 to {HIGHEST_PERCENT} is allowed: a limit of 100 % is no limit, approve such a plan \
         by its hash"
    )]
    Percent {
        /// The setting.
        key: &'static str,
        /// What it is set to.
        percent: u8,
    },
    /// An empty id among the protected ones.
    #[error("`protected` has an empty id, which no record has: leave it out")]
    EmptyId,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Limits {
        Limits::of(Kind::Account)
    }

    #[test]
    fn every_problem_is_named() {
        let wrong = accounts()
            .max_removed_percent(100)
            .max_edges_percent(255)
            .max_links_each_percent(101)
            .protected(["", "root"]);
        let problems: Vec<_> = wrong.problems().iter().map(ToString::to_string).collect();
        let no_limit = "0 to 99 is allowed: a limit of 100 % is no limit, approve such a plan by its hash";
        assert_eq!(
            problems,
            [
                format!("`max_removed_percent` is 100, and {no_limit}"),
                format!("`max_edges_percent` is 255, and {no_limit}"),
                format!("`max_links_each_percent` is 101, and {no_limit}"),
                "`protected` has an empty id, which no record has: leave it out".to_owned(),
            ]
        );
        assert_eq!(accounts().max_removed_percent(99).max_edges_percent(0).max_removed(0).problems(), []);
    }

    #[test]
    fn protected_ids_stand_in_order_and_once() {
        let limits = accounts().protected(["root", "admin", "root"]);
        assert_eq!(limits.protected_ids(), ["admin", "root"]);
        assert_eq!(limits, accounts().protected(["admin", "root"]));
        assert_eq!(limits.protected(["ceo"]).protected_ids(), ["ceo"]);
    }

    #[test]
    fn each_setting_can_be_looser() {
        let builder = accounts().protected(["admin", "ceo", "root"]);
        let looser = [
            (builder.clone().max_removed_percent(6), "`max_removed_percent` is 6 instead of 5"),
            (builder.clone().max_removed(101), "`max_removed` is 101 instead of 100"),
            (builder.clone().max_edges_percent(11), "`max_edges_percent` is 11 instead of 10"),
            (builder.clone().max_edges(2_001), "`max_edges` is 2001 instead of 2000"),
            (builder.clone().max_links_each_percent(51), "`max_links_each_percent` is 51 instead of 50"),
            (builder.clone().protected(["ceo", "cfo"]), "`protected` is without `admin`, `root`"),
        ];
        for (limits, words) in looser {
            assert_eq!(limits.loosened(&builder), [words]);
            // The other way round it is tighter, or protects another one.
            assert!(!builder.loosened(&limits).iter().any(|said| said.contains("instead")), "{limits:?}");
        }
        assert_eq!(builder.loosened(&builder), [""; 0]);
        assert_eq!(builder.clone().max_removed(0).protected(["admin", "ceo", "root", "x"]).loosened(&builder), [""; 0]);
    }
}
