//! The header that carries the API key; and the new key, when the old one is refused.

use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use reqwest::header::{HeaderValue, InvalidHeaderValue};

use super::{ApiKey, ClientBuildError, redaction::SCHEME};

/// The header for the next request.
pub(super) struct Authorization {
    header: RwLock<HeaderValue>,
    /// Where a new key would be.
    file: Option<PathBuf>,
}

impl Authorization {
    pub(super) fn new(key: &ApiKey) -> Result<Self, ClientBuildError> {
        let unfit = |_| ClientBuildError::Http { why: "the API key does not fit into a header".to_owned() };
        let header = RwLock::new(header(key).map_err(unfit)?);
        Ok(Self { header, file: key.file().map(ToOwned::to_owned) })
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.header.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The header to use in place of one that was `refused`; `None` where there is no other key.
    ///
    /// Compared with what was refused and not with the present one: of two requests that are refused at the same time,
    /// the second finds the header renewed by the first, and must be sent again too.
    pub(super) fn instead_of(&self, refused: &HeaderValue) -> Option<HeaderValue> {
        let file = self.file.as_ref()?;
        // A short file, read only after a refusal: not worth a thread of its own.
        let key =
            ApiKey::from_file(file).inspect_err(|error| tracing::warn!("no other key was found: {error}")).ok()?;
        let found = header(&key).ok().filter(|found| found != refused)?;
        tracing::info!("the API key was refused, and {} has another one now: trying that", file.display());
        *self.header.write().unwrap_or_else(PoisonError::into_inner) = found.clone();
        Some(found)
    }
}

fn header(key: &ApiKey) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut header = HeaderValue::try_from(format!("{SCHEME}{}", key.expose()))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_key_that_did_not_come_from_a_file_has_no_other() {
        let authorization = Authorization::new(&ApiKey::new("old").unwrap()).unwrap();
        assert_eq!(authorization.instead_of(&authorization.header()), None);
    }

    #[test]
    fn a_new_key_in_the_file_replaces_the_refused_one_for_every_request() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "old\n").unwrap();
        let authorization = Authorization::new(&ApiKey::from_file(&file).unwrap()).unwrap();
        let old = authorization.header();
        assert_eq!(authorization.instead_of(&old), None, "the file has the refused key");

        fs::write(&file, "new\n").unwrap();
        // Two requests that left with the old key are both refused.
        for _ in 0..2 {
            let new = authorization.instead_of(&old).unwrap();
            assert_eq!(new, "Api-Key new");
            assert!(new.is_sensitive());
        }
        assert_eq!(authorization.header(), "Api-Key new");
    }

    #[test]
    fn a_file_that_is_gone_or_half_written_leaves_the_key_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "old").unwrap();
        let authorization = Authorization::new(&ApiKey::from_file(&file).unwrap()).unwrap();
        let old = authorization.header();
        fs::write(&file, "").unwrap();
        assert_eq!(authorization.instead_of(&old), None);
        fs::remove_file(&file).unwrap();
        assert_eq!(authorization.instead_of(&old), None);
        assert_eq!(authorization.header(), old);
    }
}
