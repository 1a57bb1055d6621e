//! Reading the corpus, and running its cases side by side.

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use tokio::{sync::Semaphore, task::JoinSet};

/// How long one case may take: far more than it needs, on a machine that has others to do.
const LIMIT: Duration = Duration::from_secs(30);
/// How many run at once.
const AT_ONCE: usize = 16;

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

/// Runs every case and tells of all that fail, not only of the first. A case that panics or takes too long fails.
pub async fn run<T, F>(cases: Vec<(String, T)>, check: impl Fn(T) -> F)
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let count = cases.len();
    let (room, mut running) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for (name, case) in cases {
        let (room, checked) = (room.clone(), check(case));
        running.spawn(async move {
            let _place = room.acquire_owned().await.unwrap();
            // On a task of its own: a panic in it is a failure of this case, with its name.
            let ended = tokio::time::timeout(LIMIT, tokio::spawn(checked)).await;
            let failure = match ended {
                Ok(Ok(Ok(()))) => None,
                Ok(Ok(Err(failure))) => Some(failure),
                Ok(Err(panic)) => Some(format!("it panics: {panic}")),
                Err(_) => Some(format!("it takes longer than {LIMIT:?}")),
            };
            failure.map(|failure| format!("- {name}: {failure}"))
        });
    }
    let mut failures: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    failures.sort();
    assert!(failures.is_empty(), "{} of {count} cases fail:\n{}", failures.len(), failures.join("\n"));
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

/// Shortens what is told of a failure: some cases are megabytes.
pub fn told(text: &str) -> String {
    text.chars().take(400).collect()
}
