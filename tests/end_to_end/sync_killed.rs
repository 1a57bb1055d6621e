//! A connector that is killed (SIGKILL) in each state of a session, and the one that starts after it on the same state
//! directory. A fault of the sandbox holds it at one call, and there it is killed. Where the call is to have had its effect,
//! its answer is lost, and the child is held at its next one.

use std::path::PathBuf;

use bridge_sandbox::Fault;
use iden_bridge::{
    journal::{HoldReason, LossKind, SessionJournal, SessionState, SqliteJournal},
    sync::SyncError,
};

use crate::{
    company::{Stage, go_on},
    killed_child::{At, Orders, kill},
    trouble::{assert_in_step, assert_nobody_present_is_removed, failure, statuses},
};

struct Scene {
    stage: Stage,
    state: PathBuf,
    orders: Orders,
}

impl Scene {
    /// A company that was synced. The connector is gone, so the child can have its journal.
    async fn of(orders: Orders) -> Self {
        let stage = Stage::with(orders.people).await;
        let connector = stage.attach().await;
        connector.sync(&go_on()).await.unwrap();
        let state = connector.state().to_owned();
        orders.change(&stage.company);
        Scene { stage, state, orders }
    }

    /// Kills a child there. The state that it had written down.
    async fn kill<const N: usize>(&self, at: At, faults: [Fault; N]) -> SessionState {
        kill((&self.stage, &self.state), &self.orders, at, faults).await.state
    }

    /// What became of the sessions after the first one.
    fn ends(&self) -> Vec<String> {
        statuses(&self.stage).split_off(1)
    }

    #[track_caller]
    fn assert_nobody_was_removed(&self) {
        assert_eq!(self.stage.app().removed("employee"), [""; 0]);
    }

    /// Number 1 has been gone since before the child. Now number 0, whom perhaps it alone pushed, goes as well, and the
    /// next connector comes.
    async fn next_connector_puts_it_right(&self, ends: &[&str]) {
        assert_nobody_present_is_removed(&self.stage);
        self.stage.company.people.lock().unwrap().remove(&0).unwrap();
        let connector = self.stage.attach().await;
        connector.sync(&go_on()).await.unwrap();
        assert_in_step(&self.stage);
        assert_eq!(self.ends(), ends);
        let beside = SqliteJournal::beside(&self.state).unwrap();
        assert_eq!(beside.session().await.unwrap(), None);
    }

    /// Of 20 people 2 may go at once (the floor for 11 to 30), and 4 within 24 hours. Number 1 has gone, and number 0 too if
    /// Iden may have had it: another 2 may go, and then perhaps 1.
    async fn the_guard_counts_right(&self, had_number_0: bool) {
        let connector = self.stage.attach().await;
        let leave = |number| drop(self.stage.company.people.lock().unwrap().remove(&number).unwrap());
        [2, 3].into_iter().for_each(leave);
        connector.sync(&go_on()).await.unwrap();
        assert_in_step(&self.stage);
        leave(4);
        let ended = connector.sync(&go_on()).await;
        if had_number_0 {
            let SyncError::Held(hold) = failure(ended.unwrap_err()) else { panic!("not held") };
            let [HoldReason::LastDay { kind: LossKind::Removed, excess }] = &hold.reasons[..] else {
                panic!("{hold:?}")
            };
            assert_eq!((excess.count, excess.allowed), (5, 4));
            self.stage.app().assert_active("employee", "4");
        } else {
            ended.unwrap();
            assert_in_step(&self.stage);
        }
    }
}

const OPEN: (&str, &str) = ("POST", "/sync/");
const COMPLETE: (&str, &str) = ("POST", "/complete/");
const ABANDON: (&str, &str) = ("POST", "/abandon/");

fn at((method, path): (&'static str, &'static str), nth: usize) -> At {
    At::Call(method, path, nth)
}

/// The first one has its effect, and its answer is lost.
fn lost((method, path): (&str, &str)) -> Fault {
    Fault::ending(method, path).times(1).lose_answer()
}

#[tokio::test]
async fn killed_while_opening() {
    let scene = Scene::of(Orders::of(20)).await;
    assert_eq!(scene.kill(at(OPEN, 1), []).await, SessionState::Opening);
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["completed"]).await;
    scene.the_guard_counts_right(false).await;
}

#[tokio::test]
async fn killed_while_opening_when_the_session_was_there_already() {
    let scene = Scene::of(Orders::of(20)).await;
    assert_eq!(scene.kill(at(OPEN, 2), [lost(OPEN)]).await, SessionState::Opening);
    scene.assert_nobody_was_removed();
    // Nobody knows its id.
    scene.next_connector_puts_it_right(&["in_progress", "completed"]).await;
    scene.the_guard_counts_right(false).await;
}

#[tokio::test]
async fn killed_before_the_first_page() {
    let scene = Scene::of(Orders::of(20)).await;
    assert_eq!(scene.kill(At::Call("GET", "/sync/", 1), []).await, SessionState::Scanning);
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    scene.the_guard_counts_right(false).await;
}

#[tokio::test]
async fn killed_with_a_page_on_its_way() {
    let scene = Scene::of(Orders::of(20)).await;
    assert_eq!(scene.kill(at(("PUT", "/employee/"), 1), []).await, SessionState::Scanning);
    assert_eq!(scene.stage.app().record("employee", "0"), None, "it never arrived, and is known all the same");
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    scene.the_guard_counts_right(true).await;
}

