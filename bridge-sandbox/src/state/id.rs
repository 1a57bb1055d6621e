use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::assumptions::Assumptions;

/// The form of an id under which its record is kept: two ids with one form are the same record (question P7).
pub(crate) fn canonical<'a>(id: &'a str, assumptions: &Assumptions) -> Cow<'a, str> {
    let mut form = Cow::Borrowed(if assumptions.ids_are_trimmed { id.trim() } else { id });
    if assumptions.ids_are_normalised {
        form = Cow::Owned(ComposingNormalizerBorrowed::new_nfc().normalize(&form).into_owned());
    }
    if assumptions.ids_ignore_case {
        form = Cow::Owned(form.to_lowercase());
    }
    form
}
