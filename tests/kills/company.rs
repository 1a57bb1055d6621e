//! The HR database, which changes between the lives of the program, and remembers everything that was ever done to it.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use rusqlite::Connection;

use crate::{chance::Chance, hr_file::HrFile};

/// What the program does to people, in the order in which it did it. Each stands there or not with its transaction.
const MEMORY: &str = "
    create table if not exists effect (what text not null, person integer not null) strict;
    create trigger if not exists hired after insert on person when new.hired_by is not null
        begin insert into effect values ('hired', new.number); end;
    create trigger if not exists reset after insert on password_reset
        begin insert into effect values ('reset', new.person); end;
    create trigger if not exists renamed after update of surname on person
        begin insert into effect values ('named ' || new.surname, new.number); end;
    create trigger if not exists moved after update of status on person
        begin insert into effect values (new.status, new.number); end;";

pub struct Company {
    pub path: PathBuf,
    /// Those whom nobody has changed yet. Each is changed by one of us alone: a task, or somebody at the database.
    employed: Vec<u32>,
    on_leave: Vec<u32>,
    /// Whoever left for good. Their numbers never come back.
    pub gone: BTreeSet<String>,
    joined: u32,
}

impl Company {
    pub fn at(path: PathBuf) -> Self {
        Company { path, employed: Vec::new(), on_leave: Vec::new(), gone: BTreeSet::new(), joined: 0 }
    }

    pub fn file(&self) -> HrFile {
        let file = HrFile::open(&self.path);
        file.0.busy_timeout(Duration::from_secs(30)).unwrap();
        file
    }

    /// Once the program has made it: from now on it remembers.
    pub fn watch(&mut self) {
        let file = self.file();
        file.0.execute_batch(MEMORY).unwrap();
        let all = |status: &str| -> Vec<u32> {
            let numbers = file.texts(&format!("select cast(number as text) from person where status = '{status}'"));
            numbers.iter().map(|number| number.parse().unwrap()).collect()
        };
        (self.employed, self.on_leave) = (all("employed"), all("on_leave"));
        // Whoever has the highest number stays: it would be given to the next one.
        let last = all("employed").into_iter().chain(all("on_leave")).max();
        self.employed.retain(|number| Some(*number) != last);
    }

    pub fn present(&self) -> BTreeSet<String> {
        self.file().texts("select cast(number as text) from person").into_iter().collect()
    }

    pub fn pages(&self) -> usize {
        self.present().len().div_ceil(100)
    }

    /// How often that was done to this person.
    pub fn effects(&self, what: &str, person: u32) -> u64 {
        self.file().count(&format!("effect where what = '{what}' and person = {person}"))
    }

    pub fn employed(&mut self, chance: &Chance) -> u32 {
        chance.takes(&mut self.employed)
    }

    pub fn on_leave(&mut self, chance: &Chance) -> u32 {
        chance.takes(&mut self.on_leave)
    }

    /// A day at the company: somebody is new, somebody goes on leave, somebody for good; others marry or change teams.
    pub fn change(&mut self, chance: &Chance) {
        self.joined += 1;
        let new = format!("new{}@acme.example", self.joined);
        let mut sql = format!(
            "insert into person (email, first_name, surname) values ('{new}', 'New', 'Comer');
             insert into team_member select number, 'legal' from person where email = '{new}';
             update person set status = 'on_leave' where number = {};",
            self.employed(chance)
        );
        if chance.says_yes() {
            sql += &format!("update person set surname = 'Newly-Wed' where number = {};", self.employed(chance));
        }
        if chance.says_yes() {
            let number = self.employed(chance);
            sql += &format!("delete from team_member where person = {number};");
            sql += &format!("insert into team_member values ({number}, 'design');");
        }
        self.execute(&sql);
        self.lose(1, chance);
    }

    /// So many leave for good.
    pub fn lose(&mut self, count: usize, chance: &Chance) {
        for _ in 0..count {
            let number = self.employed(chance);
            let leave = ["team_member where person", "seat_holder where person", "person where number"];
            self.execute(&leave.map(|of| format!("delete from {of} = {number};")).concat());
            self.gone.insert(number.to_string());
        }
    }

    fn execute(&self, sql: &str) {
        self.file().0.execute_batch(&format!("begin immediate; {sql} commit;")).unwrap();
    }

    /// Nobody writes to it until this is dropped.
    pub fn lock(&self) -> Connection {
        let file = self.file();
        file.0.execute_batch("begin immediate").unwrap();
        file.0
    }
}
