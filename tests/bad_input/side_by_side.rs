//! Running many cases side by side.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet};

/// How long one case may take: far more than it needs, on a machine that has others to do.
const LIMIT: Duration = Duration::from_secs(30);
/// How many run at once.
const AT_ONCE: usize = 16;

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

/// Shortens what is told of a failure: some cases are megabytes.
pub fn told(text: &str) -> String {
    text.chars().take(400).collect()
}

/// Whether this is fit for a terminal and a log: it forges no line, and nothing in it hides or turns around.
pub fn is_printable(text: &str) -> bool {
    let turns =
        |char| matches!(char, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !text.chars().any(|char| char.is_control() || turns(char))
}
