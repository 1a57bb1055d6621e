//! What a scan would take from the links to single types, groups and licenses, against the limits.

use super::Limits;
use crate::{
    journal::{Excess, HoldReason, LinksLost, LinksOfOne, Losses, MembersLost},
    planted::Bug,
};

/// How many groups or licenses a reason names.
const EXAMPLES: usize = 5;

/// Why completing has to wait for a person, type by type at the other end of the links. `limits`, `losses`: of the accounts.
pub(crate) fn link_reasons(slug: &str, limits: &Limits, losses: &Losses, links: &[LinksLost]) -> Vec<HoldReason> {
    let mut reasons = Vec::new();
    for LinksLost { target, before, lost, last_day, vanished } in links {
        let excess = |count, allowed, before| Excess::new(slug, count, allowed, before);
        let target = || target.clone();
        let allowed = limits.allowed_links_to(*before);
        if *lost > allowed && !Bug::LinksAreJudgedInTotalOnly.is_planted() {
            reasons.push(HoldReason::LinksTo { target: target(), excess: excess(*lost, allowed, *before) });
        }
        let (day, twice) = (lost.saturating_add(*last_day), allowed.saturating_mul(2));
        if *lost > 0 && *last_day > 0 && day > twice && !Bug::DayIsNotSummed.is_planted() {
            reasons.push(HoldReason::LinksToLastDay { target: target(), excess: excess(day, twice, *before) });
        }
        let allowed = limits.allowed_edges(losses.baseline_edges);
        if *vanished > allowed && !Bug::VanishedLinksAreNotCounted.is_planted() {
            let excess = excess(*vanished, allowed, losses.baseline_edges);
            reasons.push(HoldReason::LinksVanish { target: target(), excess });
        }
    }
    reasons
}

