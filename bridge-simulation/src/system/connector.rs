//! The connector under test: its types, its sources and its handlers.

use std::{sync::Arc, time::Duration};

use iden_bridge::{Resource, Tasks, connector::Connector, prelude::*};

use crate::{
    faults::Fault,
    plan::Paging,
    stage::Stage,
    system::{
        self, Person, Thing, handlers,
        names::{self, Names},
        panics::{self, Down, Handle, may_panic},
    },
};

pub const NAME: &str = "Acme HR";
/// What only reports may hold.
pub const PASSWORD: &str = "correct horse";

#[derive(BridgeResource, Clone, Debug)]
#[bridge(group)]
pub struct Team {
    id: String,
    name: String,
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(license)]
pub struct Seat {
    id: String,
    name: String,
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(account)]
pub struct Employee {
    #[bridge(id)]
    number: u32,
    email: String,
    first_name: String,
    status: Employment,
    #[bridge(memberships)]
    teams: Vec<Ref<Team>>,
    #[bridge(assignments)]
    seats: Vec<Ref<Seat>>,
}

/// Accounts of a second type, with ids of letters, and with groups and licenses of two types.
#[derive(BridgeResource, Clone, Debug)]
#[bridge(account)]
pub struct Contractor {
    id: Handle,
    email: String,
    first_name: String,
    status: Employment,
    #[bridge(memberships)]
    teams: Vec<Ref<Team>>,
    #[bridge(assignments)]
    seats: Vec<Ref<Seat>>,
    #[bridge(memberships)]
    sites: Vec<Ref<Site>>,
    #[bridge(assignments)]
    badges: Vec<Ref<Badge>>,
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(group)]
pub struct Site {
    id: u32,
    name: String,
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(license)]
pub struct Badge {
    id: String,
    name: String,
}

#[derive(BridgeStatus, Clone, Copy, Debug)]
pub enum Employment {
    #[bridge(active)]
    Active,
    #[bridge(suspended)]
    Suspended,
    #[bridge(inactive)]
    Inactive,
}

impl From<system::Employment> for Employment {
    fn from(status: system::Employment) -> Self {
        match status {
            system::Employment::Active => Employment::Active,
            system::Employment::Suspended => Employment::Suspended,
            system::Employment::Inactive => Employment::Inactive,
        }
    }
}

fn refs<R: Resource<Id = String>>(person: &Person, slug: &str) -> Vec<Ref<R>> {
    person.held[slug].iter().map(|id| Ref::new(id.as_str())).collect()
}

/// An account as its source shows it.
pub trait OfPerson: Resource {
    fn of(person: &Person, names: Names) -> Self;
}

impl OfPerson for Employee {
    fn of(person: &Person, _: Names) -> Self {
        Employee {
            number: person.number,
            email: person.email(),
            first_name: person.first_name.clone(),
            status: person.status.into(),
            teams: refs(person, names::TEAM),
            seats: refs(person, names::SEAT),
        }
    }
}

impl OfPerson for Contractor {
    fn of(person: &Person, names: Names) -> Self {
        Contractor {
            id: Handle::new(names.id(person.number, person.spelling)),
            email: person.email(),
            first_name: person.first_name.clone(),
            status: person.status.into(),
            teams: refs(person, names::TEAM),
            seats: refs(person, names::SEAT),
            sites: person.held[names::SITE].iter().map(|id| Ref::new(id.parse::<u32>().unwrap())).collect(),
            badges: refs(person, names::BADGE),
        }
    }
}

/// The system as the connector sees it.
pub struct System(pub Arc<Stage>);

impl std::ops::Deref for System {
    type Target = Arc<Stage>;

    fn deref(&self) -> &Arc<Stage> {
        &self.0
    }
}

impl System {
    /// The system takes its time, and does not always answer.
    async fn asked(&self) -> Result<(), SourceError> {
        self.asked_slowly(Duration::ZERO).await
    }

    /// The same, and it takes so much longer.
    async fn asked_slowly(&self, longer: Duration) -> Result<(), SourceError> {
        let (wait, fault) = {
            let mut state = self.enter();
            let wait = state.system_dice.millis(0, 40);
            (wait, state.strikes(Fault::SourceError))
        };
        tokio::time::sleep(wait + longer).await;
        match fault {
            true if self.enter().system_dice.chance(0.05) => panic!("sim: the source panics"),
            true => Err(SourceError::new(Down)),
            false => Ok(()),
        }
    }

    /// A page of accounts of a type, as the list is at this moment. And the number of the last one.
    fn page<A: OfPerson>(&self, skip: usize, behind: u32, limit: usize) -> (Vec<A>, Option<u32>) {
        let state = self.enter();
        let (now, names) = (state.now, state.world.names);
        let is_listed = |person: &&Person| names.slug(person.number) == A::SLUG && person.number > behind;
        let page: Vec<&Person> = state.world.shown(now).filter(is_listed).skip(skip).take(limit).collect();
        let last = page.last().map(|person| person.number);
        (page.into_iter().map(|person| A::of(person, names)).collect(), last)
    }

