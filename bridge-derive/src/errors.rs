//! Collects errors, so that one build shows all of them.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far. Must end in [`Errors::finish`]: dropped before, it panics, so that none is forgotten.
pub(crate) struct Errors {
    found: Option<syn::Error>,
    finished: bool,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Errors { found: None, finished: false }
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            none => *none = Some(error),
        }
    }

    /// An error under all of `tokens`. `Error::new` with their joined span would underline only the first.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// The value, or its error put with the others.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// `Err`: what makes the compiler show every error, the first one apart from the others.
    pub(crate) fn finish_apart(mut self) -> Result<(), (TokenStream, TokenStream)> {
        self.finished = true;
        let Some(found) = self.found.take() else { return Ok(()) };
        let mut found = found.into_iter().map(syn::Error::into_compile_error);
        Err((found.next().unwrap_or_default(), found.collect()))
    }

    /// `Err`: what makes the compiler show every error.
    pub(crate) fn finish(mut self) -> Result<(), TokenStream> {
        self.finished = true;
        self.found.take().map_or(Ok(()), |found| Err(found.into_compile_error()))
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(self.finished || std::thread::panicking(), "errors were collected and not shown");
    }
}
