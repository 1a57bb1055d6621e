//! The key that opens Bridge.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// The longest key file, in bytes. A key has less than a hundred; what is longer is another file.
const LONGEST_FILE: u64 = 64 * 1024;

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
pub struct ApiKey {
    text: SecretString,
    /// Where it was read, and where the next one will be.
    file: Option<PathBuf>,
}

/// There is no key, or the text cannot be one. The error never repeats it.
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
    /// The file cannot be read, or has no key in it.
    #[error("the key file {}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
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
        Ok(Self { text: text.into(), file: None })
    }

    /// Reads a key from a file that holds nothing else.
    ///
    /// A key from a file can be replaced while the connector runs: when the server answers 401 or 403,
    /// [`HttpTransport`](super::HttpTransport) reads the file again, and tries once more if another key stands there.
    /// Write a new key beside the old one and rename it over that, so that nobody reads half of it.
    ///
    /// The file is a regular one of at most 64 KiB, or a link to one. A pipe or a device is refused.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("api-key");
    /// # std::fs::write(&path, "k-123\n")?;
    /// use bridge_runtime::client::ApiKey;
    ///
    /// let key = ApiKey::from_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, ApiKeyError> {
        let path = path.into();
        let key = read(&path).map_err(|error| error.to_string());
        match key.and_then(|key| Self::new(key).map_err(|error| error.to_string())) {
            Ok(key) => Ok(Self { file: Some(path), ..key }),
            Err(why) => Err(ApiKeyError::File { path, why }),
        }
    }

    /// The file that it came from.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The key itself, for the one header that carries it.
    pub(super) fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

/// Reads a key file without waiting for a pipe, and without reading a device until memory ends.
fn read(path: &Path) -> io::Result<SecretString> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut key = String::new();
    // It may grow while it is read.
    file.take(LONGEST_FILE + 1).read_to_string(&mut key)?;
    if key.len() as u64 > LONGEST_FILE {
        return Err(io::Error::other("larger than 64 KiB"));
    }
    Ok(key.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

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

    #[test]
    fn a_file_that_has_no_key_is_named_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("api-key");
        for (content, said) in [
            (None, ""),
            (Some(&b"\n"[..]), "is empty"),
            (Some(b"Api-Key hunter2"), "white space"),
            (Some(b"hunter2\xff"), "UTF-8"),
        ] {
            if let Some(content) = content {
                fs::write(&file, content).unwrap();
            }
            let error = ApiKey::from_file(&file).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the key file {}: ", file.display())), "{error}");
            assert!(error.contains(said) && !error.contains("hunter2"), "{error}");
        }
        fs::write(&file, "hunter2\n").unwrap();
        let key = ApiKey::from_file(&file).unwrap();
        assert_eq!((key.expose(), key.file()), ("hunter2", Some(&*file)));
        assert!(!format!("{key:?}").contains("hunter2"));
    }
    #[cfg(unix)]
    #[test]
    fn a_key_file_is_a_regular_file_of_at_most_64_kib() {
        let folder = tempfile::tempdir().unwrap();
        let (file, pipe) = (folder.path().join("api-key"), folder.path().join("pipe"));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        fs::write(&file, "a".repeat(64 * 1024 + 1)).unwrap();
        for (path, why) in [
            (&*file, "larger than 64 KiB"),
            (&*pipe, "not a regular file"),
            (Path::new("/dev/zero"), "not a regular file"),
            (folder.path(), "not a regular file"),
        ] {
            let error = ApiKey::from_file(path).unwrap_err().to_string();
            assert_eq!(error, format!("the key file {}: {why}", path.display()));
        }
        // As Kubernetes mounts a secret.
        let link = folder.path().join("link");
        fs::write(&file, "hunter2\n").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(ApiKey::from_file(&link).unwrap().expose(), "hunter2");
    }
}
