//! Which types a session has to hold, checked before anything is registered or pushed.

use std::collections::{BTreeMap, BTreeSet};

use bridge_core::{
    TypeSchema,
    wire::{Kind, TypeProgress},
};

use super::error::TypeProblem;
use crate::journal::{HoldReason, KnownType, UnreadType};
use crate::planted::Bug;

/// The witness that the connector's types fit those of the journal and of the session.
#[derive(Debug)]
pub(super) struct Required {
    read: BTreeMap<&'static str, Kind>,
    /// Types of the app that the connector does not read. The scan counts all of their known records as removals.
    unread: BTreeSet<String>,
}

impl Required {
    /// The slugs that must be read in full: those of the builder.
    pub(super) fn slugs(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.read.keys().copied()
    }

    /// The slugs whose known records all have to be among the removals.
    pub(super) fn unread(&self) -> impl Iterator<Item = &str> {
        self.unread.iter().map(String::as_str)
    }
}

/// The types of a session beside those of the connector and of the journal.
#[derive(Debug)]
pub(super) enum Compared {
    /// All of them are known.
    Fit(Required),
    /// Someone else registered these.
    Foreign(Vec<TypeProgress>),
}

/// Compares the connector's types with those of the journal and of an open session.
pub(super) fn compare(
    declared: &[TypeSchema],
    known: &[KnownType],
    session: &[TypeProgress],
) -> Result<Compared, Vec<TypeProblem>> {
    let read: BTreeMap<&'static str, Kind> = declared.iter().map(|schema| (schema.slug, schema.kind)).collect();
    let there = session.iter().map(|there| (there.slug.as_str(), there.kind.as_str()));
    let problems = kind_problems(&read, there);
    if !problems.is_empty() {
        return Err(problems);
    }
    let is_known = |slug: &str| read.contains_key(slug) || known.iter().any(|known| known.slug == slug);
    let foreign: Vec<TypeProgress> = session
        .iter()
        .filter(|there| !is_known(&there.slug) && !is_companion(there, known, session))
        .cloned()
        .collect();
    if !foreign.is_empty() {
        return Ok(Compared::Foreign(foreign));
    }
    let unread = known.iter().map(|known| known.slug.clone()).filter(|slug| !read.contains_key(&**slug)).collect();
    Ok(Compared::Fit(Required { read, unread }))
}

