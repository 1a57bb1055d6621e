//! The kills.

use std::time::Duration;

use bridge_sandbox::Fault;
use uuid::Uuid;

use crate::{
    orders::ACTIONS,
    place::{Call, How, Place},
    scene::Scene,
    victim::Victim,
};

/// Longer than any test takes.
pub const FOR_GOOD: Duration = Duration::from_secs(600);
/// Time enough to take a lock, when a call was seen that takes so long.
pub const A_MOMENT: Duration = Duration::from_millis(400);
pub const TRIES: usize = 20;

pub const MILLI: Duration = Duration::from_millis(1);
pub const MICRO: Duration = Duration::from_micros(1);

pub const SYNCS: [&[&str]; 2] = [&["run"], &["sync"]];
pub const WORKS: [&[&str]; 3] = [&["run"], &["tasks", "run"], &["tasks", "--once"]];
pub const GOES_ON: [&[&str]; 2] = [&["run"], &["tasks", "run"]];

impl Call {
    fn of(mut self, after: usize, is_done: bool) -> Self {
        (self.after, self.is_done) = (after, is_done);
        self
    }

    fn path(self, task: Uuid) -> String {
        self.path.replace("{task}", &task.to_string())
    }

    /// This call and the later ones like it.
    pub fn fault(self, task: Uuid) -> Fault {
        let path = self.path(task);
        let fault = if self.method == "GET" { Fault::on("GET", &path) } else { Fault::ending(self.method, &path) };
        fault.after(self.after)
    }

    pub fn hold(self, task: Uuid) -> Fault {
        if self.is_done { self.fault(task).hold_answer(FOR_GOOD) } else { self.fault(task).delay(FOR_GOOD) }
    }
}

impl Scene {
    pub async fn kill_at(&mut self, Place { name, how }: Place) {
        match how {
            How::Configuration => self.at_the_configuration(name).await,
            How::Lock => self.at_the_lock(name).await,
            How::EmptyFile => self.at_the_empty_file(name).await,
            How::Tables => self.at_the_tables(name).await,
            How::Call(call, state) => {
                let command = self.chance.one_of(if call.path.contains("tasks") { &WORKS } else { &SYNCS });
                self.at_a_call(name, command, call, Uuid::nil()).await;
                self.assert_session(state);
            }
            How::Lost(lost, call, state) => {
                self.sandbox.fault(lost.fault(Uuid::nil()).times(1).lose_answer());
                self.at_a_call(name, self.chance.one_of(&SYNCS), call, Uuid::nil()).await;
                self.assert_session(state);
            }
            How::Reductions { is_done } => {
                let page = Call { method: "PUT", path: "/employee/", after: 0, is_done };
                self.at_a_call(name, self.chance.one_of(&SYNCS), page.of(self.company.pages(), is_done), Uuid::nil())
                    .await;
                self.assert_session(Some("guarding"));
            }
            How::Task(call, state) => {
                let task = self.queue(self.chance.one_of(&ACTIONS));
                self.at_a_call(name, self.chance.one_of(&WORKS), call, task).await;
                assert_eq!(self.app().task(task).unwrap().is_done(), call.is_done);
                self.assert_task(task, state);
            }
            How::LostReport => self.after_a_lost_report(name).await,
            How::Handler(actions) => self.in_a_handler(name, actions, false).await,
            How::Effect(actions) => self.in_a_handler(name, actions, true).await,
            How::Recovery => self.in_recovery(name).await,
            How::RecoveryOfCompleting { is_done } => self.in_recovery_of_completing(name, is_done).await,
            How::Open => self.at_the_journal(name).await,
            How::OldJournal => {
                self.state.go_back_to_version_1();
                self.at_the_journal(name).await;
                assert_eq!(self.state.copy().unwrap().version(), 1);
            }
            How::Migration => self.in_a_migration(name).await,
            How::Status => self.status_beside(name).await,
            How::BesideStatus => self.beside_status(name).await,
            How::Approve => self.approve(name).await,
            How::Plan => self.plan(name).await,
            How::AnyTime => {
                let wait = self.chance.within(self.usual.mul_f64(1.2));
                self.after_a_while(name, wait).await;
            }
            How::Soon => self.after_a_while(name, self.chance.soon(100 * MICRO, 100 * MILLI)).await,
            How::AnyCall => self.at_any_call(name).await,
            How::Burst => {
                let page = Call { method: "PUT", path: "/employee/", after: self.chance.below(3), is_done: false };
                self.at_a_call(name, &["sync"], page, Uuid::nil()).await;
                for _ in 0..3 {
                    self.after_a_while(name, self.chance.within(100 * MILLI)).await;
                }
            }
        }
    }

