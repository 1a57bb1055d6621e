//! What a handler's signature must be.

use quote::ToTokens;
use syn::{GenericParam, Lifetime, Safety, TypeImplTrait, TypeReference, visit::Visit};

use super::model::Function;
use crate::errors::Errors;

pub(super) fn check(function: &Function, errors: &mut Errors) -> Usable {
    let mut usable = Usable { as_it_is: true, types: true };
    if function.is_method() {
        // Nothing else matters then.
        it_is_no_method(function, errors);
        return usable;
    }
    it_is_async(function, errors);
    it_is_plain(function, errors);
    it_takes_two_arguments(function, errors);
    the_context_comes_first(function, errors);
    its_types_are_owned_and_named(function, errors, &mut usable);
    it_has_no_lifetimes(function, errors, &mut usable);
    it_returns_a_result(function, errors);
    usable
}

/// What the second half may use of a function with mistakes.
pub(super) struct Usable {
    /// The function can be shown to the compiler as it was written.
    pub(super) as_it_is: bool,
    /// The types of its arguments can stand elsewhere.
    pub(super) types: bool,
}

/// Handlers are free functions.
fn it_is_no_method(function: &Function, errors: &mut Errors) {
    errors.at(
        function.sig.receiver(),
        "a task handler is a free function: move it out of the `impl` block, `TaskContext<S>` gives it your system",
    );
}

/// Handlers are async.
fn it_is_async(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if sig.asyncness.is_none() {
        errors.at(sig.fn_token, format_args!("a task handler is async: `async fn {}`", sig.ident));
    }
}

/// No `const`, `unsafe`, `extern` or `...`.
fn it_is_plain(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    let mut refuse = |tokens: Option<&dyn ToTokens>, what: &str| {
        if let Some(tokens) = tokens {
            errors.at(tokens.to_token_stream(), format_args!("a task handler is not {what}"));
        }
    };
    refuse(sig.constness.as_ref().map(|token| token as _), "`const`");
    if let Safety::Unsafe(token) = &sig.safety {
        refuse(Some(token), "`unsafe`");
    }
    refuse(sig.abi.as_ref().map(|token| token as _), "`extern`");
    refuse(sig.variadic.as_ref().map(|token| token as _), "variadic");
}

/// The context and the payload.
fn it_takes_two_arguments(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    let count = sig.inputs.len();
    if count == 2 {
        return;
    }
    let message = format!(
        "a task handler takes two arguments, this one takes {count}: \
         `async fn {}(cx: TaskContext<System>, task: SuspendAccount<Employee>)`",
        sig.ident
    );
    if count > 2 {
        errors.at(
            sig.inputs.iter().skip(2).map(ToTokens::to_token_stream).collect::<proc_macro2::TokenStream>(),
            message,
        );
    } else {
        errors.push(syn::Error::new(sig.paren_token.span.join(), message));
    }
}

/// The other way round, the compiler would call both arguments wrong.
fn the_context_comes_first(function: &Function, errors: &mut Errors) {
    if function.is_swapped()
        && let Some((payload, context)) = function.arguments()
    {
        let message = format!("the context comes first: `(cx: {}, task: {})`", plain(context), plain(payload));
        errors.at(&function.sig.inputs, message);
    }
}

/// A task outlives every borrow, and its types must have names.
fn its_types_are_owned_and_named(function: &Function, errors: &mut Errors, usable: &mut Usable) {
    for ty in function.argument_types() {
        Owned { errors, usable }.visit_type(ty);
    }
    // Without what it returns, a stub can do.
    let types = usable.types;
    function.output().into_iter().for_each(|ty| Owned { errors, usable }.visit_type(ty));
    usable.types = types;
}

struct Owned<'e> {
    errors: &'e mut Errors,
    usable: &'e mut Usable,
}

impl<'ast> Visit<'ast> for Owned<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let owned = plain(&reference.elem);
        self.errors.at(reference, format_args!("a task handler takes and returns values, no borrows: `{owned}`"));
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident == "_" {
            self.errors.at(lifetime, "a task outlives every borrow: write `'static` here");
            self.usable.as_it_is = false;
        }
    }

    fn visit_type_impl_trait(&mut self, of_trait: &'ast TypeImplTrait) {
        self.errors.at(of_trait, "the types of a handler have names: write the type, or a type parameter `<T: …>`");
        self.usable.types = false;
    }
}

fn plain(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, plain) in [(" < ", "<"), (" >", ">"), (" :: ", "::"), (" ,", ",")] {
        text = text.replace(spaced, plain);
    }
    text
}

/// Types may be parameters, lifetimes not.
fn it_has_no_lifetimes(function: &Function, errors: &mut Errors, usable: &mut Usable) {
    for param in &function.sig.generics.params {
        if let GenericParam::Lifetime(param) = param {
            errors.at(param, "a task outlives every borrow: write `'static` in place of this lifetime");
            usable.as_it_is = false;
        }
    }
}

/// A handler says how it ended.
fn it_returns_a_result(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if function.output().is_none() {
        let message = "a task handler says how it ended: `-> Result<(), TaskError>`\n\
             for `CreateAccount<R>` it is `Result<Created<R>, TaskError>`, for `ResetPassword<R>` \
             `Result<NewPassword, TaskError>`; an error enum of your own with `#[derive(BridgeError)]` does as well";
        errors.at(&sig.ident, message);
    }
}
