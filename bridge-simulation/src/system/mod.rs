//! The external system: people, groups and licenses, which move while they are read, and what tasks have done to them.

pub mod connector;
mod handlers;
pub mod names;
pub mod panics;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use uuid::Uuid;

use crate::{
    dice::Dice,
    iden::{Key, tasks::Task},
    plan::Plan,
};
use names::{BADGE, CONTRACTOR, Names, SEAT, SITE, SPELLINGS, Style, TEAM};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Employment {
    Active,
    Suspended,
    Inactive,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub number: u32,
    /// How the system writes the id now.
    pub spelling: u8,
    pub first_name: String,
    pub status: Employment,
    /// The groups and licenses that they have, by type.
    pub held: Edges,
    /// Since when they are there.
    pub since: Duration,
    /// When a task has made, changed or unsuspended them last.
    pub touched: Option<Duration>,
    /// When the system shows them.
    pub shown_from: Duration,
    /// The task that has made them.
    pub made_by: Option<Uuid>,
}

/// Groups and licenses, by type.
pub type Edges = BTreeMap<&'static str, BTreeSet<String>>;

impl Person {
    pub fn email(&self) -> String {
        email(self.number)
    }
}

pub fn email(number: u32) -> String {
    format!("p{number}@acme.example")
}

/// A group or a license.
#[derive(Clone, Debug)]
pub struct Thing {
    pub name: String,
    pub since: Duration,
}

/// What a task wants an account to be.
#[derive(Debug, Default)]
pub struct Wanted {
    pub first_name: String,
    /// All groups or licenses of a type that it is to have (protocol.md section 6). Types that are not named stay as they are.
    pub named: BTreeMap<&'static str, Vec<String>>,
}

/// Something that a handler did.
#[derive(Clone, Debug)]
pub struct Effect {
    pub task: Uuid,
    pub number: u32,
}

#[derive(Debug)]
pub struct World {
    pub names: Names,
    pub people: BTreeMap<u32, Person>,
    /// The groups and licenses that are there, by type.
    pub things: BTreeMap<&'static str, BTreeMap<String, Thing>>,
    pub effects: Vec<Effect>,
    /// Tasks whose handler, or its `verify`, has said that it is done.
    pub confirmed: BTreeSet<Uuid>,
    /// Handlers at work, by person.
    pub running: Vec<(Uuid, u32)>,
    next: u32,
    left: Vec<u32>,
    /// Everybody whose id the system has written in another way.
    pub respelled: BTreeSet<u32>,
    /// Those who come and go with the seasons.
    seasonal: Vec<u32>,
    lag: Duration,
    pub dice: Dice,
}

/// Some of them.
fn some(dice: &mut Dice, of: &BTreeMap<String, Thing>) -> BTreeSet<String> {
    of.keys().filter(|_| dice.chance(0.4)).cloned().collect()
}

/// The groups and licenses at first. Sites have numbers for ids.
const AT_FIRST: [(&str, &str); 8] = [
    (TEAM, "Red"),
    (TEAM, "blue"),
    (TEAM, "Green"),
    (SEAT, "mail"),
    (SITE, "1"),
    (SITE, "2"),
    (BADGE, "Mail"),
    (BADGE, "door"),
];

/// More than the guard lets go of as many people as there are.
const SEASONAL: u32 = 12;

impl World {
    pub fn new(plan: &Plan) -> Self {
        let mut world = World {
            names: plan.names,
            people: BTreeMap::new(),
            things: plan.names.things().map(|slug| (slug, BTreeMap::new())).collect(),
            effects: Vec::new(),
            confirmed: BTreeSet::new(),
            running: Vec::new(),
            next: 1,
            left: Vec::new(),
            respelled: BTreeSet::new(),
            seasonal: Vec::new(),
            lag: plan.lag,
            dice: Dice::new(plan.seed, "world"),
        };
        for (slug, id) in AT_FIRST {
            let first = Thing { name: id.to_owned(), since: Duration::ZERO };
            world.things.entry(slug).and_modify(|of| drop(of.insert(id.to_owned(), first)));
        }
        for _ in 0..plan.people {
            let number = world.new_number();
            world.hire(number, Duration::ZERO);
        }
        for _ in 0..if plan.seasonal { SEASONAL } else { 0 } {
            let number = world.new_number();
            world.hire(number, Duration::ZERO);
            world.seasonal.push(number);
        }
        world
    }

