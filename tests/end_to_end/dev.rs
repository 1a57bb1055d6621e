//! What `dev --once` says is what its sandbox holds.

use iden_bridge::{
    Connector, Fleet,
    dev::{Rehearsal, Stage},
    prelude::*,
    telemetry::Telemetry,
};
use serde_json::json;

use crate::company::{Company, Employee, Employment, Hr, Seat, Team, go_on};

#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    let mut people = cx.people.lock().unwrap();
    let person = people.get_mut(task.id()).ok_or_else(|| TaskError::account_not_found(task.id()))?;
    person.status = Employment::OnLeave;
    Ok(())
}

fn rehearse(iden: &mut Rehearsal<'_>) {
    let first = iden.ids::<Employee>()[0];
    iden.queue::<SuspendAccount<Employee>>(&json!({"account": {"id": first.to_string()}}));
    iden.queue::<SuspendAccount<Employee>>(&json!({"account": {"id": "404"}}));
}

#[tokio::test]
async fn the_summary_of_dev_is_true() {
    let open = |_: NoSettings| async { Ok::<_, std::io::Error>(Hr(Company::of(30))) };
    let builder = Connector::builder("Acme HR", open).resource::<Team>().resource::<Seat>().resource::<Employee>();
    let fleet = Fleet::of(builder.tasks(tasks![suspend]).rehearsal(rehearse)).build().unwrap();
    let stage = Stage::set_up(fleet, &json!({}), &Telemetry::default()).await.unwrap();

    let summary = stage.once(&go_on()).await.unwrap();

    let (said, held) = (&summary.apps[0], stage.sandbox().app_named("Acme HR").unwrap());
    assert_eq!(said.id.to_string(), held.id().to_string());
    for slug in ["team", "seat", "employee"] {
        let counts = &said.held[slug];
        assert_eq!(counts.active + counts.suspended + counts.inactive, held.active(slug), "{slug}");
        assert_eq!(counts.removed, held.removed(slug).len(), "{slug}");
    }
    assert_eq!((said.held["employee"].active, said.held["employee"].suspended), (29, 1));
    assert_eq!(held.records("employee").iter().filter(|record| record.status == "suspended").count(), 1);
    let reported: Vec<_> = held.tasks().into_iter().map(|task| task.status).collect();
    assert_eq!(said.tasks.iter().map(|task| task.status.clone()).collect::<Vec<_>>(), reported);
    assert_eq!(said.tasks[0].after.as_ref(), held.record("employee", "1").map(|record| record.fields).as_ref());
    assert_eq!(said.tasks[1].code.as_deref(), Some("account_not_found"));
    assert_eq!((said.round.completed(), said.round.failed()), (1, 1));
    let shown = summary.to_string();
    assert!(shown.contains("  left        in the external system, not undone: suspend_account 1\n"), "{shown}");
    assert!(
        shown.contains("tasks       1 completed, 1 failed") && shown.contains("status: active -> suspended"),
        "{shown}"
    );
}
