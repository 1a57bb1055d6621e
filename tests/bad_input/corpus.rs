//! Reading the corpus.

use std::path::Path;

use serde::de::DeserializeOwned;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File<T> {
    case: Vec<T>,
}

/// The cases of every file in this folder of the corpus. There are at least `least`: a corpus may grow, and not shrink.
#[track_caller]
pub fn cases<T: DeserializeOwned>(folder: &str, least: usize) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_input/corpus").join(folder);
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let read: File<T> = toml::from_str(&text).unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
        cases.extend(read.case);
    }
    assert!(cases.len() >= least, "{} cases in {}, {least} expected", cases.len(), folder.display());
    cases
}

/// Writes out what a case abbreviates: `⟪300×ab⟫` is `ab` 300 times, `⟪hex ff fe⟫` is two bytes, and `⟪name⟫` is one of
/// `names`.
pub fn expand(text: &str, names: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut parts = text.split('⟪');
    out.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let (short, rest) = part.split_once('⟫').unwrap_or_else(|| panic!("`⟪{part}` has no end"));
        if let Some(bytes) = short.strip_prefix("hex ") {
            out.extend(bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()));
        } else if let Some((count, what)) = short.split_once('×') {
            out.extend(what.as_bytes().repeat(count.parse().unwrap()));
        } else {
            let (_, value) =
                names.iter().find(|(name, _)| *name == short).unwrap_or_else(|| panic!("what is `{short}`?"));
            out.extend_from_slice(value.as_bytes());
        }
        out.extend_from_slice(rest.as_bytes());
    }
    out
}

/// The same of what is text.
pub fn expand_text(text: &str, names: &[(&str, &str)]) -> String {
    String::from_utf8(expand(text, names)).unwrap()
}