#[tokio::test]
async fn killed_after_some_of_the_pages() {
    // Full pages: of those under way at once any may be the first.
    for taken in [1, 2, 3] {
        let scene = Scene::of(Orders::of(500)).await;
        assert_eq!(scene.kill(At::Page(taken), []).await, SessionState::Scanning);
        scene.assert_nobody_was_removed();
        let session = scene.stage.app().sessions().pop().unwrap();
        assert_eq!((session.status.as_str(), session.pushed["employee"]), ("in_progress", 100 * taken));
        scene.stage.app().assert_active("employee", "0");
        scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
        scene.stage.app().assert_removed("employee", "0");
    }
}

#[tokio::test]
async fn killed_while_verifying() {
    let scene = Scene::of(Orders { looks_up: true, ..Orders::of(20) }).await;
    let state = scene.kill(At::LookUp, []).await;
    assert_eq!(state, SessionState::Scanning);
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    scene.stage.app().assert_removed("employee", "0");
    scene.the_guard_counts_right(true).await;
}

#[tokio::test]
async fn killed_while_reductions_are_pushed() {
    let scene = Scene::of(Orders { on_leave: Some(9), ..Orders::of(20) }).await;
    assert_eq!(scene.kill(at(("PUT", "/employee/"), 2), []).await, SessionState::Guarding);
    scene.assert_nobody_was_removed();
    assert_eq!(scene.stage.app().record("employee", "9").unwrap().status, "active", "not before it is known");
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    assert_eq!(scene.stage.app().record("employee", "9").unwrap().status, "suspended");
    scene.the_guard_counts_right(true).await;
}

#[tokio::test]
async fn killed_while_reductions_are_pushed_and_they_were_taken() {
    let scene = Scene::of(Orders { on_leave: Some(9), ..Orders::of(20) }).await;
    let taken = Fault::ending("PUT", "/employee/").after(1).times(1).lose_answer();
    assert_eq!(scene.kill(at(("PUT", "/employee/"), 3), [taken]).await, SessionState::Guarding);
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    assert_eq!(scene.stage.app().record("employee", "9").unwrap().status, "suspended");
    scene.the_guard_counts_right(true).await;
}

#[tokio::test]
async fn killed_behind_the_closed_gate() {
    let scene = Scene::of(Orders::of(20)).await;
    assert_eq!(scene.kill(At::Call("GET", "/sync/", 2), []).await, SessionState::Gated);
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    scene.the_guard_counts_right(true).await;
}

#[tokio::test]
async fn killed_while_completing_before_iden_acted() {
    let scene = Scene::of(Orders::of(20)).await;
    assert_eq!(scene.kill(at(COMPLETE, 1), []).await, SessionState::Completing);
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    scene.the_guard_counts_right(true).await;
}

#[tokio::test]
async fn killed_while_completing_after_iden_acted() {
    let scene = Scene::of(Orders::of(20)).await;
    assert_eq!(scene.kill(At::Call("GET", "/sync/", 3), [lost(COMPLETE)]).await, SessionState::Completing);
    assert_eq!((scene.ends(), scene.stage.app().removed("employee")), (vec!["completed".into()], vec!["1".into()]));
    scene.next_connector_puts_it_right(&["completed", "completed"]).await;
    scene.the_guard_counts_right(true).await;
}

#[tokio::test]
async fn killed_while_settling() {
    let scene = Scene::of(Orders::of(20)).await;
    assert_eq!(scene.kill(At::Call("GET", "/sync/", 3), []).await, SessionState::Settling);
    assert_eq!((scene.ends(), scene.stage.app().removed("employee")), (vec!["completed".into()], vec!["1".into()]));
    scene.next_connector_puts_it_right(&["completed", "completed"]).await;
    scene.the_guard_counts_right(true).await;
}

#[tokio::test]
async fn killed_while_abandoning() {
    // Its one page was never full, so number 0 was not pushed.
    let fails = || Orders { fails: true, ..Orders::of(20) };
    let scene = Scene::of(fails()).await;
    assert_eq!(scene.kill(at(ABANDON, 1), []).await, SessionState::Abandoning);
    assert_eq!(scene.ends(), ["in_progress"]);
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    scene.the_guard_counts_right(false).await;

    let scene = Scene::of(fails()).await;
    assert_eq!(scene.kill(at(ABANDON, 2), [lost(ABANDON)]).await, SessionState::Abandoning);
    assert_eq!(scene.ends(), ["abandoned"]);
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    scene.the_guard_counts_right(false).await;
}

#[tokio::test]
async fn killed_again_while_it_finds_out_about_a_completion() {
    for acted in [true, false] {
        let scene = Scene::of(Orders::of(20)).await;
        if acted {
            scene.kill(At::Call("GET", "/sync/", 3), [lost(COMPLETE)]).await;
        } else {
            scene.kill(at(COMPLETE, 1), []).await;
        }
        // It asks, and is killed for it; it asks again.
        for _ in 0..2 {
            assert_eq!(scene.kill(At::Call("GET", "/sync/", 1), []).await, SessionState::Completing);
        }
        if !acted {
            // It has the answer, and is killed while it abandons.
            assert_eq!(scene.kill(at(ABANDON, 1), []).await, SessionState::Completing);
        }
        let first = if acted { "completed" } else { "abandoned" };
        scene.next_connector_puts_it_right(&[first, "completed"]).await;
        scene.the_guard_counts_right(true).await;
    }
}

#[tokio::test]
async fn killed_again_and_again_while_it_abandons() {
    let scene = Scene::of(Orders::of(20)).await;
    scene.kill(at(("PUT", "/employee/"), 1), []).await;
    for _ in 0..3 {
        scene.kill(at(ABANDON, 1), []).await;
        assert_eq!(scene.ends(), ["in_progress"], "one session at a time");
    }
    scene.assert_nobody_was_removed();
    scene.next_connector_puts_it_right(&["abandoned", "completed"]).await;
    scene.the_guard_counts_right(true).await;
}
