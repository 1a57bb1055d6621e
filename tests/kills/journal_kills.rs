//! Kills while the journal is made, opened, or brought to another version.

use std::{
    fs::{self, File},
    process::Command,
};

use crate::{
    kill::{FOR_GOOD, MICRO, MILLI, SYNCS, TRIES, WORKS},
    scene::Scene,
    state::{JOURNAL, LOCK, VERSION, let_go},
    victim::{Victim, has_open},
};

impl Scene {
    /// A pipe that nobody fills is as good as a slow disk.
    pub async fn at_the_configuration(&mut self, name: &'static str) {
        let pipe = self.program.path("bridge.pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let victim = Victim::start_with(&self.program, self.chance.one_of(&SYNCS), Some(&pipe));
        // Opening it for writing takes until somebody reads.
        let (opened, told) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || opened.send(File::options().write(true).open(pipe).unwrap()));
        let _filler = tokio::time::timeout(FOR_GOOD / 10, told).await.expect("it reads its configuration").unwrap();
        self.kill(victim, name).await;
        assert!(!self.state.folder.exists(), "not where it was to be killed");
        fs::remove_file(self.program.path("bridge.pipe")).unwrap();
    }

    pub async fn at_the_lock(&mut self, name: &'static str) {
        let lock = self.state.take_the_lock();
        let mut victim = Victim::start(&self.program, self.chance.one_of(&SYNCS));
        let pid = victim.pid();
        victim.until(name, || has_open(pid, LOCK)).await;
        self.kill(victim, name).await;
        let_go(&lock);
        assert!(!self.state.has(JOURNAL), "not where it was to be killed");
        self.check_what_is_left();
    }

    pub async fn at_the_empty_file(&mut self, name: &'static str) {
        for _ in 0..TRIES {
            let mut victim = Victim::start(&self.program, self.chance.one_of(&SYNCS));
            victim.at_once(|| self.state.has(JOURNAL));
            self.kill(victim, name).await;
            self.check_what_is_left();
            if !self.state.copy().unwrap().has_tables() {
                return;
            }
            // Too late. Once more from nothing: Iden has not heard of it yet.
            self.kills.lock().unwrap().pop();
            assert!(self.sandbox.requests().is_empty());
            fs::remove_dir_all(&self.state.folder).unwrap();
        }
        panic!("{name}: the journal had its tables each time");
    }

    pub async fn at_the_tables(&mut self, name: &'static str) {
        let mut victim = Victim::start(&self.program, self.chance.one_of(&SYNCS));
        victim.at_once(|| self.state.has(JOURNAL));
        tokio::time::sleep(self.chance.within(5 * MILLI)).await;
        self.kill(victim, name).await;
        self.check_what_is_left();
        self.may_be_held |= !self.knows_its_app();
    }

    pub async fn at_the_journal(&mut self, name: &'static str) {
        let journal = self.state.hold_writes();
        let mut victim = Victim::start(&self.program, self.chance.one_of(&WORKS));
        let pid = victim.pid();
        victim.until(name, || has_open(pid, JOURNAL)).await;
        // It waits for 30 s.
        tokio::time::sleep(self.chance.within(10 * MILLI)).await;
        self.kill(victim, name).await;
        drop(journal);
        self.check_what_is_left();
    }

    pub async fn in_a_migration(&mut self, name: &'static str) {
        for _ in 0..3 {
            if self.state.copy().unwrap().version() == VERSION {
                self.state.go_back_to_version_1();
            }
            let mut victim = Victim::start(&self.program, &["run"]);
            let pid = victim.pid();
            victim.at_once(|| has_open(pid, JOURNAL));
            tokio::time::sleep(self.chance.soon(20 * MICRO, 4 * MILLI)).await;
            self.kill(victim, name).await;
            self.check_what_is_left();
        }
    }
}
