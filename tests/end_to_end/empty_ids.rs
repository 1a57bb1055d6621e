//! Ids that nobody can see, and types that only share a slug.

use iden_bridge::{Tasks, connector::Connector, prelude::*};
use serde_json::json;

use crate::{
    company::{Company, Employee, Hr, Seat, Stage, Team, go_on},
    tasks::{about, all},
    trouble::people,
};

#[tokio::test]
async fn an_empty_id_in_a_task_is_an_invalid_payload() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let app = stage.app();
    let of = |account: serde_json::Value| bridge_sandbox::NewTask::new("suspend_account", "employee").account(account);
    let create = || bridge_sandbox::NewTask::new("create_account", "employee");
    let bad: Vec<_> = ["", " ", "\0"].map(|id| app.queue(of(json!({"id": id})))).into();
    let email = json!({"email": "new@acme.example"});
    let member = app.queue(create().account(email).memberships(json!({"team": ["red", " "]})));
    connector.tasks_once(&go_on()).await.unwrap();
    for task in bad.into_iter().chain([member]) {
        let task = app.task(task).unwrap();
        assert_eq!((task.status.as_str(), &task.error.unwrap()["code"]), ("failed", &json!("invalid_payload")));
    }
    assert_eq!(stage.company.effects(), 0);
    // Others go on.
    let good = app.queue(about("suspend_account", 1));
    connector.tasks_once(&go_on()).await.unwrap();
    app.assert_task_completed(good);
}

#[tokio::test]
async fn an_empty_id_in_a_record_makes_it_unreadable() {
    let stage = Stage::with(3).await;
    stage.company.change([2], |person| person.teams = vec![Ref::new("red"), Ref::new("\t")]);
    let connector = stage.attach().await;
    let report = connector.sync(&go_on()).await.unwrap();
    let people = people(&report);
    assert_eq!((people.unreadable, people.read), (1, 2));
    assert!(people.examples[0].contains("an id of a `team` is empty"), "{:?}", people.examples);
}

mod other {
    use iden_bridge::prelude::*;

    #[derive(BridgeResource)]
    #[bridge(group)]
    pub struct Team {
        pub id: String,
        pub name: String,
    }

    #[derive(BridgeResource)]
    #[bridge(account)]
    pub struct Employee {
        pub id: u32,
        pub email: String,
    }
}

impl Source<other::Team> for Hr {
    async fn read(&self, _: &Out<other::Team>) -> Result<(), SourceError> {
        Ok(())
    }
}

impl Source<other::Employee> for Hr {
    async fn read(&self, _: &Out<other::Employee>) -> Result<(), SourceError> {
        Ok(())
    }
}

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<other::Employee>) -> Result<(), TaskError> {
    Ok(())
}

#[test]
fn a_type_is_not_registered_by_another_one_with_its_slug() {
    let open = |_: NoSettings| async { Ok::<_, std::io::Error>(Hr(Company::of(1))) };
    let builder = Connector::builder("Acme", open).resource::<Employee>().resource::<other::Team>().resource::<Seat>();
    let tasks: Tasks<Hr> = tasks![suspend];
    let error = builder.tasks(tasks).limits::<Team>(|usual| usual).build().unwrap_err().to_string();
    for of in [
        "the memberships of `employee`: the slug `team`",
        "limits: the slug `team`",
        "the handler `suspend`: the slug `employee`",
    ] {
        assert!(error.contains(&format!("{of} is registered for another Rust type")), "{error}");
    }
    assert_eq!(error.lines().count(), 4, "{error}");
}