    fn new_number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    fn hire(&mut self, number: u32, now: Duration) {
        let mut held = Edges::new();
        for (_, slug) in self.names.edges(self.names.slug(number)) {
            held.insert(slug, some(&mut self.dice, &self.things[slug]));
        }
        let status = if self.dice.chance(0.9) { Employment::Active } else { Employment::Suspended };
        let person = Person {
            number,
            spelling: 0,
            first_name: format!("N{}", self.dice.below(100)),
            status,
            held,
            since: now,
            touched: None,
            shown_from: now,
            made_by: None,
        };
        self.people.insert(number, person);
    }

    fn anybody(&mut self) -> Option<u32> {
        let at = self.dice.below(self.people.len().max(1));
        self.people.keys().nth(at).copied()
    }

    /// All of them leave, or come back.
    fn turn_season(&mut self, now: Duration) -> String {
        let leave = self.seasonal.iter().any(|number| self.people.contains_key(number));
        for number in self.seasonal.clone() {
            if leave {
                self.people.remove(&number);
            } else {
                self.hire(number, now);
            }
        }
        format!("{:?} {}", self.seasonal, if leave { "leave" } else { "are back" })
    }

    /// One change, as people make them there.
    pub fn change(&mut self, now: Duration) -> String {
        // Nothing else happens there: a plan that names others, too, would not be the one that was approved before.
        if !self.seasonal.is_empty() {
            return self.turn_season(now);
        }
        let what = self.dice.below(100);
        let Some(number) = self.anybody().filter(|_| what >= 25) else {
            let back = self.left.pop().filter(|back| !self.people.contains_key(back) && self.dice.chance(0.3));
            let number = back.unwrap_or_else(|| self.new_number());
            self.hire(number, now);
            return format!("hired {number}");
        };
        match what {
            25..45 => {
                self.people.remove(&number);
                self.left.push(number);
                format!("{number} left")
            }
            45..60 => {
                let name = format!("N{}", self.dice.below(100));
                self.people.get_mut(&number).unwrap().first_name = name;
                format!("renamed {number}")
            }
            60..72 => {
                let status = self.dice.pick(&[Employment::Active, Employment::Suspended, Employment::Inactive]);
                self.people.get_mut(&number).unwrap().status = status;
                format!("{number} is {status:?}")
            }
            72..90 => {
                let account = self.names.slug(number);
                let slug = self.kind_of_group(account);
                let Some(id) = self.any_thing(slug) else { return String::new() };
                let held = self.people.get_mut(&number).unwrap().held.get_mut(slug).unwrap();
                if !held.remove(&id) {
                    held.insert(id.clone());
                }
                format!("{number} in or out of {slug} {id}")
            }
            90..95 => {
                let slug = self.kind_of_group(CONTRACTOR);
                let number = self.dice.below(20);
                let id = match slug {
                    SITE => number.to_string(),
                    _ if number.is_multiple_of(2) => format!("T{number}"),
                    _ => format!("t{number}"),
                };
                let new = || Thing { name: id.clone(), since: now };
                self.things.get_mut(slug).unwrap().entry(id.clone()).or_insert_with(new);
                format!("{slug} {id}")
            }
            _ => {
                let slug = self.kind_of_group(CONTRACTOR);
                let Some(id) = self.any_thing(slug) else { return String::new() };
                self.things.get_mut(slug).unwrap().remove(&id);
                for held in self.people.values_mut().filter_map(|person| person.held.get_mut(slug)) {
                    held.remove(&id);
                }
                format!("no {slug} {id}")
            }
        }
    }