    /// Held there; and it has come there.
    pub async fn at_a_call(&mut self, name: &'static str, command: &[&str], call: Call, task: Uuid) {
        self.sandbox.clear_requests();
        self.sandbox.fault(call.hold(task));
        let mut victim = Victim::start(&self.program, command);
        victim.until(name, || self.seen(call, task) > call.after).await;
        self.kill(victim, name).await;
        self.check_what_is_left();
        match (call.path, call.is_done) {
            ("/apps/", is_done) => {
                assert_eq!(self.sandbox.apps().len(), usize::from(is_done));
                assert!(!self.knows_its_app());
                self.may_be_held |= is_done;
            }
            ("/complete/", is_done) => {
                assert_eq!(self.app().sessions().last().unwrap().status == "completed", is_done);
            }
            ("/team/" | "/employee/", true) => {
                let pushed = self.app().sessions().last().unwrap().pushed.clone();
                assert!(pushed.contains_key(call.path.trim_matches('/')), "{pushed:?}");
            }
            _ => {}
        }
    }

    pub fn seen(&self, call: Call, task: Uuid) -> usize {
        let path = call.path(task);
        let requests = self.sandbox.requests().into_iter().filter(|request| request.method == call.method);
        requests
            .filter(
                |request| {
                    if call.method == "GET" { request.path.contains(&path) } else { request.path.ends_with(&path) }
                },
            )
            .count()
    }

    #[track_caller]
    pub fn assert_session(&self, state: Option<&str>) {
        if let Some(state) = state {
            let found = self.state.copy().unwrap().session().map(|(state, _)| state);
            assert_eq!(found.as_deref(), Some(state), "not where it was to be killed");
        }
    }

    #[track_caller]
    pub fn assert_task(&self, task: Uuid, state: u32) {
        assert_eq!(self.state.copy().unwrap().task(task).unwrap_or(0), state, "not where it was to be killed");
    }

    /// Where the journal does not know it, an app may have been made all the same, or be made yet: the call may be on its way.
    pub fn knows_its_app(&self) -> bool {
        self.state.copy().is_some_and(|copy| copy.knows_the_app())
    }

    async fn in_recovery(&mut self, name: &'static str) {
        let page = Call { method: "PUT", path: "/employee/", after: self.chance.below(3), is_done: false };
        self.at_a_call(name, &["sync"], page, Uuid::nil()).await;
        let id = self.app().sessions().last().unwrap().id;
        for is_done in [false, true] {
            let abandon = Call { method: "POST", path: "/abandon/", after: 0, is_done };
            self.at_a_call(name, self.chance.one_of(&SYNCS), abandon, Uuid::nil()).await;
            let session = self.app().sessions().last().cloned().unwrap();
            assert_eq!((session.id, session.status.as_str()), (id, if is_done { "abandoned" } else { "in_progress" }));
            self.assert_session(Some("scanning"));
        }
    }

    async fn in_recovery_of_completing(&mut self, name: &'static str, is_done: bool) {
        let complete = Call { method: "POST", path: "/complete/", after: 0, is_done };
        self.at_a_call(name, &["sync"], complete, Uuid::nil()).await;
        let ask = Call { method: "GET", path: "/sync/", after: 0, is_done: false };
        self.at_a_call(name, self.chance.one_of(&SYNCS), ask, Uuid::nil()).await;
        self.assert_session(Some("completing"));
        // Whom the first one was to remove, Iden holds or not, and the journal knows.
        let page = Call { method: "PUT", path: "/employee/", after: 0, is_done: false };
        self.at_a_call(name, self.chance.one_of(&SYNCS), page, Uuid::nil()).await;
        self.assert_session(Some("scanning"));
    }
}
