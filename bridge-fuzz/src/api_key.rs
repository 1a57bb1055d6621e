//! API keys, as an environment, a file or a person gives them.

use bridge_runtime::client::ApiKey;

/// A key that is taken is one word of visible ASCII, whatever line end stood behind it. None is ever shown, taken or not.
pub fn api_key(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let bare = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
    let is_one = !bare.is_empty() && bare.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    let shown = match ApiKey::new(text.to_string()) {
        Ok(key) => {
            assert!(is_one, "{bare:?} is no key");
            format!("{key:?} {key:#?}")
        }
        Err(error) => {
            assert!(!is_one, "{error}: {bare:?}");
            format!("{error} {error:?}")
        }
    };
    // A shorter text may stand in any sentence.
    assert!(bare.len() < 24 || !shown.contains(bare), "{shown}");
}
