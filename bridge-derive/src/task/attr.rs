//! The arguments of `#[bridge_task(…)]`.

use proc_macro2::TokenStream;
use syn::{ExprPath, Ident, LitInt, LitStr, Path, ext::IdentExt, parse::Parser};

use crate::{
    attr::{Slot, visit},
    duration,
    errors::Errors,
    names,
    paths::read_krate,
    suggest,
};

const KEYS: &[&str] = &["timeout", "retry", "on_interrupt", "verify", "action", "crate"];

const INTERRUPTIONS: &[&str] = &["rerun", "fail"];

/// What a handler says of itself.
pub(super) struct Args {
    /// In milliseconds.
    pub(super) timeout: Slot<u64>,
    /// How often in all.
    pub(super) retry: Slot<u32>,
    pub(super) interruption: Slot<Interruption>,
    pub(super) action: Slot<LitStr>,
    pub(super) krate: Slot<Path>,
    /// Whether every entry was understood.
    pub(super) clean: bool,
}

/// What an interruption of the handler means.
pub(super) enum Interruption {
    Rerun,
    Fail,
    Verify(ExprPath),
}

impl Args {
    pub(super) fn read(args: TokenStream, errors: &mut Errors) -> Self {
        let mut this = Args {
            timeout: Slot::new(),
            retry: Slot::new(),
            interruption: Slot::for_one("`verify` already says what happens after an interruption"),
            action: Slot::new(),
            krate: Slot::new(),
            clean: true,
        };
        let mut clean = true;
        let parsed = syn::meta::parser(|meta| {
            clean &= visit(meta, errors, &mut |entry, errors| {
                match entry.name().as_str() {
                    "timeout" => {
                        let text: LitStr = entry.value("a duration", "\"10s\"")?;
                        this.timeout.set(entry, duration::read(&text)?, errors);
                    }
                    "retry" => {
                        let number: LitInt = entry.value("how often the task is tried in all", "3")?;
                        this.retry.set(entry, attempts(&number)?, errors);
                    }
                    "on_interrupt" => {
                        let choice: Word = entry.value("`rerun` or `fail`", "rerun")?;
                        this.interruption.set(entry, Interruption::named(&choice.0)?, errors);
                    }
                    "verify" => this.interruption.set(entry, Interruption::Verify(entry.function()?), errors),
                    "action" => {
                        let action = entry.text()?;
                        if !names::is_snake_case(&action.value()) {
                            errors.at(&action, "an action is small letters, digits and `_`, as in \"grant_vpn\"");
                        }
                        this.action.set(entry, action, errors);
                    }
                    "crate" => read_krate(entry, &mut this.krate, errors)?,
                    _ => return Err(entry.unknown(KEYS)),
                }
                Ok(())
            })?;
            Ok(())
        })
        .parse2(args);
        this.clean = errors.take(parsed).is_some() && clean;
        this
    }
}

/// A word, which may be one of the language's.
struct Word(Ident);

impl syn::parse::Parse for Word {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        input.call(Ident::parse_any).map(Word)
    }
}

impl Interruption {
    fn named(word: &Ident) -> syn::Result<Self> {
        match word.to_string().as_str() {
            "rerun" => Ok(Interruption::Rerun),
            "fail" => Ok(Interruption::Fail),
            "verify" => Err(syn::Error::new_spanned(
                word,
                "name the function that verifies: `verify = path`, without `on_interrupt`",
            )),
            other => Err(syn::Error::new_spanned(word, suggest::unknown("choice", other, INTERRUPTIONS))),
        }
    }
}

fn attempts(number: &LitInt) -> syn::Result<u32> {
    let attempts =
        number.base10_parse().ok().filter(|attempts| (1..=100).contains(attempts) && number.suffix().is_empty());
    attempts.ok_or_else(|| syn::Error::new_spanned(number, "a task is tried 1 to 100 times in all"))
}
