//! One sandbox, one state directory, one HR database; and what has to be so after each life of the program.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bridge_sandbox::{App, Assumptions, Sandbox};
use serde_json::Value;

use crate::{
    chance::Chance,
    company::Company,
    orders::{ACTIONS, Orders},
    program::Program,
    state::State,
    victim::Victim,
};

const NAME: &str = "Acme HR";
pub const SLUGS: [&str; 3] = ["employee", "team", "seat"];

/// The place of each kill, in order. It outlives a history that fails.
pub type Kills = Arc<Mutex<Vec<&'static str>>>;

pub struct Scene {
    pub sandbox: Sandbox,
    pub program: Program,
    pub company: Company,
    pub orders: Orders,
    pub state: State,
    pub chance: Chance,
    pub kills: Kills,
    /// Whether a person may have to approve: the app was there before the journal, or very many have left.
    pub may_be_held: bool,
    /// How long an undisturbed sync takes.
    pub usual: Duration,
    /// How often it was killed while it opened a session: that may stay open, since nobody ever saw its id. It removes nobody.
    orphans: usize,
    is_founded: bool,
}

impl Scene {
    pub async fn new(seed: u64, kills: Kills) -> Self {
        let chance = Chance::of(seed);
        // Iden's answers to the open questions P4, P9 and P16. To P1 and P15 only one each: with one session at a time, the
        // one whose id was lost would keep all others out.
        let mut assumptions = Assumptions::default();
        assumptions.newer_records_are_removed = chance.says_yes();
        assumptions.new_session_ends_older = chance.says_yes();
        assumptions.companions_in_progress = chance.says_yes();
        let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
        let program = Program::new("acme_hr").facing(&sandbox);
        let company = Company::at(program.path("hr.sqlite"));
        let program = program.set("ACME_HR_DB", &company.path);
        let status = program.run(&["status", "--json"]).await.json();
        let state = State { folder: status["state"].as_str().unwrap().into() };
        assert!(!state.folder.exists(), "whoever only looks makes nothing");
        Scene {
            sandbox,
            program,
            company,
            orders: Orders::default(),
            state,
            chance,
            kills,
            may_be_held: false,
            usual: Duration::from_millis(300),
            orphans: 0,
            is_founded: false,
        }
    }

    pub fn app(&self) -> App {
        self.sandbox.app_named(NAME).expect("it was made")
    }

    pub fn queue(&mut self, action: &'static str) -> uuid::Uuid {
        self.orders.queue(action, &self.app(), &mut self.company, &self.chance)
    }

    /// A day at the company, and perhaps Iden wants something.
    pub fn change(&mut self) {
        self.company.change(&self.chance);
        if self.chance.says_yes() {
            self.queue(self.chance.one_of(&ACTIONS));
        }
    }

    /// The first life that nobody ends before its time. From then on the company changes and Iden has wishes.
    pub async fn found(&mut self) {
        self.sync().await;
        self.company.watch();
        self.is_founded = true;
        for action in ACTIONS {
            self.queue(action);
        }
        self.check();
    }

    /// Undisturbed, it puts everything right.
    pub async fn put_right(&mut self) {
        self.sync().await;
        for _ in 0..3 {
            self.program.run(&["tasks", "--once"]).await.ok();
            if self.orders.is_done(&self.app()) {
                break;
            }
        }
        assert!(self.orders.is_done(&self.app()), "{:#?}", self.app().tasks());
        self.check();
    }

    /// A sync that completes, after an approval where one may be needed.
    async fn sync(&mut self) {
        let start = Instant::now();
        let mut ended = self.program.run(&["sync"]).await;
        if ended.code == Some(69) && ended.stderr.contains("which creates an account, was cut off") {
            // Whom it has made nobody knows before it is looked into, and a sync could remove them.
            self.program.run(&["tasks", "--once"]).await.ok();
            ended = self.program.run(&["sync"]).await;
        }
        if ended.code == Some(3) {
            assert!(self.may_be_held, "nobody asked for so much: {}", ended.stderr);
            let hash = self.held().await;
            self.program.run(&["approve", &hash, "--reason", "it is so"]).await.ok();
            self.program.run(&["sync"]).await.ok();
        } else {
            ended.ok();
            self.usual = start.elapsed();
        }
        self.may_be_held = false;
    }

