//! Which types a session has to hold, checked before the first push.

use std::collections::{BTreeMap, BTreeSet};

use bridge_core::{
    TypeSchema,
    wire::{Kind, TypeProgress},
};

use super::error::TypeProblem;

/// The witness that the connector's types fit those of the journal and of the session.
#[derive(Debug)]
pub(super) struct Required(BTreeSet<&'static str>);

impl Required {
    /// The slugs that must be read in full.
    pub(super) fn slugs(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().copied()
    }
}

/// The slugs that must be read in full: those of the builder. What else the journal or the session names is a type that
/// nobody reads, and completing would empty it: a slug that was renamed, for instance.
pub(super) fn required_types(
    declared: &[TypeSchema],
    known: &BTreeSet<String>,
    session: &[TypeProgress],
) -> Result<Required, Vec<TypeProblem>> {
    let own: BTreeMap<&'static str, Kind> = declared.iter().map(|schema| (schema.slug, schema.kind)).collect();
    let mut problems = Vec::new();
    for there in session.iter().filter(|there| !is_companion(there, declared)) {
        match own.get(there.slug.as_str()) {
            None => problems.push(TypeProblem::Unread { slug: there.slug.clone() }),
            Some(kind) if !there.kind.is_empty() && there.kind != kind.as_str() => {
                problems.push(TypeProblem::Kind {
                    slug: there.slug.clone(),
                    declared: *kind,
                    there: there.kind.clone(),
                });
            }
            Some(_) => {}
        }
    }
    let forgotten = forgotten_types(declared, known);
    let new = |one: &TypeProblem| !problems.iter().any(|problem| problem.slug() == one.slug());
    let forgotten: Vec<_> = forgotten.into_iter().filter(new).collect();
    problems.extend(forgotten);
    if problems.is_empty() { Ok(Required(own.into_keys().collect())) } else { Err(problems) }
}

/// Types of the journal that nobody reads any more.
pub(crate) fn forgotten_types(declared: &[TypeSchema], known: &BTreeSet<String>) -> Vec<TypeProblem> {
    let is_declared = |slug: &str| declared.iter().any(|schema| schema.slug == slug);
    let forgotten = known.iter().filter(|slug| !is_declared(slug));
    forgotten.map(|slug| TypeProblem::Unread { slug: slug.clone() }).collect()
}

/// Registering a group or license type makes Iden create a companion type for its memberships or assignments, which
/// connectors never push to (protocol.md section 3). How it is named, and whether progress lists it, is not documented
/// (question P16). Taken for a companion: a type of another kind than the three, or one that carries the slug of a group
/// or license of ours in front.
fn is_companion(there: &TypeProgress, declared: &[TypeSchema]) -> bool {
    // Accounts are nobody's companions: they would all be removed.
    if declared.iter().any(|schema| schema.slug == there.slug) || there.kind == Kind::Account.as_str() {
        return false;
    }
    let known_kind =
        there.kind.is_empty() || [Kind::Account, Kind::Group, Kind::License].iter().any(|k| k.as_str() == there.kind);
    let follows = |slug: &str| there.slug.strip_prefix(slug).is_some_and(|rest| rest.starts_with(['_', '-', '.', ':']));
    let of_ours = declared.iter().any(|schema| schema.kind != Kind::Account && follows(schema.slug));
    !known_kind || (of_ours && (there.slug.contains("member") || there.slug.contains("assign")))
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

    fn problems(registered: &[&str], there: &[(&str, &str)]) -> Vec<String> {
        let known = registered.iter().map(|slug| (*slug).to_owned()).collect();
        match required_types(&team(), &known, &session(there)) {
            Ok(_) => vec![],
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_type_that_nobody_reads_stops_the_sync() {
        assert_eq!(problems(&["team"], &[("team", "group")]), [""; 0]);
        assert_eq!(problems(&["team"], &[]), [""; 0], "progress may list only what was pushed");
        let renamed = problems(&["team", "crew"], &[("team", "group"), ("crew", "group")]);
        assert_eq!(renamed.len(), 1);
        assert!(renamed[0].contains("`crew`"), "{renamed:?}");
        assert!(problems(&["crew"], &[("team", "group")])[0].contains("`crew`"), "the journal alone knows it");
    }

    #[test]
    fn a_slug_of_another_kind_stops_the_sync() {
        let problem = problems(&[], &[("team", "license")]);
        assert!(problem[0].contains("license") && problem[0].contains("group"), "{problem:?}");
    }

    #[test]
    fn companions_are_left_alone() {
        assert_eq!(problems(&[], &[("team", "group"), ("team_membership", "group")]), [""; 0]);
        assert_eq!(problems(&[], &[("team", "group"), ("anything", "membership")]), [""; 0]);
        assert_eq!(problems(&[], &[("team", "group"), ("team_b", "group")]).len(), 1, "a type of somebody's own");
        assert_eq!(problems(&[], &[("team", "group"), ("team_member", "account")]).len(), 1, "accounts are people");
    }
}
