//! Kills of and beside the commands that a person gives.

use uuid::Uuid;

use crate::{
    kill::{GOES_ON, MICRO, MILLI, SYNCS, TRIES},
    place::Call,
    scene::Scene,
    state::JOURNAL,
    victim::{Victim, has_open},
};

impl Scene {
    pub async fn status_beside(&mut self, name: &'static str) {
        let mut running = Victim::start(&self.program, self.chance.one_of(&GOES_ON));
        let pid = running.pid();
        running.until(name, || has_open(pid, JOURNAL)).await;
        let mut hit = false;
        for _ in 0..TRIES {
            let status = Victim::start(&self.program, &["status"]);
            tokio::time::sleep(self.chance.soon(300 * MICRO, 12 * MILLI)).await;
            hit |= self.try_to_kill(status, name).await;
            if hit && self.chance.says_yes() {
                break;
            }
        }
        assert!(hit, "{name}: it had ended by itself each time");
        self.kill(running, name).await;
        self.check_what_is_left();
    }

    pub async fn beside_status(&mut self, name: &'static str) {
        let page = Call { method: "PUT", path: "/employee/", after: self.chance.below(3), is_done: false };
        self.sandbox.clear_requests();
        self.sandbox.fault(page.hold(Uuid::nil()));
        let mut running = Victim::start(&self.program, &["run"]);
        running.until(name, || self.seen(page, Uuid::nil()) > page.after).await;
        let wait = self.chance.soon(300 * MICRO, 12 * MILLI);
        let kill = async {
            tokio::time::sleep(wait).await;
            running.kill().await
        };
        let (status, killed) = tokio::join!(self.program.run(&["status", "--json"]), kill);
        assert!(killed);
        self.sandbox.clear_faults();
        self.kills.lock().unwrap().push(name);
        assert_eq!(status.json()["app"], self.app().id().to_string());
        self.check_what_is_left();
    }

    pub async fn approve(&mut self, name: &'static str) {
        self.company.lose(40, &self.chance);
        self.may_be_held = true;
        assert_eq!(self.program.run(&["sync"]).await.code, Some(3), "a twentieth may go");
        let hash = self.held().await;
        let command = ["approve", &hash, "--reason", "the Lyon office has closed"];
        let journal = self.state.hold_writes();
        let mut approving = Victim::start(&self.program, &command);
        let pid = approving.pid();
        approving.until(name, || has_open(pid, JOURNAL)).await;
        tokio::time::sleep(self.chance.within(10 * MILLI)).await;
        self.kill(approving, name).await;
        drop(journal);
        self.check_what_is_left();
        assert_eq!(self.state.copy().unwrap().count("from approval where used_at is null"), 0);

        self.program.run(&command).await.ok();
        let complete = Call { method: "POST", path: "/complete/", after: 0, is_done: self.chance.says_yes() };
        self.at_a_call(name, self.chance.one_of(&SYNCS), complete, Uuid::nil()).await;
        self.assert_session(Some("completing"));
        // The next start finds out whether the session was completed, and strikes the removals off only then.
        assert_eq!(self.state.copy().unwrap().count("from approval where used_at is null"), 1);
        assert_ne!(self.state.copy().unwrap().count("from approved_item"), 0);
    }

    pub async fn plan(&mut self, name: &'static str) {
        for _ in 0..TRIES {
            let plan = Victim::start(&self.program, &["plan"]);
            tokio::time::sleep(self.chance.within(40 * MILLI)).await;
            let killed = self.try_to_kill(plan, name).await;
            self.check_what_is_left();
            if killed {
                return;
            }
        }
        panic!("{name}: it had ended by itself each time");
    }
}
