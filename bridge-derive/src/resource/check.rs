//! The rules of a resource that need more than one attribute at a time.

use quote::ToTokens;

use super::{
    model::{Field, Resource, Role},
    protocol::{Kind, Protocol, Shape},
};
use crate::{errors::Errors, names, suggest};

pub(super) fn check(resource: &Resource<'_>, errors: &mut Errors) {
    it_is_of_a_kind(resource, errors);
    its_slug_can_be_registered(resource, errors);
    its_name_can_be_shown(resource, errors);
    for field in resource.fields() {
        it_is_mapped_or_skipped(field, resource.kind(), errors);
        a_skipped_field_says_nothing_else(field, errors);
        it_is_sent_under_one_name(field, errors);
        only_text_is_the_id_as_well(field, errors);
        it_belongs_to_the_kind(field, resource.kind(), errors);
        its_own_name_is_no_protocol_name(field, resource.kind(), errors);
        an_edge_has_a_target(field, errors);
    }
    there_is_one_id(resource, errors);
    someone_can_log_in(resource, errors);
    groups_and_licenses_are_named(resource, errors);
    no_two_fields_are_sent_as_one(resource, errors);
    no_two_edges_share_a_target(resource, errors);
}

/// A resource is an account, a group or a license; nothing is guessed.
fn it_is_of_a_kind(resource: &Resource<'_>, errors: &mut Errors) {
    if resource.kind().is_none() && resource.attrs.clean {
        let name = &resource.node.ident;
        errors.at(
            name,
            format_args!("say what `{name}` is: `#[bridge(account)]`, `#[bridge(group)]` or `#[bridge(license)]`"),
        );
    }
}

/// The slug stands in URLs, so Iden takes only some (protocol.md section 3). Also the one made from the type's name.
fn its_slug_can_be_registered(resource: &Resource<'_>, errors: &mut Errors) {
    let Some(fault) = names::slug_fault(&resource.slug) else { return };
    match resource.attrs.slug.value() {
        Some(slug) => errors.at(slug, format_args!("the slug {fault}")),
        None => errors.at(
            &resource.node.ident,
            format_args!(
                "the slug `{}`, made from the type's name, {fault}
choose one: `#[bridge(…, slug = \"…\")]`",
                resource.slug
            ),
        ),
    }
}

/// The display name has 1 to 255 characters (protocol.md section 3).
fn its_name_can_be_shown(resource: &Resource<'_>, errors: &mut Errors) {
    let fault = if resource.name.trim().is_empty() {
        "is empty: it is what people read in Iden"
    } else if resource.name.chars().count() > 255 {
        "is longer than 255 characters"
    } else if resource.name.escape_debug().to_string().contains("\\u{")
        || resource.name.contains(['\n', '\r', '\t', '\0'])
    {
        "has a control character, or one that nobody sees"
    } else {
        return;
    };
    match resource.attrs.name.value() {
        Some(name) => errors.at(name, format_args!("the name {fault}")),
        None => errors.at(
            &resource.node.ident,
            format_args!(
                "the display name, made from the type's name, {fault}\nchoose one: `#[bridge(…, name = \"…\")]`"
            ),
        ),
    }
}

