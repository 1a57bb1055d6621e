use crate::journal::{KnownType, OpenSession, SessionJournal, SessionState};

use super::*;

#[tokio::test]
async fn what_is_written_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    set_app(&journal).await;
    journal.set_registered("team", Kind::Group, "Teams").await.unwrap();
    completed(&journal, &["1", "2"], vec![employee("a")]).await;
    drop(journal);

    let journal = open(&directory);
    assert_eq!(journal.app().await.unwrap(), Some(app()));
    assert_eq!(journal.completed_at().await.unwrap(), Some(NOW));
    let types = journal.types().await.unwrap();
    let of = |slug: &str, registered: Option<(&str, &str)>, known| KnownType {
        slug: slug.into(),
        name: registered.map(|(_, name)| name.into()),
        kind: registered.map(|(kind, _)| kind.into()),
        known,
    };
    assert_eq!(
        types,
        [of("employee", None, 1), of("team", Some(("group", "Teams")), 2)],
        "by slug; only one was registered"
    );
}

#[tokio::test]
async fn a_display_name_is_replaced() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.set_registered("team", Kind::Group, "Teams").await.unwrap();
    journal.set_registered("team", Kind::Group, "Crews").await.unwrap();
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

/// The types beside `employee`, and whether each needs approval.
async fn unread(journal: &SqliteJournal) -> Vec<(String, u64, bool)> {
    let unread = journal.unread_types(&["employee"]).await.unwrap();
    unread.into_iter().map(|one| (one.slug.clone(), one.at_stake, one.needs_approval())).collect()
}

#[tokio::test]
async fn a_type_that_was_registered_and_never_pushed_to_needs_no_approval() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.note_type("team", "group", false).await.unwrap();
    journal.set_registered("team", Kind::Group, "Teams").await.unwrap();
    assert_eq!(unread(&journal).await, [("team".to_owned(), 0, false)]);
}

#[tokio::test]
async fn a_type_with_known_records_needs_approval_until_a_completed_session_has_removed_them() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &["1", "2"], vec![employee("a")]).await;
    assert_eq!(unread(&journal).await, [("team".to_owned(), 2, true)]);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("a")).await;
    journal.set_absent("team", vec!["1".to_owned(), "2".to_owned()]).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(
        unread(&journal).await,
        [("team".to_owned(), 0, false)],
        "Iden may have spared them (P12); that was approved"
    );
}

#[tokio::test]
async fn a_type_that_someone_else_registered_needs_approval_until_a_session_is_completed() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.note_type("crew", "group", true).await.unwrap();
    journal.note_type("crew", "", false).await.unwrap();
    assert_eq!(unread(&journal).await, [("crew".to_owned(), 0, true)]);
    assert_eq!(journal.types().await.unwrap()[0].kind.as_deref(), Some("group"));
    completed(&journal, &[], vec![employee("a")]).await;
    assert_eq!(unread(&journal).await, [("crew".to_owned(), 0, false)]);
}

#[tokio::test]
async fn an_id_is_unknown_once_records_of_its_type_are_known() {
    let journal = SqliteJournal::in_task().unwrap();
    let unknown = async || journal.unknown("employee", &["a".to_owned(), "b".to_owned()]).await.unwrap();
    assert_eq!(unknown().await, [""; 0], "nothing was read yet");
    completed(&journal, &["1"], vec![employee("a")]).await;
    assert_eq!(unknown().await, ["b"]);
}
