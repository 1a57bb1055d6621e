//! Which of the pending tasks are held in memory.
//!
//! Any number of tasks may be pending. The journal has all of them, without their payloads; the lanes hold a part. A task is
//! loaded into the lanes only if every earlier task of its account is loaded or done: else it could run out of order.
//! Suspensions and deletions come first, with the tasks before them.

use std::collections::HashMap;

use super::{error::RoundError, pending::ends_access, shift::Shift, subject::Subject};
use crate::{
    journal::{KnownTask, SeenTask},
    planted::Bug,
};

/// How many tasks the lanes hold that could run. Each takes about 600 bytes.
pub(crate) const WINDOW: usize = 20_000;

/// Chooses tasks in their order.
#[derive(Debug)]
pub(super) struct Chooser {
    /// How many more are loaded; and how many of the accounts that a suspension or deletion waits for.
    room: usize,
    urgent_room: usize,
    /// One account may not take up all the room.
    of_account: u32,
    loaded: HashMap<u64, u32>,
    /// The keys of accounts that a suspension or deletion waits for, and whether a task with this key was left out.
    urgent: HashMap<u64, bool>,
    left_out: KeySet,
    count_left_out: usize,
}

impl Chooser {
    pub(super) fn new(room: usize, urgent_room: usize, of_account: u32) -> Self {
        let (loaded, urgent, left_out, count_left_out) = Default::default();
        Chooser { room, urgent_room, of_account, loaded, urgent, left_out, count_left_out }
    }

    /// Notes the account of a task that ends access. To be called for all tasks before the first one is chosen.
    pub(super) fn note(&mut self, task: &SeenTask, subject: &Subject) {
        if ends_access(&task.action) && self.urgent.len() < self.urgent_room {
            self.urgent.extend(subject.keys().map(|key| (key, false)));
        }
    }

    /// Whether to load this task, which is not loaded yet. To be called in the order of the tasks. `gets_on`: the tasks of
    /// its account that are loaded leave room for more.
    pub(super) fn take(&mut self, subject: &Subject, gets_on: bool) -> bool {
        let is_urgent = self.urgent_room > 0 && subject.keys().any(|key| self.urgent.contains_key(&key));
        let follows_one = subject.keys().any(|key| self.was_left_out(key)) && !Bug::WindowBreaksTheOrder.is_planted();
        let of_account = subject.id.map_or(0, |id| self.loaded.get(&id).copied().unwrap_or(0));
        let has_room = is_urgent || (self.room > 0 && gets_on && of_account < self.of_account);
        if follows_one || !has_room {
            subject.keys().for_each(|key| self.leave_out(key));
            self.count_left_out += 1;
            return false;
        }
        let room = if is_urgent { &mut self.urgent_room } else { &mut self.room };
        *room -= 1;
        if let Some(id) = subject.id {
            *self.loaded.entry(id).or_default() += 1;
        }
        true
    }

    /// Of the urgent keys it is known exactly: however many tasks are left out, a suspension does not wait for a hash.
    fn was_left_out(&self, key: u64) -> bool {
        self.urgent.get(&key).copied().unwrap_or_else(|| self.left_out.contains(key))
    }

    fn leave_out(&mut self, key: u64) {
        match self.urgent.get_mut(&key) {
            Some(left_out) => *left_out = true,
            None => self.left_out.insert(key),
        }
    }

    /// How many tasks were left out.
    pub(super) fn left_out(&self) -> usize {
        self.count_left_out
    }
}

/// A set of keys of a fixed size, 1 MiB. It never forgets a key. It may say of a key that it is there although it is not, the
/// more often the fuller it is: then a task waits until the next time that tasks are loaded. The first tasks in the order
/// meet an empty set, so some are always loaded.
#[derive(Debug)]
struct KeySet(Vec<u64>);

impl Default for KeySet {
    fn default() -> Self {
        KeySet(vec![0; 1 << 17])
    }
}

impl KeySet {
    fn insert(&mut self, key: u64) {
        for (word, bit) in Self::bits(key) {
            self.0[word] |= bit;
        }
    }

    fn contains(&self, key: u64) -> bool {
        Self::bits(key).into_iter().all(|(word, bit)| self.0[word] & bit != 0)
    }

    /// The keys are hashes, so parts of them do.
    fn bits(key: u64) -> [(usize, u64); 2] {
        [key, key >> 32].map(|part| ((part >> 6) as usize & 0x1_FFFF, 1 << (part & 63)))
    }
}

