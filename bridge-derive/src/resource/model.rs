//! What a struct and its attributes mean.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Data, DataStruct, DeriveInput, Fields, GenericArgument, Ident, PathArguments, PathSegment, Type,
    ext::IdentExt,
    visit::{self, Visit},
};

use super::{
    attr::{Container, FieldAttrs},
    protocol::{Kind, Protocol, Shape},
};
use crate::{attr::lints, errors::Errors, names, paths::Krate};

/// A struct with `#[derive(BridgeResource)]`.
pub(super) struct Resource<'a> {
    pub(super) node: &'a DeriveInput,
    pub(super) attrs: Container,
    pub(super) krate: Krate,
    pub(super) slug: String,
    pub(super) name: String,
    /// `None`: it is no struct with named fields.
    pub(super) fields: Option<Vec<Field<'a>>>,
}

/// A field of it.
pub(super) struct Field<'a> {
    pub(super) position: usize,
    node: &'a syn::Field,
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) attrs: FieldAttrs,
    pub(super) role: Role,
}

/// What a field is sent as.
pub(super) enum Role {
    /// A field of the protocol.
    Protocol(&'static Protocol),
    /// A field outside the protocol.
    Custom(String),
    /// Not sent.
    Skipped,
    /// Nobody said. An error.
    Unmapped,
    /// Its attribute was not understood: whatever it is, it is no second error.
    Unclear,
}

impl<'a> Resource<'a> {
    pub(super) fn read(node: &'a DeriveInput, errors: &mut Errors) -> Self {
        let attrs = Container::read(&node.attrs, errors);
        let kind = attrs.kind.value().copied();
        let fields = named_fields(node, errors).map(|fields| {
            fields.enumerate().map(|(position, field)| Field::read(position, field, kind, errors)).collect()
        });
        let ident = node.ident.unraw().to_string();
        Resource {
            krate: Krate::of(&attrs.krate),
            slug: attrs.slug.value().map_or_else(|| names::slug(&ident), syn::LitStr::value),
            name: attrs.name.value().map_or_else(|| names::title(&ident), syn::LitStr::value),
            node,
            attrs,
            fields,
        }
    }

    /// The lints that the generated code leaves alone.
    pub(super) fn lints(&self) -> TokenStream {
        let fields = self.fields().iter().map(|field| &*field.node.attrs);
        lints(std::iter::once(&*self.node.attrs).chain(fields))
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.attrs.kind.value().copied()
    }

    pub(super) fn fields(&self) -> &[Field<'a>] {
        self.fields.as_deref().unwrap_or_default()
    }

    /// The fields that are this one of the protocol.
    pub(super) fn sent_as(&self, name: &str) -> impl Iterator<Item = &Field<'a>> {
        self.fields().iter().filter(move |field| matches!(field.role, Role::Protocol(p) if p.name == name))
    }

    /// The fields that are the id, alone or beside another field of the protocol.
    pub(super) fn ids(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields().iter().filter(|field| field.is_id())
    }

    /// Whether a field could be anything, so that nothing is surely missing.
    pub(super) fn is_unclear(&self) -> bool {
        self.fields.is_none() || self.fields().iter().any(|field| matches!(field.role, Role::Unclear))
    }
}

fn named_fields<'a>(
    node: &'a DeriveInput,
    errors: &mut Errors,
) -> Option<impl Iterator<Item = &'a syn::Field> + use<'a>> {
    const WANTED: &str = "a Bridge resource is a struct with named fields";
    match &node.data {
        Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) => return Some(fields.named.iter()),
        Data::Struct(DataStruct { fields: fields @ Fields::Unnamed(_), .. }) => {
            errors.at(fields, format_args!("{WANTED}: give each of these a name"));
        }
        Data::Struct(_) => errors.at(&node.ident, format_args!("{WANTED}; `{}` has none", node.ident)),
        Data::Enum(data) => errors.at(data.enum_token, format_args!("{WANTED}, not an enum")),
        Data::Union(data) => errors.at(data.union_token, format_args!("{WANTED}, not a union")),
    }
    None
}

impl<'a> Field<'a> {
    fn read(position: usize, field: &'a syn::Field, kind: Option<Kind>, errors: &mut Errors) -> Self {
        let attrs = FieldAttrs::read(&field.attrs, errors);
        let ident = field.ident.as_ref().expect("the fields are named");
        let role = Role::of(&attrs, &ident.unraw().to_string(), kind);
        Field { position, node: field, ident, ty: &field.ty, attrs, role }
    }

    /// Its name without `r#`.
    pub(super) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// The name under which it is sent.
    pub(super) fn wire(&self) -> Option<&str> {
        match &self.role {
            Role::Protocol(protocol) => Some(protocol.name),
            Role::Custom(name) => Some(name),
            Role::Skipped | Role::Unmapped | Role::Unclear => None,
        }
    }

    pub(super) fn shape(&self) -> Option<Shape> {
        match &self.role {
            Role::Protocol(protocol) => Some(protocol.shape),
            _ => None,
        }
    }

    /// Whether it is the id, alone or beside another field of the protocol.
    pub(super) fn is_id(&self) -> bool {
        let is_beside = self.attrs.id.is_set() && matches!(self.role, Role::Protocol(_));
        is_beside || self.shape() == Some(Shape::Id)
    }

    pub(super) fn is_edge(&self) -> bool {
        matches!(self.shape(), Some(Shape::Memberships | Shape::Assignments))
    }

    /// Where a membership or assignment points: the named type, or the `T` of the first `Ref<T>` in the field's type.
    ///
    /// It has to stand there as tokens: implementations of `MemberOf<…>` for two projections would overlap (E0119).
    pub(super) fn target(&self) -> Option<Type> {
        let named = self.attrs.named.value().and_then(|named| named.target.clone());
        named.or_else(|| {
            let mut finder = FirstRef(None);
            finder.visit_type(self.ty);
            finder.0
        })
    }

    /// What errors about the name it is sent under point to.
    pub(super) fn blame(&self) -> TokenStream {
        let named = self.attrs.named.get().map(|named| &named.key);
        let named = named.or(self.attrs.id.get().map(|id| &id.key)).map(ToTokens::to_token_stream);
        let field = || self.attrs.field.get().map(|field| field.value.to_token_stream());
        named.or_else(field).unwrap_or_else(|| self.ident.to_token_stream())
    }
}

impl Role {
    fn of(attrs: &FieldAttrs, name: &str, kind: Option<Kind>) -> Self {
        // Without a kind, which is an error of its own, every protocol field may be meant.
        let own = |protocol: &&Protocol| kind.is_none_or(|kind| protocol.is_of(kind));
        if attrs.skip.is_set() {
            Role::Skipped
        } else if !attrs.clean {
            Role::Unclear
        } else if let Some(named) = attrs.named.value() {
            Role::Protocol(named.protocol)
        } else if let (true, Some(protocol)) = (attrs.id.is_set(), Protocol::named("id")) {
            Role::Protocol(protocol)
        } else if let Some(field) = attrs.field.value() {
            Role::Custom(field.value())
        } else if let Some(protocol) = Protocol::named(name).filter(own) {
            Role::Protocol(protocol)
        } else {
            Role::Unmapped
        }
    }
}

struct FirstRef(Option<Type>);

impl<'ast> Visit<'ast> for FirstRef {
    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        if segment.ident == "Ref"
            && let PathArguments::AngleBracketed(arguments) = &segment.arguments
            && let Some(GenericArgument::Type(target)) = arguments.args.first()
        {
            self.0.get_or_insert_with(|| target.clone());
        }
        visit::visit_path_segment(self, segment);
    }
}
