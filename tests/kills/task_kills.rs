//! Kills between the states of a task.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    kill::{A_MOMENT, WORKS},
    orders::ACTIONS,
    place::Call,
    scene::Scene,
    victim::Victim,
};

impl Scene {
    pub async fn after_a_lost_report(&mut self, name: &'static str) {
        let task = self.queue(self.chance.one_of(&ACTIONS));
        let report = Call { method: "PATCH", path: "/tasks/{task}/status/", after: 0, is_done: true };
        self.sandbox.fault(report.fault(task).times(1).lose_answer());
        let ask = Call { method: "GET", path: "/tasks/{task}/", after: 1, is_done: false };
        self.at_a_call(name, self.chance.one_of(&WORKS), ask, task).await;
        assert!(self.app().task(task).unwrap().is_done());
        self.assert_task(task, 2);
    }

    /// The database is locked when the handler comes to it. `has_an_effect`: it gets it, and the journal is locked then.
    pub async fn in_a_handler(&mut self, name: &'static str, actions: &[&'static str], has_an_effect: bool) {
        let task = self.queue(self.chance.one_of(actions));
        let fetch = Call { method: "GET", path: "/tasks/{task}/", after: 0, is_done: false };
        self.sandbox.clear_requests();
        self.sandbox.fault(fetch.fault(task).times(1).delay(A_MOMENT));
        let mut victim = Victim::start(&self.program, self.chance.one_of(&WORKS));
        victim.until(name, || self.seen(fetch, task) > 0).await;
        let database = self.company.lock();
        let started = async {
            while !self.is_started(task).await {
                assert!(!victim.has_ended(), "{name}: it had ended by itself");
            }
        };
        // Longer than the program waits for the database.
        tokio::time::timeout(Duration::from_secs(15), started).await.expect("it writes down that it starts");
        let journal = has_an_effect.then(|| self.state.hold_writes());
        if has_an_effect {
            drop(database);
            victim.until(name, || self.orders.is_in_the_database(task, &self.company)).await;
            self.kill(victim, name).await;
        } else {
            self.kill(victim, name).await;
            drop(database);
        }
        drop(journal);
        self.check_what_is_left();
        assert_eq!(self.orders.is_in_the_database(task, &self.company), has_an_effect, "not where it was to be killed");
        self.assert_task(task, 1);
    }

    /// Whether its handler is at work, as a command beside it says.
    async fn is_started(&self, task: Uuid) -> bool {
        let shown = self.program.run(&["tasks", "show", &task.to_string(), "--json"]).await;
        shown.code == Some(0) && shown.json()["state"] == "started"
    }
}