/// A field leaves this system only if someone said so, and stays here only if someone said so.
fn it_is_mapped_or_skipped(field: &Field<'_>, kind: Option<Kind>, errors: &mut Errors) {
    if !matches!(field.role, Role::Unmapped) {
        return;
    }
    if let Some(with) = field.attrs.with.get() {
        let name = field.name();
        let message = format!(
            "`with` says how `{name}` is written, not as what\n\
             add a field of the protocol, as in `#[bridge(email, with = path)]`, or `field = \"{name}\"`"
        );
        return errors.at(&with.key, message);
    }
    let (name, Some(kind)) = (field.name(), kind) else { return };
    let known = kind.field_names();
    let mut message = format!("`{name}` is neither mapped nor skipped\n");
    match (suggest::protocol_field(&name, &known), Protocol::named(&name)) {
        (_, Some(foreign)) => {
            message += &format!("`{name}` is a field of {}, not of {}\n", foreign.owners(), kind.with_article());
        }
        (Some(near), None) => message += &format!("did you mean `#[bridge({near})]`?\n"),
        (None, None) => {
            message += &format!("to send it as a field of {}: {}\n", kind.with_article(), as_attributes(&known));
        }
    }
    if Protocol::named(&name).is_none() {
        message += &format!("to send it under a name of its own: `#[bridge(field = \"{name}\")]`\n");
    }
    message += "to keep it here: `#[bridge(skip)]`";
    errors.at(field.ident, message);
}

fn as_attributes(names: &[&str]) -> String {
    let first: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("`#[bridge(…)]` with one of {}", first.join(", "))
}

/// `skip` stands alone.
fn a_skipped_field_says_nothing_else(field: &Field<'_>, errors: &mut Errors) {
    if !field.attrs.skip.is_set() {
        return;
    }
    let attrs = &field.attrs;
    let others = [
        attrs.id.get().map(|x| &x.key),
        attrs.named.get().map(|x| &x.key),
        attrs.field.get().map(|x| &x.key),
        attrs.with.get().map(|x| &x.key),
    ];
    for key in others.into_iter().flatten() {
        errors.at(key, format_args!("`{}` beside `skip`: a skipped field is not sent", key.to_token_stream()));
    }
}

/// `email` and `field = "…"` contradict each other.
fn it_is_sent_under_one_name(field: &Field<'_>, errors: &mut Errors) {
    let named = field.attrs.named.get().map(|named| named.value.protocol.name);
    let named = named.or(field.attrs.id.is_set().then_some("id"));
    if let (Some(name), Some(own)) = (named, field.attrs.field.get())
        && !field.attrs.skip.is_set()
    {
        errors.at(&own.key, format_args!("`field` beside `{name}`: the field is sent as `{name}` already"));
    }
}

/// `id` may stand beside a text field: a login name, or a group's name.
fn only_text_is_the_id_as_well(field: &Field<'_>, errors: &mut Errors) {
    if let (Some(named), true) = (field.attrs.named.get(), field.attrs.id.is_set())
        && named.value.protocol.shape != Shape::Text
        && !field.attrs.skip.is_set()
    {
        let name = named.value.protocol.name;
        errors.at(
            &named.key,
            format_args!(
                "`{name}` beside `id`: only a text field can be the id as well, as in `#[bridge(id, username)]`"
            ),
        );
    }
}

/// A group has no e-mail address, an account no description.
fn it_belongs_to_the_kind(field: &Field<'_>, kind: Option<Kind>, errors: &mut Errors) {
    let (Role::Protocol(protocol), Some(kind)) = (&field.role, kind) else { return };
    if protocol.is_of(kind) {
        return;
    }
    let (name, owners) = (protocol.name, protocol.owners());
    let message = if field.is_edge() {
        format!("`{name}` stand on accounts: add this to the account type, pointing here")
    } else {
        let known: Vec<_> = kind.field_names();
        format!("`{name}` is a field of {owners}; {} has {}", kind.with_article(), list(&known))
    };
    errors.at(field.blame(), message);
}

fn list(names: &[&str]) -> String {
    suggest::one_of(names).replace(" or ", " and ")
}

/// A name outside the protocol must not look like one inside.
fn its_own_name_is_no_protocol_name(field: &Field<'_>, kind: Option<Kind>, errors: &mut Errors) {
    let (Role::Custom(name), Some(own)) = (&field.role, field.attrs.field.value()) else { return };
    if name.trim().is_empty() {
        errors.at(own, "the name is empty");
    } else if let Some(protocol) = Protocol::named(name) {
        if kind.is_none_or(|kind| protocol.is_of(kind)) {
            errors.at(own, format_args!("`{name}` is a field of the protocol: `#[bridge({name})]`"));
        } else {
            errors.at(
                own,
                format_args!("`{name}` is a field of {} in the protocol: choose another name", protocol.owners()),
            );
        }
    }
}

