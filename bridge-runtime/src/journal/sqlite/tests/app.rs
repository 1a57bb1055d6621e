use crate::journal::{KnownType, OpenSession, SessionJournal, SessionState};

use super::*;

#[tokio::test]
async fn what_is_written_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    set_app(&journal).await;
    journal.set_registered("team", "Teams").await.unwrap();
    completed(&journal, &["1", "2"], vec![employee("a")]).await;
    drop(journal);

    let journal = open(&directory);
    assert_eq!(journal.app().await.unwrap(), Some(app()));
    assert_eq!(journal.completed_at().await.unwrap(), Some(NOW));
    let types = journal.types().await.unwrap();
    let of = |slug: &str, name: Option<&str>, known| KnownType { slug: slug.into(), name: name.map(Into::into), known };
    assert_eq!(types, [of("employee", None, 1), of("team", Some("Teams"), 2)], "by slug; only one was registered");
}

#[tokio::test]
async fn a_display_name_is_replaced() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.set_registered("team", "Teams").await.unwrap();
    journal.set_registered("team", "Crews").await.unwrap();
    assert_eq!(journal.types().await.unwrap()[0].name.as_deref(), Some("Crews"));
}

#[tokio::test]
async fn another_app_begins_with_nothing() {
    let journal = SqliteJournal::in_task().unwrap();
    set_app(&journal).await;
    completed(&journal, &["1"], vec![member("a", &["1"])]).await;

    let same = KnownApp { origin: Origin::Inherited, ..app() };
    journal.set_app(same).await.unwrap();
    assert_eq!((journal.app().await.unwrap(), known(&journal, "employee").await.len()), (Some(same), 1));

    // Even of a session that is being completed.
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("employee", vec!["a".to_owned()]).await.unwrap();
    let session = OpenSession { id: Some(APP.parse().unwrap()), state: SessionState::Completing, since: NOW };
    journal.begin_completing(session).await.unwrap();
    let other = KnownApp { id: "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11".parse().unwrap(), origin: Origin::Created };
    journal.set_app(other).await.unwrap();
    assert_eq!(journal.app().await.unwrap(), Some(other));
    assert_eq!(journal.completed_at().await.unwrap(), None);
    assert_eq!(journal.types().await.unwrap(), []);
    assert_eq!(journal.session().await.unwrap(), None);
    assert!(known(&journal, "employee").await.is_empty());
}
