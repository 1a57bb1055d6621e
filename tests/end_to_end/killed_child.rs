//! A connector that syncs in a process of its own, to be killed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bridge_sandbox::Fault;
use iden_bridge::{
    client::ApiKey,
    clock::SystemClock,
    connector::{Connector, Target},
    journal::{OpenSession, SessionJournal, SqliteJournal},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    child_process::{self, Child, FOR_GOOD, say},
    company::{Company, Employee, Employment, Hr, Mood, NAME, Seat, Stage, Team, employee, go_on},
    trouble::calls,
};

const LOOKING_UP: &str = "looking somebody up";

/// What the child is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Orders {
    pub people: u32,
    /// Its source fails after the last of them.
    pub fails: bool,
    /// Its look-ups say so, and never end.
    pub looks_up: bool,
    /// This one is on leave.
    pub on_leave: Option<u32>,
}

impl Orders {
    pub fn of(people: u32) -> Self {
        Orders { people, ..Orders::default() }
    }

    /// What has changed in the source since it was synced: number 1 has left, number 0 is new.
    pub fn change(&self, company: &Company) {
        let mut people = company.people.lock().unwrap();
        people.remove(&1);
        people.insert(0, employee(0));
        if let Some(number) = self.on_leave {
            people.get_mut(&number).unwrap().status = Employment::OnLeave;
        }
    }
}

/// The child's system.
struct Subject {
    hr: Hr,
    looks_up: bool,
}

impl Source<Team> for Subject {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        self.hr.read(out).await
    }
}

impl Source<Seat> for Subject {
    async fn read(&self, out: &Out<Seat>) -> Result<(), SourceError> {
        self.hr.read(out).await
    }
}

impl Source<Employee> for Subject {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        self.hr.read(out).await
    }

    async fn find(&self, _: &u32) -> Result<Option<Employee>, SourceError> {
        if !self.looks_up {
            return Err(SourceError::no_find());
        }
        say(LOOKING_UP);
        std::future::pending().await
    }
}

/// What the child does: one sync.
#[tokio::test]
#[ignore = "no test: the child of those in `sync_killed`"]
async fn child() {
    let Some(((orders, url, key, state), _)) = child_process::orders::<(Orders, String, String, PathBuf)>() else {
        return;
    };
    let company = Company::of(orders.people);
    orders.change(&company);
    if orders.fails {
        let count = company.people.lock().unwrap().len();
        *company.mood.lock().unwrap() = Mood::FailsAfter(count);
    }
    let looks_up = orders.looks_up;
    let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Subject { hr: Hr(company), looks_up }) };
    let builder = Connector::builder(NAME, open).resource::<Employee>().resource::<Team>().resource::<Seat>();
    let target = Target::new(url.parse().unwrap(), ApiKey::new(key).unwrap(), state);
    // By the world's clock: nothing is given up before the child is killed.
    let target = target.clock(Arc::new(SystemClock::new()));
    let connector = builder.build().unwrap().attach(&target, json!({})).await.unwrap();
    let ended = connector.sync(&go_on()).await;
    panic!("it was to be killed before its end: {ended:?}");
}

/// Where the child is killed.
#[derive(Clone, Copy, Debug)]
pub enum At {
    /// When it makes this call for the last of so many times. That one is held, and has no effect.
    Call(&'static str, &'static str, usize),
    /// When so many pages of people were taken, and more are on their way, held.
    Page(usize),
    /// When it looks somebody up.
    LookUp,
}

impl At {
    fn hold(self) -> Option<Fault> {
        let fault = match self {
            At::Call("GET", path, nth) => Fault::on("GET", path).after(nth - 1),
            At::Call(method, path, nth) => Fault::ending(method, path).after(nth - 1),
            At::Page(taken) => Fault::ending("PUT", "/employee/").after(taken),
            At::LookUp => return None,
        };
        Some(fault.delay(FOR_GOOD))
    }

    fn is_reached(self, stage: &Stage) -> bool {
        match self {
            At::Call(method, path, nth) => calls(stage, method, path).len() >= nth,
            At::Page(taken) => {
                let pages = calls(stage, "PUT", "/employee/");
                pages.len() > taken && pages.iter().filter(|page| page.status == Some(200)).count() == taken
            }
            At::LookUp => false,
        }
    }
}

/// Starts a child, and kills it there. What the journal in `state` says of the session then.
pub async fn kill(
    (stage, state): (&Stage, &Path),
    orders: &Orders,
    at: At,
    faults: impl IntoIterator<Item = Fault>,
) -> OpenSession {
    let told = json!([orders, stage.sandbox.base_url(), stage.sandbox.api_key(), stage.state.path()]);
    stage.sandbox.clear_requests();
    // The hold first: it counts the calls that the others spoil.
    at.hold().into_iter().chain(faults).for_each(|fault| stage.sandbox.fault(fault));
    let mut child = Child::start("killed_child::child", &told);
    if let At::LookUp = at {
        child.says(LOOKING_UP).await;
    } else {
        child.until(&format!("{at:?}"), || at.is_reached(stage)).await;
    }
    child.kill().await;
    stage.sandbox.clear_faults();
    let journal = SqliteJournal::beside(state).unwrap();
    journal.session().await.unwrap().expect("the session stands in the journal")
}
