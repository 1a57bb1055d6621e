//! What a handler's signature must be.

use quote::ToTokens;
use syn::{
    GenericParam, Lifetime, Safety, Type, TypeImplTrait, TypeReference,
    visit::{self, Visit},
};

use super::model::Function;
use crate::errors::Errors;

pub(super) fn check(function: &Function, errors: &mut Errors) {
    if function.is_method() {
        // Nothing else matters then.
        return it_is_no_method(function, errors);
    }
    it_is_async(function, errors);
    it_is_plain(function, errors);
    it_takes_two_arguments(function, errors);
    its_arguments_are_owned(function, errors);
    it_has_no_lifetimes(function, errors);
    it_returns_a_result(function, errors);
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

/// A task outlives every borrow, and its types must have names.
fn its_arguments_are_owned(function: &Function, errors: &mut Errors) {
    for ty in function.argument_types().chain(function.output()) {
        Unnamed(errors).visit_type(ty);
    }
}

struct Unnamed<'e>(&'e mut Errors);

impl<'ast> Visit<'ast> for Unnamed<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference.lifetime.is_none() {
            let owned = match &*reference.elem {
                Type::Path(_) => format!(", as in `{}`", plain(&reference.elem)),
                _ => String::new(),
            };
            self.0.at(reference, format_args!("a task handler takes and returns values, not borrows{owned}"));
        } else {
            visit::visit_type_reference(self, reference);
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident == "_" {
            self.0.at(lifetime, "a task outlives every borrow: name the type with `'static` here");
        }
    }

    fn visit_type_impl_trait(&mut self, of_trait: &'ast TypeImplTrait) {
        self.0.at(of_trait, "the types of a handler have names: write the type, or a type parameter `<T: …>`");
    }
}

fn plain(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(" < ", "<").replace(" >", ">").replace(" :: ", "::")
}

/// Types may be parameters, lifetimes not.
fn it_has_no_lifetimes(function: &Function, errors: &mut Errors) {
    for param in &function.sig.generics.params {
        if let GenericParam::Lifetime(param) = param {
            errors.at(param, "a task outlives every borrow: name the type with `'static` in place of this lifetime");
        }
    }
}

/// A handler says how it ended.
fn it_returns_a_result(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if function.output().is_none() {
        let message = format!(
            "a task handler says how it ended: `-> Result<(), TaskError>`\n\
             for `CreateAccount<R>` it is `Result<Created<R>, TaskError>`, for `ResetPassword<R>` \
             `Result<NewPassword, TaskError>`; an error enum of your own with `#[derive(BridgeError)]` does as well"
        );
        errors.at(&sig.ident, message);
    }
}