    /// Reads all accounts of a type, in the way that was drawn.
    async fn read_accounts<A: OfPerson>(&self, out: &Out<A>) -> Result<(), SourceError> {
        let (limit, paging) = (self.plan.page, self.plan.paging);
        if paging == Paging::Whole {
            self.asked_slowly(self.plan.read_takes).await?;
            for account in self.page::<A>(0, 0, usize::MAX).0 {
                out.push(account).await;
            }
            return Ok(());
        }
        if paging == Paging::Offset {
            let fetch = |offset, limit| async move {
                self.asked_slowly(self.plan.read_takes).await?;
                Ok(self.page::<A>(offset, 0, limit).0)
            };
            return out.offset_pages(limit, fetch).await;
        }
        let fetch = |cursor: u32| async move {
            self.asked_slowly(self.plan.read_takes).await?;
            let (skip, behind) = if paging == Paging::Naive { (cursor as usize, 0) } else { (0, cursor) };
            let (page, behind) = self.page::<A>(skip, behind, limit);
            // A short read that looks like the end.
            let is_naive = paging == Paging::Naive;
            let is_cut = is_naive && {
                let mut state = self.enter();
                let is_cut = state.may_strike(Fault::SourceDrift) && state.system_dice.chance(0.1);
                if is_cut {
                    state.has_fired(Fault::SourceDrift);
                }
                is_cut
            };
            let next = if is_naive { Some(cursor + page.len() as u32) } else { behind };
            let next = next.filter(|_| !page.is_empty() && !is_cut);
            Ok(Page::new(page, next))
        };
        out.pages(0, fetch).await
    }

    /// Looks for the account with exactly this id.
    async fn find_account<A: OfPerson>(&self, id: &str) -> Result<Option<A>, SourceError> {
        if !self.plan.can_find {
            return Err(SourceError::no_find());
        }
        self.asked_slowly(self.plan.find_takes).await?;
        let state = self.enter();
        let (now, names) = (state.now, state.world.names);
        let is_meant =
            |person: &&Person| names.slug(person.number) == A::SLUG && names.id(person.number, person.spelling) == id;
        Ok(state.world.shown(now).find(is_meant).map(|person| A::of(person, names)))
    }

    /// Reads all groups or licenses of a type.
    async fn read_things<T: Resource>(
        &self,
        out: &Out<T>,
        slug: &str,
        of: impl Fn(&str, &Thing) -> T + Send,
    ) -> Result<(), SourceError> {
        self.asked().await?;
        let things: Vec<T> = self.enter().world.things[slug].iter().map(|(id, one)| of(id, one)).collect();
        for thing in things {
            out.push(thing).await;
        }
        Ok(())
    }

    async fn find_thing<T>(
        &self,
        slug: &str,
        id: &str,
        of: impl Fn(&str, &Thing) -> T + Send,
    ) -> Result<Option<T>, SourceError> {
        if !self.plan.can_find {
            return Err(SourceError::no_find());
        }
        self.asked().await?;
        Ok(self.enter().world.things[slug].get(id).map(|one| of(id, one)))
    }
}

fn team(id: &str, one: &Thing) -> Team {
    Team { id: id.to_owned(), name: one.name.clone() }
}

fn seat(id: &str, one: &Thing) -> Seat {
    Seat { id: id.to_owned(), name: one.name.clone() }
}

fn site(id: &str, one: &Thing) -> Site {
    Site { id: id.parse().unwrap(), name: one.name.clone() }
}

fn badge(id: &str, one: &Thing) -> Badge {
    Badge { id: id.to_owned(), name: one.name.clone() }
}

impl Source<Team> for System {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        self.read_things(out, names::TEAM, team).await
    }

    async fn find(&self, id: &String) -> Result<Option<Team>, SourceError> {
        self.find_thing(names::TEAM, id, team).await
    }
}

impl Source<Seat> for System {
    async fn read(&self, out: &Out<Seat>) -> Result<(), SourceError> {
        self.read_things(out, names::SEAT, seat).await
    }
}

impl Source<Site> for System {
    async fn read(&self, out: &Out<Site>) -> Result<(), SourceError> {
        self.read_things(out, names::SITE, site).await
    }
}

impl Source<Badge> for System {
    async fn read(&self, out: &Out<Badge>) -> Result<(), SourceError> {
        self.read_things(out, names::BADGE, badge).await
    }

    async fn find(&self, id: &String) -> Result<Option<Badge>, SourceError> {
        self.find_thing(names::BADGE, id, badge).await
    }
}

impl Source<Employee> for System {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        self.read_accounts(out).await
    }

    async fn find(&self, number: &u32) -> Result<Option<Employee>, SourceError> {
        self.find_account(&number.to_string()).await
    }
}

impl Source<Contractor> for System {
    async fn read(&self, out: &Out<Contractor>) -> Result<(), SourceError> {
        self.read_accounts(out).await
    }

    async fn find(&self, id: &Handle) -> Result<Option<Contractor>, SourceError> {
        may_panic("a lookup");
        self.find_account(id.as_str()).await
    }
}

pub fn connector(stage: &Arc<Stage>) -> Connector<System> {
    let plan = &stage.plan;
    let (system, usual) = (Arc::clone(stage), plan.usual_limits);
    panics::on(Arc::downgrade(stage));
    let open = move |_: NoSettings| async move {
        may_panic("opening");
        Ok::<_, std::io::Error>(System(system))
    };
    let wide = move |limits: iden_bridge::sync::Limits| {
        if usual { limits } else { limits.max_removed_percent(60).max_edges_percent(90) }
    };
    let tasks = if plan.tasks { handlers::all(plan.names.second_types) } else { Tasks::of([]) };
    let connector = Connector::builder(NAME, open)
        .resource::<Employee>()
        .resource::<Team>()
        .resource::<Seat>()
        .limits::<Employee>(wide)
        .limits::<Team>(wide)
        .tasks(tasks);
    let connector = if plan.names.second_types {
        let connector = connector.resource::<Contractor>().resource::<Site>().resource::<Badge>();
        connector.limits::<Contractor>(wide).limits::<Site>(wide)
    } else {
        connector
    };
    connector.build().unwrap()
}
