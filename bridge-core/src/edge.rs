//! What can stand in a membership or assignment field.

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
};

use crate::{BridgeId, FieldError, Ref, Resource, TextField};

/// What can stand in a field that points to `T`: `Ref<T>`, the text or number of an id, or a list, set or `Option` of
/// them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not point to `{T}`",
    label = "not a reference to `{T}`",
    note = "use `Vec<Ref<{T}>>`, `Option<Ref<{T}>>`, or ids as text; convert other types: `#[bridge(…, with = path)]`"
)]
pub trait EdgeField<T> {
    /// Calls `add` with each id.
    ///
    /// # Errors
    /// A value that is no id of a `T`.
    fn each(&self, add: &mut dyn FnMut(String)) -> Result<(), FieldError>;
}

impl<T: Resource> EdgeField<T> for Ref<T> {
    fn each(&self, add: &mut dyn FnMut(String)) -> Result<(), FieldError> {
        add(self.id().to_wire());
        Ok(())
    }
}

macro_rules! ids {
    ($($t:ty)*) => { $(
        impl<T: Resource> EdgeField<T> for $t {
            fn each(&self, add: &mut dyn FnMut(String)) -> Result<(), FieldError> {
                let Some(text) = self.text()? else { return Ok(()) };
                if T::Id::from_wire(&text).is_none() {
                    return Err(FieldError::new(format_args!("`{text}` is no id of a `{}`", T::SLUG)));
                }
                add(text.into_owned());
                Ok(())
            }
        }
    )* };
}

ids! { str String std::borrow::Cow<'_, str> u8 u16 u32 u64 i32 i64 uuid::Uuid }

macro_rules! lists {
    ($(<$f:ident> $t:ty;)*) => { $(
        impl<T: Resource, $f: EdgeField<T>> EdgeField<T> for $t {
            fn each(&self, add: &mut dyn FnMut(String)) -> Result<(), FieldError> {
                self.iter().try_for_each(|one| one.each(add))
            }
        }
    )* };
}

lists! { <F> Vec<F>; <F> [F]; <F> Option<F>; <F> BTreeSet<F>; }

impl<T: Resource, F: EdgeField<T>, S> EdgeField<T> for HashSet<F, S> {
    // A hash set has no order of its own; equal records must be equal bytes.
    fn each(&self, add: &mut dyn FnMut(String)) -> Result<(), FieldError> {
        let mut ids = BTreeSet::new();
        self.iter().try_for_each(|one| {
            one.each(&mut |id| {
                ids.insert(id);
            })
        })?;
        ids.into_iter().for_each(add);
        Ok(())
    }
}

impl<T: Resource, F: EdgeField<T> + ?Sized> EdgeField<T> for &F {
    fn each(&self, add: &mut dyn FnMut(String)) -> Result<(), FieldError> {
        F::each(self, add)
    }
}

impl<T: Resource, F: EdgeField<T>, E: fmt::Display> EdgeField<T> for Result<F, E> {
    fn each(&self, add: &mut dyn FnMut(String)) -> Result<(), FieldError> {
        self.as_ref().map_err(FieldError::new)?.each(add)
    }
}
