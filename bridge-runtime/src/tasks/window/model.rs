//! Tiny windows, compared with the rule in its simplest form: a task runs after all older tasks that share a name with it.

use serde_json::json;

use super::{
    super::{
        lanes::Lanes,
        pending::{Pending, seen},
        subject::Subject,
        testing::task,
    },
    Chooser,
};
use crate::journal::SeenTask;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, sides: u64) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % sides).unwrap()
    }
}

fn any_task(chance: &mut Chance, number: u32) -> SeenTask {
    let (id, login) = (chance.below(6).to_string(), format!("p{}@acme.example", chance.below(8)));
    let payload = match chance.below(4) {
        0 => return seen(&task(number, "create_account", json!({"account": {"email": login}}))),
        1 => return seen(&task(number, "suspend_account", json!({"account": {"id": id}}))),
        2 => json!({"account": {"id": id}, "changes": {"email": login}}),
        _ => json!({"account": {"id": id}}),
    };
    seen(&task(number, "update_account", payload))
}

/// As `Shift::load` does it, without a journal.
fn load(lanes: &mut Lanes, open: &[SeenTask], window: usize) {
    let (able, most) = (lanes.able(), window + window / 4);
    let mut chooser = Chooser::new(window.saturating_sub(able), most.saturating_sub(able.max(window)), 2);
    let new: Vec<&SeenTask> = open.iter().filter(|task| !lanes.contains(task.id)).collect();
    new.iter().for_each(|task| chooser.note(task, &Subject::of(task)));
    for task in new {
        let subject = Subject::of(task);
        if chooser.take(&subject, lanes.have_room_for(&subject, 2)) {
            lanes.enter(&Pending::of(task), &subject);
            lanes.queue(Pending::of(task));
        }
    }
}

#[test]
fn whatever_the_window_no_task_runs_before_an_older_one_of_its_account_and_all_run() {
    for seed in 0..300 {
        let mut chance = Chance(seed);
        let window = 1 + chance.below(9);
        let mut open: Vec<SeenTask> = (0..60).map(|number| any_task(&mut chance, number)).collect();
        let (mut lanes, mut running) = (Lanes::default(), Vec::new());
        for step in 0.. {
            assert!(step < 10_000, "seed {seed} never ends");
            if chance.below(4) == 0 || running.is_empty() {
                load(&mut lanes, &open, window);
            }
            while running.len() < 3
                && let Some(pending) = lanes.next(std::time::Duration::ZERO)
            {
                let at = open.iter().position(|task| task.id == pending.id()).expect("it runs once");
                let subject = Subject::of(&open[at]);
                let shares =
                    |older: &&SeenTask| Subject::of(older).keys().any(|key| subject.keys().any(|own| own == key));
                let older = open[..at].iter().find(shares).map(|older| older.id);
                assert_eq!(older, None, "seed {seed}: {} runs before it", pending.id());
                running.push(pending.id());
            }
            assert!(lanes.ids().count() <= window + window / 4, "seed {seed}");
            if running.is_empty() {
                assert!(open.is_empty(), "seed {seed}: {open:?} never run");
                break;
            }
            let done = running.swap_remove(chance.below(running.len() as u64));
            lanes.remove(done);
            open.retain(|task| task.id != done);
        }
    }
}