impl<S: Send + Sync + 'static> Shift<'_, S> {
    /// Loads pending tasks into the lanes. Returns how many were left out.
    pub(super) async fn load(&mut self) -> Result<usize, RoundError> {
        let window = self.engine.window;
        let (able, most) = (self.desk.lanes.able(), window + window / 4);
        let room = window.saturating_sub(able);
        let of_account = u32::try_from(window / 100).unwrap_or(u32::MAX).max(1);
        let mut chooser = Chooser::new(room, most.saturating_sub(able.max(window)), of_account);
        let mut first = self.engine.journal.listed_tasks(None, window).await?;
        if first.len() < window && first.len() <= room {
            first.retain(|task| self.is_new(task.seen.id));
            self.queue_all(&first).await?;
            return Ok(0);
        }
        drop(first);
        for choose in [false, true] {
            let mut after = None;
            loop {
                let page = self.engine.journal.listed_tasks(after.take(), window).await?;
                after = page.last().map(|task| task.seen.clone());
                if after.is_none() {
                    break;
                }
                self.choose(&mut chooser, page, choose).await?;
            }
        }
        Ok(chooser.left_out())
    }

    async fn choose(&mut self, chooser: &mut Chooser, page: Vec<KnownTask>, choose: bool) -> Result<(), RoundError> {
        let mut page: Vec<KnownTask> = page.into_iter().filter(|task| self.is_new(task.seen.id)).collect();
        let seen: Vec<&SeenTask> = page.iter().map(|task| &task.seen).collect();
        let mut subjects = self.engine.subjects(&seen).await?.into_iter();
        if !choose {
            seen.into_iter().zip(subjects).for_each(|(task, subject)| chooser.note(task, &subject));
            return Ok(());
        }
        let lanes = &self.desk.lanes;
        let share = chooser.of_account as usize;
        page.retain(|_| {
            subjects.next().is_some_and(|subject| chooser.take(&subject, lanes.have_room_for(&subject, share)))
        });
        self.queue_all(&page).await
    }
}

#[cfg(test)]
mod many;
#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{pending::seen, testing::task},
        *,
    };

    /// Which of these tasks are loaded: the number of the account, and whether the task ends its access.
    fn loaded(mut chooser: Chooser, tasks: &[(u32, bool)]) -> Vec<usize> {
        let task_of = |(at, (account, ends)): (usize, &(u32, bool))| {
            let action = if *ends { "suspend_account" } else { "update_account" };
            seen(&task(at as u32, action, json!({"account": {"id": account.to_string()}})))
        };
        let tasks: Vec<SeenTask> = tasks.iter().enumerate().map(task_of).collect();
        tasks.iter().for_each(|task| chooser.note(task, &Subject::of(task)));
        (0..tasks.len()).filter(|at| chooser.take(&Subject::of(&tasks[*at]), true)).collect()
    }

    #[test]
    fn a_task_is_loaded_only_with_every_earlier_task_of_its_account() {
        let tasks = [(1, false), (2, false), (3, false), (2, false), (1, false)];
        assert_eq!(loaded(Chooser::new(9, 9, 9), &tasks), [0, 1, 2, 3, 4]);
        assert_eq!(loaded(Chooser::new(2, 9, 9), &tasks), [0, 1]);
        // Account 2 has used up its share, so account 3 gets on.
        let of_two = [(2, false), (2, false), (2, false), (3, false)];
        assert_eq!(loaded(Chooser::new(3, 9, 1), &of_two), [0, 3]);
    }

    #[test]
    fn what_ends_access_is_loaded_first_with_the_tasks_before_it() {
        let tasks = [(1, false), (2, false), (3, false), (3, true), (4, true), (3, false)];
        assert_eq!(loaded(Chooser::new(1, 3, 1), &tasks), [0, 2, 3, 4]);
        // Where the tasks before it find no room, it waits.
        assert_eq!(loaded(Chooser::new(0, 1, 1), &tasks), [2]);
    }

    #[test]
    fn a_login_ties_accounts_together() {
        let update = |number, id: &str, email: &str| {
            seen(&task(number, "update_account", json!({"account": {"id": id}, "changes": {"email": email}})))
        };
        let mut chooser = Chooser::new(1, 0, 9);
        let tasks = [update(1, "1", "a@x"), update(2, "2", "b@x"), update(3, "3", "b@x")];
        assert!(chooser.take(&Subject::of(&tasks[0]), true) && !chooser.take(&Subject::of(&tasks[1]), true));
        chooser.room = 1;
        assert!(!chooser.take(&Subject::of(&tasks[2]), true), "another task gets this address first");
    }

    #[test]
    fn a_full_key_set_delays_tasks_and_suspensions_never() {
        let mut chooser = Chooser::new(2, 1, 9);
        let tasks: Vec<SeenTask> = (1..=3)
            .map(|number| {
                let action = if number == 3 { "suspend_account" } else { "update_account" };
                seen(&task(number, action, json!({"account": {"id": number.to_string()}})))
            })
            .collect();
        tasks.iter().for_each(|task| chooser.note(task, &Subject::of(task)));
        assert!(chooser.take(&Subject::of(&tasks[0]), true));
        chooser.left_out.0.fill(u64::MAX);
        assert!(!chooser.take(&Subject::of(&tasks[1]), true));
        assert!(chooser.take(&Subject::of(&tasks[2]), true));
    }
}