    /// The hash of the plan that is held.
    pub async fn held(&self) -> String {
        let status = self.program.run(&["status", "--json"]).await.json();
        status["held"]["hash"].as_str().unwrap().to_owned()
    }

    /// Kills it at this place; it must have been running.
    pub async fn kill(&mut self, victim: Victim, place: &'static str) {
        assert!(self.try_to_kill(victim, place).await, "{place}: it had ended by itself");
    }

    pub async fn try_to_kill(&mut self, victim: Victim, place: &'static str) -> bool {
        let killed = victim.kill().await;
        self.sandbox.clear_faults();
        if killed {
            self.kills.lock().unwrap().push(place);
        }
        killed
    }

    /// After a kill, before the next start.
    #[track_caller]
    pub fn check_what_is_left(&mut self) {
        self.state.check();
        let Some(copy) = self.state.copy() else { return };
        if let Some((state, None)) = copy.session() {
            assert_eq!(state, "opening", "every later state has an id");
            self.orphans += 1;
        }
        // Written down before the call that makes it so.
        for app in self.sandbox.apps() {
            for slug in SLUGS {
                let active = app.records(slug).into_iter().filter(|record| !record.removed).map(|record| record.id);
                let active: BTreeSet<String> = active.collect();
                if !active.is_empty() {
                    let known: BTreeSet<String> = copy.known(slug).into_iter().collect();
                    let unknown: Vec<_> = active.difference(&known).collect();
                    assert_eq!(unknown, [""; 0], "Iden holds them, and the journal does not know");
                }
            }
        }
        drop(copy);
        self.check();
    }

    /// At any time.
    #[track_caller]
    pub fn check(&self) {
        assert!(self.sandbox.apps().len() <= 1, "a second app was made");
        let Some(app) = self.sandbox.app_named(NAME) else { return };
        let mut removed: BTreeSet<_> = app.sessions().into_iter().flat_map(|session| session.removed).collect();
        removed
            .extend(SLUGS.into_iter().flat_map(|slug| app.removed(slug).into_iter().map(|id| (slug.to_owned(), id))));
        let wrong: Vec<_> =
            removed.into_iter().filter(|(slug, id)| slug != "employee" || !self.company.gone.contains(id)).collect();
        assert!(wrong.is_empty(), "they are there, and were removed: {wrong:?}");
        if self.is_founded {
            self.orders.check(&self.company);
        }
    }

    /// Puts everything right once more. As if nobody had ever killed anything: Iden holds what the database holds, and what
    /// an uninterrupted run makes of the same database. How often something was done twice, and how often nobody could tell.
    pub async fn end(&mut self) -> (u64, u64) {
        self.put_right().await;
        // What the tasks have changed.
        self.sync().await;
        self.check();
        self.state.check();
        let app = self.app();
        let held = held_by(&app);
        let employees: BTreeMap<String, Value> = self.company.file().employees();
        assert_eq!(held[SLUGS[0]], employees, "Iden does not hold what the database holds");
        assert_eq!(held, self.held_without_kills().await, "an uninterrupted run comes to something else");
        let open: Vec<_> = app.sessions().into_iter().filter(|session| session.status == "in_progress").collect();
        let are_orphans = open.len() <= self.orphans && open.iter().all(|session| session.pages == 0);
        assert!(are_orphans, "sessions of ours are open, and {} may be: {open:?}", self.orphans);
        assert_eq!(self.state.scratch(), [""; 0]);
        let copy = self.state.copy().unwrap();
        assert_eq!((copy.session(), copy.count("from open_task")), (None, 0), "something is left in the journal");
        self.orders.check_at_the_end(&app, &self.company)
    }

    async fn held_without_kills(&self) -> BTreeMap<&'static str, BTreeMap<String, Value>> {
        let sandbox = Sandbox::start().await.unwrap();
        let program = Program::new("acme_hr").facing(&sandbox);
        let database = program.path("hr.sqlite");
        fs::copy(&self.company.path, &database).unwrap();
        program.set("ACME_HR_DB", database).run(&["sync"]).await.ok();
        held_by(&sandbox.app_named(NAME).unwrap())
    }
}

/// What is not removed, by slug and id.
fn held_by(app: &App) -> BTreeMap<&'static str, BTreeMap<String, Value>> {
    let of = |slug| {
        let active = app.records(slug).into_iter().filter(|record| !record.removed);
        (slug, active.map(|record| (record.id, record.fields)).collect())
    };
    SLUGS.into_iter().map(of).collect()
}
