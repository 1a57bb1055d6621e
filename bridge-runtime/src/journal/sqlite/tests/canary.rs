use bridge_core::PASSWORD;
use serde_json::json;

use super::*;
use crate::journal::PlanJournal;

/// Whether this stands in any file of the journal.
fn found(directory: &tempfile::TempDir, text: &str) -> bool {
    bytes_of(&directory.path().join("app")).windows(text.len()).any(|bytes| bytes == text.as_bytes())
}

/// What the journal is given of a record holds no contents, so that none can be in its files; and what a task's payload
/// or a page says beside that does not reach it at all.
#[tokio::test]
async fn no_contents_of_records_are_in_any_file() {
    const CONTENTS: [&str; 4] = ["ada@example.com", "Lovelace", "hunter2", "Ada"];
    let record = json!({
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
    start(&journal, &task(1, Some("e-1"))).await;
    end(&journal, &task(1, Some("e-1")), touching(None)).await;

    let found = |text: &str| found(&directory, text);
    assert!(found("e-1") && found("employee"), "the files are those that were looked into");
    for text in CONTENTS {
        assert!(!found(text), "{text}");
    }
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    drop(journal);
    for text in CONTENTS {
        assert!(!found(text), "{text}");
    }
}

#[tokio::test]
async fn a_password_in_a_report_is_in_no_file_and_that_there_was_one_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let created = task(1, None);
    start(&journal, &created).await;
    let result = json!({"id": "e-7", PASSWORD: "hunter2"}).as_object().cloned();
    let end = TaskEnd { report: TaskReport::completed(result), secret: false };
    journal.end_task(&created, &end, touching(Some(account("e-7"))), NOW).await.unwrap();
    assert!(found(&directory, "e-7"), "the files are those that were looked into");
    assert!(!found(&directory, "hunter2"));
    drop(journal);
    assert!(!found(&directory, "hunter2"), "after its end");

    let ended = open(&directory).tasks(vec![created.id]).await.unwrap().remove(0).end.unwrap();
    let result = json!({"id": "e-7"}).as_object().cloned();
    assert_eq!(ended, TaskEnd { report: TaskReport::completed(result), secret: true });
}