/// Why completing has to wait for a person, group by group or license by license. `limits`: of the groups or licenses.
pub(crate) fn member_reasons(slug: &str, limits: &Limits, members: &[MembersLost]) -> Vec<HoldReason> {
    if Bug::LinksAreJudgedInTotalOnly.is_planted() {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    let mut beyond: Vec<_> = members
        .iter()
        .map(|one| LinksOfOne::new(&one.id, one.lost, limits.allowed_links_each(one.before), one.before))
        .filter(|one| one.count > one.allowed)
        .collect();
    let count = beyond.len() as u64;
    if count > 0 {
        beyond.truncate(EXAMPLES);
        reasons.push(HoldReason::LinksEach { slug: slug.to_owned(), count, examples: beyond });
    }
    let emptied = members.iter().filter(|one| one.protected && one.left == 0);
    let ids: Vec<_> = emptied.map(|one| one.id.clone()).collect();
    if !ids.is_empty() {
        reasons.push(HoldReason::ProtectedEmptied { slug: slug.to_owned(), ids });
    }
    reasons
}

#[cfg(test)]
mod tests {
    use bridge_core::wire::Kind;

    use super::*;

    fn accounts() -> Limits {
        Limits::of(Kind::Account)
    }

    fn to_seats(before: u64, lost: u64, last_day: u64, vanished: u64) -> LinksLost {
        LinksLost { target: "seat".into(), before, lost, last_day, vanished }
    }

    /// The words of the reasons, where the accounts have 1,000 links in all.
    fn links(limits: &Limits, lost: LinksLost) -> Vec<String> {
        let losses = Losses { baseline_edges: 1_000, ..Losses::default() };
        link_reasons("employee", limits, &losses, &[lost]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_to_one_type_have_the_limit_of_all_and_nine_may_end_in_any_case() {
        for (before, allowed) in [(0, 9), (13, 9), (90, 9), (91, 10), (1_000, 100), (50_000, 2_000)] {
            assert_eq!(links(&accounts(), to_seats(before, allowed, 0, 0)), [""; 0], "{allowed} of {before}");
            let words = format!(
                "`employee`: {} of {before} memberships or assignments to `seat` would end, {allowed} may without asking",
                allowed + 1
            );
            assert_eq!(links(&accounts(), to_seats(before, allowed + 1, 0, 0)), [words]);
        }
        assert_eq!(links(&accounts().max_edges(20), to_seats(1_000, 21, 0, 0)).len(), 1);
        assert_eq!(links(&accounts().max_edges_percent(2), to_seats(1_000, 21, 0, 0)).len(), 1);
    }

    #[test]
    fn within_a_day_twice_as_many_end() {
        assert_eq!(links(&accounts(), to_seats(200, 20, 20, 0)), [""; 0]);
        let words = "`employee`: 41 of 200 memberships or assignments to `seat` would end within 24 hours, 40 may without asking";
        assert_eq!(links(&accounts(), to_seats(200, 20, 21, 0)), [words]);
        assert_eq!(links(&accounts(), to_seats(200, 0, 99, 0)), [""; 0], "nothing is added to it");
    }

    #[test]
    fn links_to_what_is_missing_have_a_limit_of_their_own() {
        assert_eq!(links(&accounts(), to_seats(0, 0, 0, 100)), [""; 0]);
        let words = "`employee`: 101 of 1000 memberships or assignments would end because their `seat` is missing, 100 may without asking";
        assert_eq!(links(&accounts(), to_seats(0, 0, 0, 101)), [words]);
        assert_eq!(links(&accounts().max_edges(0), to_seats(0, 0, 0, 1)).len(), 1);
    }

    fn member(id: &str, before: u64, lost: u64) -> MembersLost {
        MembersLost { id: id.into(), before, lost, left: before - lost, protected: false }
    }

    fn members(limits: &Limits, members: &[MembersLost]) -> Vec<String> {
        member_reasons("team", limits, members).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_group_may_lose_half_of_its_members_and_nine_in_any_case() {
        let teams = Limits::of(Kind::Group);
        for (before, allowed) in [(9, 9), (13, 9), (18, 9), (19, 10), (20, 10), (100_000, 50_000)] {
            assert_eq!(members(&teams, &[member("red", before, allowed)]), [""; 0], "{allowed} of {before}");
            if before > allowed {
                let more = allowed + 1;
                let words = format!(
                    "1 of `team` would lose too many members: `red` {more} of {before}, {allowed} may without asking"
                );
                assert_eq!(members(&teams, &[member("red", before, more)]), [words]);
            }
        }
        let careful = teams.max_links_each_percent(0);
        assert_eq!(members(&careful, &[member("red", 1_000, 9)]), [""; 0]);
        assert_eq!(members(&careful, &[member("red", 1_000, 10)]).len(), 1);
    }

    #[test]
    fn of_many_groups_the_first_are_named() {
        let many: Vec<_> = (0..7).map(|number| member(&format!("t{number}"), 20, 11)).collect();
        let said = members(&Limits::of(Kind::Group), &many).remove(0);
        assert!(said.starts_with("7 of `team` would lose too many members: `t0` 11 of 20"), "{said}");
        assert!(said.contains("`t4`") && !said.contains("`t5`") && said.ends_with('…'), "{said}");
    }

    #[test]
    fn a_protected_group_keeps_a_member_whatever_its_size() {
        let emptied = MembersLost { protected: true, ..member("admins", 1, 1) };
        let teams = Limits::of(Kind::Group).max_links_each_percent(99);
        let words = "protected `team` records would have no members left: admins";
        assert_eq!(members(&teams, std::slice::from_ref(&emptied)), [words]);
        assert_eq!(members(&teams, &[MembersLost { left: 1, ..emptied.clone() }]), [""; 0], "somebody else is new");
        assert_eq!(members(&teams, &[MembersLost { protected: false, ..emptied.clone() }]), [""; 0]);
        // Its only member leaves the system.
        assert_eq!(members(&teams, &[MembersLost { before: 0, lost: 0, ..emptied }]), [words]);
    }
}