/// The same as far as the journal alone tells.
pub(crate) fn compare_with_journal(declared: &[TypeSchema], known: &[KnownType]) -> Result<(), Vec<TypeProblem>> {
    let read = declared.iter().map(|schema| (schema.slug, schema.kind)).collect();
    let there = known.iter().map(|known| (known.slug.as_str(), known.kind.as_deref().unwrap_or_default()));
    let problems = kind_problems(&read, there);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn kind_problems<'a>(
    read: &BTreeMap<&'static str, Kind>,
    there: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<TypeProblem> {
    let differs = |(slug, kind): (&str, &str)| {
        let declared = *read.get(slug)?;
        let problem = || TypeProblem::Kind { slug: slug.to_owned(), declared, there: kind.to_owned() };
        (!kind.is_empty() && kind != declared.as_str()).then(problem)
    };
    there.filter_map(differs).collect()
}

/// Why completing has to wait for a person: it would remove all records of a type that the connector does not read.
/// `removed`: how many known ones, without those that Iden itself ordered away.
pub(super) fn unread_reason(unread: &UnreadType, removed: u64) -> Option<HoldReason> {
    if Bug::UnreadTypeIsEmptied.is_planted() {
        return None;
    }
    let known = (!unread.foreign).then_some(removed);
    (known != Some(0)).then(|| HoldReason::Unread { slug: unread.slug.clone(), known })
}

/// Registering a group or license type makes Iden create a companion type for its memberships or assignments, which
/// connectors never push to (protocol.md section 3). How it is named, and whether progress lists it, is not documented
/// (question P16). Taken for a companion: a type of another kind than the three, or one that carries the slug of a group
/// or license of this app in front.
fn is_companion(there: &TypeProgress, known: &[KnownType], session: &[TypeProgress]) -> bool {
    // Accounts are nobody's companions: they would all be removed.
    if there.kind == Kind::Account.as_str() {
        return false;
    }
    let is_ours = |kind: &str| [Kind::Account, Kind::Group, Kind::License].iter().any(|k| k.as_str() == kind);
    if !there.kind.is_empty() && !is_ours(&there.kind) {
        return true;
    }
    let follows = |slug: &str| there.slug.strip_prefix(slug).is_some_and(|rest| rest.starts_with(['_', '-', '.', ':']));
    let has_companion = |kind: &str| kind != Kind::Account.as_str();
    let known = known.iter().map(|known| (known.slug.as_str(), known.kind.as_deref().unwrap_or_default()));
    let listed = session.iter().map(|there| (there.slug.as_str(), there.kind.as_str()));
    let of_this_app = known.chain(listed).any(|(slug, kind)| has_companion(kind) && follows(slug));
    of_this_app && (there.slug.contains("member") || there.slug.contains("assign"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(types: &[(&str, &str)]) -> Vec<TypeProgress> {
        let json = types
            .iter()
            .map(|(slug, kind)| serde_json::json!({"slug": slug, "name": "x", "type": kind, "synced_count": 0}));
        serde_json::from_value(json.collect()).unwrap()
    }

    fn team() -> Vec<TypeSchema> {
        use bridge_core::{BridgeResource, EdgeSchema, FieldError, RecordWriter};
        struct Team;
        impl BridgeResource for Team {
            type Static = Team;
            type Id = String;
            const SLUG: &'static str = "team";
            const NAME: &'static str = "Team";
            const KIND: Kind = Kind::Group;
            const EDGES: &'static [EdgeSchema] = &[];
            fn id(&self) -> String {
                String::new()
            }
            fn write(&self, _: &mut RecordWriter) -> Result<(), FieldError> {
                Ok(())
            }
        }
        vec![TypeSchema::of::<Team>()]
    }

    /// What the journal knows: `team`, and these.
    fn journal(more: &[(&str, &str)]) -> Vec<KnownType> {
        let of = |(slug, kind): &(&str, &str)| KnownType {
            slug: (*slug).to_owned(),
            name: None,
            kind: Some((*kind).to_owned()),
            known: 0,
        };
        [("team", "group")].iter().chain(more).map(of).collect()
    }

    /// The unread types of a session, or the foreign ones.
    fn compared(known: &[(&str, &str)], there: &[(&str, &str)]) -> Result<Vec<String>, Vec<String>> {
        match compare(&team(), &journal(known), &session(there)).unwrap() {
            Compared::Fit(required) => Ok(required.unread().map(str::to_owned).collect()),
            Compared::Foreign(foreign) => Err(foreign.into_iter().map(|one| one.slug).collect()),
        }
    }

    #[test]
    fn a_type_of_the_journal_that_the_connector_does_not_read_is_unread() {
        assert_eq!(compared(&[], &[("team", "group")]), Ok(vec![]));
        assert_eq!(compared(&[], &[]), Ok(vec![]), "progress may list only what was pushed");
        let crew = Ok(vec!["crew".to_owned()]);
        assert_eq!(compared(&[("crew", "group")], &[("team", "group"), ("crew", "group")]), crew);
        assert_eq!(compared(&[("crew", "group")], &[("team", "group")]), crew, "the journal alone knows it");
    }

    #[test]
    fn a_type_that_the_journal_does_not_know_is_foreign() {
        assert_eq!(compared(&[], &[("team", "group"), ("crew", "group")]), Err(vec!["crew".to_owned()]));
    }

    #[test]
    fn a_slug_of_another_kind_is_a_problem_whoever_tells() {
        let of_session = compare(&team(), &journal(&[]), &session(&[("team", "license")])).unwrap_err();
        let known = [KnownType { kind: Some("license".to_owned()), ..journal(&[]).remove(0) }];
        let of_journal = compare_with_journal(&team(), &known).unwrap_err();
        assert_eq!(of_session, of_journal);
        let problem = of_session[0].to_string();
        assert!(problem.contains("license") && problem.contains("group"), "{problem:?}");
        let older = [KnownType { kind: None, ..journal(&[]).remove(0) }];
        assert_eq!(compare_with_journal(&team(), &older), Ok(()));
    }

    #[test]
    fn companions_are_left_alone() {
        let fits = Ok(vec![]);
        assert_eq!(compared(&[], &[("team", "group"), ("team_membership", "group")]), fits);
        assert_eq!(compared(&[], &[("team", "group"), ("anything", "membership")]), fits);
        let crew = Ok(vec!["crew".to_owned()]);
        assert_eq!(compared(&[("crew", "group")], &[("crew", "group"), ("crew_members", "group")]), crew);
        assert!(compared(&[], &[("team", "group"), ("team_b", "group")]).is_err(), "a type of its own");
        assert!(compared(&[], &[("team", "group"), ("team_member", "account")]).is_err(), "accounts are people");
    }

    #[test]
    fn a_type_that_is_not_read_is_held_while_completing_could_remove_a_record_of_it() {
        let held = |foreign, removed| unread_reason(&UnreadType::new("crew", removed, foreign), removed).is_some();
        assert!(!held(false, 0), "this journal registered it and never pushed to it, or its removal was approved");
        assert!(held(false, 1));
        assert!(held(true, 0), "someone else may have put records into it");
    }
}