/// Which type a membership points to must be written down.
fn an_edge_has_a_target(field: &Field<'_>, errors: &mut Errors) {
    if !field.is_edge() || field.target().is_some() {
        return;
    }
    let (what, name, example) = match field.shape() {
        Some(Shape::Memberships) => ("group", "memberships", "Team"),
        _ => ("license", "assignments", "Seat"),
    };
    errors.at(
        field.ty,
        format_args!("which {what} is this? use `Ref<…>`, as in `Vec<Ref<{example}>>`, or name the type: `#[bridge({name} = {example})]`"),
    );
}

/// Exactly one field identifies a record.
fn there_is_one_id(resource: &Resource<'_>, errors: &mut Errors) {
    let mut ids = resource.ids();
    match (ids.next(), ids.next()) {
        (None, _) if !resource.is_unclear() => {
            let name = &resource.node.ident;
            errors.at(
                name,
                format_args!("`{name}` has no id: mark the field that identifies a record with `#[bridge(id)]`"),
            );
        }
        (Some(first), Some(second)) => {
            errors
                .at(second.blame(), format_args!("a resource has one id; this is the second, after `{}`", first.ident));
        }
        _ => {}
    }
}

/// Iden knows people by e-mail address or login name: an account has one of them at least.
fn someone_can_log_in(resource: &Resource<'_>, errors: &mut Errors) {
    let found = resource.sent_as("email").chain(resource.sent_as("username")).next().is_some();
    if resource.kind() == Some(Kind::Account) && !found && !resource.is_unclear() {
        errors.at(
            &resource.node.ident,
            "an account needs an e-mail address or a login name: mark a field with `#[bridge(email)]` or `#[bridge(username)]`",
        );
    }
}

/// Groups and licenses have a name (protocol.md section 5).
fn groups_and_licenses_are_named(resource: &Resource<'_>, errors: &mut Errors) {
    let Some(kind @ (Kind::Group | Kind::License)) = resource.kind() else { return };
    if resource.sent_as("name").next().is_none() && !resource.is_unclear() {
        errors.at(
            &resource.node.ident,
            format_args!("{} needs a name: mark a field with `#[bridge(name)]`", kind.with_article()),
        );
    }
}

/// One name on the wire is one field. Ids have a rule of their own, edges are told apart by their targets.
fn no_two_fields_are_sent_as_one(resource: &Resource<'_>, errors: &mut Errors) {
    let fields = || resource.fields().iter().filter(|field| field.shape() != Some(Shape::Id) && !field.is_edge());
    for (at, field) in fields().enumerate() {
        let Some(wire) = field.wire() else { continue };
        if let Some(first) = fields().take(at).find(|other| other.wire() == Some(wire)) {
            errors.at(
                field.blame(),
                format_args!("two fields are sent as `{wire}`: `{}` and `{}`", first.ident, field.ident),
            );
        }
    }
}

/// Two lists of teams would be sent under one slug. Types that only look different are found by the compiler (E0119).
fn no_two_edges_share_a_target(resource: &Resource<'_>, errors: &mut Errors) {
    let edges = || {
        let edges = resource.fields().iter().filter(|field| field.is_edge());
        edges.filter_map(|field| Some((field, field.wire()?, field.target()?.to_token_stream().to_string())))
    };
    for (at, (field, wire, target)) in edges().enumerate() {
        if let Some((first, ..)) = edges().take(at).find(|(_, other, to)| *other == wire && *to == target) {
            let message = format!(
                "`{}` and `{}` both point to `{target}`: one field carries all {wire} of one type",
                first.ident, field.ident
            );
            errors.at(field.blame(), message);
        }
    }
}
