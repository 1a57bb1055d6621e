use bridge_core::wire::{TaskId, TaskReport};

use super::*;
use crate::journal::{BegunTask, PlanJournal, TaskJournal};

/// What the journal is given of a record holds no contents, so that none can be in its files; and what a task's payload
/// or a page says beside that does not reach it at all.
#[tokio::test]
async fn no_contents_of_records_are_in_any_file() {
    const CONTENTS: [&str; 4] = ["ada@example.com", "Lovelace", "hunter2", "Ada"];
    let record = serde_json::json!({
        "id": "e-1", "email": CONTENTS[0], "display_name": CONTENTS[1], "password": CONTENTS[2], "first_name": CONTENTS[3],
    });
    let fingerprint = crate::journal::scan::first_eight(record.to_string().as_bytes());
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    set_app(&journal).await;
    completed(&journal, &["1"], vec![Seen { fingerprint, ..member("e-1", &["1"]) }, employee("e-2")]).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1"]).await;
    see_one(&journal, with_status(Status::Suspended, Seen { fingerprint, ..member("e-1", &[]) })).await;
    journal.set_absent("employee", vec!["e-2".to_owned()]).await.unwrap();
    journal.set_plan(&[], NOW).await.unwrap();
    let task: TaskId = APP.parse().unwrap();
    let begun = BegunTask { id: task, slug: "employee".to_owned(), account: Some("e-1".to_owned()) };
    journal.begin_task(&begun).await.unwrap();
    journal.set_outcome(task, &TaskReport::completed(None), touching(None)).await.unwrap();

    let folder = directory.path().join("app");
    let found = |text: &str| bytes_of(&folder).windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(found("e-1") && found("employee"), "the files are those that were looked into");
    for text in CONTENTS {
        assert!(!found(text), "{text}");
    }
    journal.end_scan(COMPLETED).await.unwrap();
    drop(journal);
    for text in CONTENTS {
        assert!(!found(text), "{text}");
    }
}
