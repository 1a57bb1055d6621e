//! The key that opens Bridge.

use secrecy::{ExposeSecret, SecretString};

/// An API key (protocol.md section 1). Its memory is wiped at the end, and `Debug` does not show it.
///
/// ```
/// use bridge_runtime::client::ApiKey;
///
/// let key = ApiKey::new("k-123\n")?; // one line end is cut off, as files have one
/// assert!(!format!("{key:?}").contains("k-123"));
/// assert!(ApiKey::new("Api-Key k-123").is_err());
/// # Ok::<(), bridge_runtime::client::ApiKeyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ApiKey(SecretString);

/// The text cannot be an API key. The error never repeats it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// Nothing is there.
    #[error("the API key is empty")]
    Empty,
    /// A space, a tab or a line end inside.
    #[error("the API key has white space in it: give the key alone, in one line, without `Api-Key` before it")]
    WhiteSpace,
    /// A character that cannot stand in a header.
    #[error("the API key has a character that no key has (not printable ASCII): was it copied completely?")]
    OddCharacter,
}

impl ApiKey {
    /// Checks a key. One line end behind it is cut off.
    pub fn new(key: impl Into<SecretString>) -> Result<Self, ApiKeyError> {
        let key: SecretString = key.into();
        let text = key.expose_secret();
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.is_empty() {
            return Err(ApiKeyError::Empty);
        }
        if text.chars().any(char::is_whitespace) {
            return Err(ApiKeyError::WhiteSpace);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ApiKeyError::OddCharacter);
        }
        Ok(Self(text.into()))
    }

    /// The key itself, for the one header that carries it.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_checked_and_never_repeated() {
        for (key, fault) in [
            ("", ApiKeyError::Empty),
            ("\n", ApiKeyError::Empty),
            (" hunter2", ApiKeyError::WhiteSpace),
            ("hunter2\n\n", ApiKeyError::WhiteSpace),
            ("hunter2\u{a0}", ApiKeyError::WhiteSpace),
            ("hunter2é", ApiKeyError::OddCharacter),
            ("hunter2\0", ApiKeyError::OddCharacter),
        ] {
            let came = ApiKey::new(key).unwrap_err();
            assert!(!came.to_string().contains("hunter2"));
            assert_eq!(came, fault, "{key:?}");
        }
        assert_eq!(ApiKey::new("hunter2\r\n").unwrap().expose(), "hunter2");
    }
}
