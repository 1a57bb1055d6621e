//! The change signal: who subscribes learns that something changed and what it was about, not how often. A slow reader costs
//! nothing: changes that it has not yet asked for run together.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;
use uuid::Uuid;

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Change {
    /// The app that it is about. `None` for what belongs to no app.
    pub app: Option<Uuid>,
    /// What changed.
    pub topic: Topic,
}

/// What a [`Change`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Topic {
    /// An app was created.
    Apps,
    /// A type was registered or renamed.
    Types,
    /// Records were created, changed or removed.
    Records,
    /// A session was opened, took a page, or ended.
    Sessions,
    /// A task was queued, became pending, or was reported.
    Tasks,
    /// A request arrived, was answered, or was forgotten.
    Requests,
    /// A fault was added or removed, or met a request.
    Faults,
    /// There is a new warning.
    Warnings,
    /// The clock was moved.
    Clock,
}

impl Change {
    pub(crate) fn of(app: Uuid, topic: Topic) -> Self {
        Self { app: Some(app), topic }
    }

    pub(crate) fn general(topic: Topic) -> Self {
        Self { app: None, topic }
    }
}

/// Publishes changes.
#[derive(Default)]
pub(crate) struct Signal {
    marks: watch::Sender<Marks>,
}

/// Each change with the number of the publication that held it last. As large as there are apps, however much happens.
#[derive(Default)]
struct Marks {
    published: u64,
    last: BTreeMap<Change, u64>,
}

impl Signal {
    pub(crate) fn publish(&self, changes: impl IntoIterator<Item = Change>) {
        self.marks.send_modify(|marks| {
            marks.published += 1;
            let number = marks.published;
            marks.last.extend(changes.into_iter().map(|change| (change, number)));
        });
    }

    pub(crate) fn subscribe(&self) -> Changes {
        let marks = self.marks.subscribe();
        let read = marks.borrow().published;
        Changes { marks, read }
    }
}

/// A subscription to what changes in a sandbox, from the moment of [`Sandbox::changes`](crate::Sandbox::changes) on.
#[derive(Debug)]
pub struct Changes {
    marks: watch::Receiver<Marks>,
    read: u64,
}

impl Changes {
    /// Waits until something changes. What changed since the last call comes together, each change once. `None`: the sandbox
    /// is gone.
    pub async fn next(&mut self) -> Option<BTreeSet<Change>> {
        loop {
            let new: BTreeSet<_> = {
                let marks = self.marks.borrow_and_update();
                let read = std::mem::replace(&mut self.read, marks.published);
                let new = marks.last.iter().filter(|(_, number)| **number > read);
                new.map(|(change, _)| *change).collect()
            };
            if !new.is_empty() {
                return Some(new);
            }
            self.marks.changed().await.ok()?;
        }
    }
}

impl std::fmt::Debug for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Marks").field("published", &self.published).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASKS: Change = Change { app: None, topic: Topic::Tasks };
    const FAULTS: Change = Change { app: None, topic: Topic::Faults };

    #[tokio::test]
    async fn changes_run_together_and_each_is_told_once() {
        let signal = Signal::default();
        signal.publish([FAULTS]);
        let mut changes = signal.subscribe();
        for _ in 0..1_000 {
            signal.publish([TASKS]);
        }
        assert_eq!(changes.next().await, Some(BTreeSet::from([TASKS])), "what was before the subscription is not told");
        signal.publish([FAULTS]);
        assert_eq!(changes.next().await, Some(BTreeSet::from([FAULTS])));
        drop(signal);
        assert_eq!(changes.next().await, None);
    }
}