    /// Teams; with second types also another group or license that accounts of this type can have.
    fn kind_of_group(&mut self, account: &str) -> &'static str {
        if !self.names.second_types {
            return TEAM;
        }
        let of = self.names.edges(account);
        of[self.dice.below(of.len())].1
    }

    fn any_thing(&mut self, slug: &str) -> Option<String> {
        let at = self.dice.below(self.things[slug].len().max(1));
        self.things[slug].keys().nth(at).cloned()
    }

    /// The id of a person, as the system writes it now.
    pub fn id_of(&self, number: u32) -> String {
        self.names.id(number, self.people.get(&number).map_or(0, |person| person.spelling))
    }

    /// The key of a person, as Iden holds it.
    pub fn person(&self, key: &Key) -> Option<&Person> {
        self.people.get(&self.names.number(key)?)
    }

    /// The system writes the id of somebody in another way from now on.
    pub fn respell(&mut self) -> Option<String> {
        let has_letters = |number: &&u32| self.names.style == Style::Letters && self.names.slug(**number) == CONTRACTOR;
        let some: Vec<u32> = self.people.keys().filter(has_letters).copied().collect();
        if some.is_empty() {
            return None;
        }
        let (number, spelling) = (self.dice.pick(&some), self.dice.below(usize::from(SPELLINGS)) as u8);
        self.people.get_mut(&number)?.spelling = spelling;
        self.respelled.insert(number);
        Some(format!("{number} is written {:?}", self.names.id(number, spelling)))
    }

    /// Whom the system shows at this time.
    pub fn shown(&self, now: Duration) -> impl Iterator<Item = &Person> {
        self.people.values().filter(move |person| person.shown_from <= now)
    }

    /// A task that Iden wants done.
    pub fn wish(&mut self, now: Duration, id: Uuid) -> Option<Task> {
        let actions = [
            "create_account",
            "create_account",
            "update_account",
            "update_account",
            "delete_account",
            "suspend_account",
            "unsuspend_account",
            "reset_password",
        ];
        let action = self.dice.pick(&actions);
        let number = if action == "create_account" && !self.dice.chance(0.1) {
            // Perhaps one who has left, under the address of before.
            match self.left.last().copied().filter(|_| self.dice.chance(0.3)) {
                Some(back) => back,
                None => self.new_number(),
            }
        } else if self.dice.chance(0.3) && self.people.len() > 2 {
            // Several for the same person: what has an order.
            *self.people.keys().nth(1).unwrap()
        } else {
            self.anybody()?
        };
        let name = format!("T{}", self.dice.below(1000));
        let (slug, account_id) = (self.names.slug(number), self.id_of(number));
        let mut payload = match action {
            "create_account" => json!({"account": {"email": email(number), "first_name": name}}),
            "update_account" => {
                json!({"account": {"id": account_id, "email": email(number)}, "changes": {"first_name": name}})
            }
            _ => json!({"account": {"id": account_id, "email": email(number)}}),
        };
        if matches!(action, "create_account" | "update_account") && self.dice.chance(0.3) {
            payload["memberships"] = json!({"team": some(&mut self.dice, &self.things[TEAM])});
            if slug == CONTRACTOR && self.dice.chance(0.5) {
                payload["memberships"]["site"] = json!(some(&mut self.dice, &self.things[SITE]));
            }
        }
        let later = self.dice.chance(0.15).then(|| now + self.dice.millis(1_000, 60_000));
        Some(Task {
            id,
            action,
            slug,
            account_id,
            number,
            payload,
            created: now,
            execute_after: later,
            ended: None,
            error: serde_json::Value::Null,
            ended_at: now,
            by_somebody: false,
            ended_late: false,
            moved: None,
            reopened: false,
            on_hold_until: Duration::ZERO,
        })
    }

    /// Those that are there of the ones that Iden names, whose ids may have lost their capitals (question P7).
    fn things_named(&self, named: &BTreeMap<&'static str, Vec<String>>) -> Edges {
        let of = |(slug, ids): (&&'static str, &Vec<String>)| {
            let is_named = |there: &&String| ids.iter().any(|id| id.eq_ignore_ascii_case(there));
            (*slug, self.things[slug].keys().filter(is_named).cloned().collect())
        };
        named.iter().map(of).collect()
    }

    /// Does what a task wants. What it finds instead, where it cannot.
    pub fn effect(
        &mut self,
        now: Duration,
        task: Uuid,
        action: &'static str,
        number: u32,
        wanted: &Wanted,
    ) -> Result<(), &'static str> {
        let lag = self.lag;
        let named = self.things_named(&wanted.named);
        let found = self.people.get_mut(&number);
        match (action, found) {
            ("create_account", Some(_)) => return Err("account_already_exists"),
            ("create_account", None) => {
                self.left.retain(|left| *left != number);
                let mut held: Edges = self
                    .names
                    .edges(self.names.slug(number))
                    .iter()
                    .map(|(_, slug)| (*slug, BTreeSet::new()))
                    .collect();
                held.extend(named);
                let person = Person {
                    number,
                    spelling: 0,
                    first_name: wanted.first_name.clone(),
                    status: Employment::Active,
                    held,
                    since: now,
                    touched: Some(now),
                    shown_from: now + lag,
                    made_by: Some(task),
                };
                self.people.insert(number, person);
            }
            // It is gone, which is what was wanted.
            ("delete_account", None) => {}
            ("delete_account", Some(_)) => {
                self.people.remove(&number);
                self.left.push(number);
            }
            (_, None) => return Err("account_not_found"),
            (action, Some(person)) => {
                match action {
                    "update_account" => {
                        person.first_name.clone_from(&wanted.first_name);
                        person.held.extend(named);
                    }
                    "suspend_account" => person.status = Employment::Suspended,
                    "unsuspend_account" => person.status = Employment::Active,
                    _ => {}
                }
                if action != "suspend_account" {
                    person.touched = Some(now);
                }
            }
        }
        self.effects.push(Effect { task, number });
        Ok(())
    }
}
