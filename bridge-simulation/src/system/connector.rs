//! The connector under test: its types, its sources and its handlers.

use std::sync::Arc;

use iden_bridge::{Tasks, connector::Connector, prelude::*};

use crate::{
    faults::Fault,
    plan::Paging,
    stage::Stage,
    system::handlers,
    system::{self, Person},
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

#[derive(BridgeStatus, Clone, Copy, Debug)]
pub enum Employment {
    #[bridge(active)]
    Active,
    #[bridge(suspended)]
    Suspended,
    #[bridge(inactive)]
    Inactive,
}

impl From<&Person> for Employee {
    fn from(person: &Person) -> Self {
        Employee {
            number: person.number,
            email: person.email(),
            first_name: person.first_name.clone(),
            status: match person.status {
                system::Employment::Active => Employment::Active,
                system::Employment::Suspended => Employment::Suspended,
                system::Employment::Inactive => Employment::Inactive,
            },
            teams: person.teams.iter().map(|id| Ref::new(id.as_str())).collect(),
            seats: person.seats.iter().map(|id| Ref::new(id.as_str())).collect(),
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
        let (wait, fault) = {
            let mut state = self.enter();
            let wait = state.system_dice.millis(0, 40);
            (wait, state.strikes(Fault::SourceError))
        };
        tokio::time::sleep(wait).await;
        match fault {
            true if self.enter().system_dice.chance(0.05) => panic!("sim: the source panics"),
            true => Err(SourceError::new("the system is down")),
            false => Ok(()),
        }
    }

    /// A page of people, as the list is at this moment.
    fn people(&self, skip: usize, behind: u32, limit: usize) -> Vec<Employee> {
        let state = self.enter();
        let now = state.now;
        let shown = state.world.shown(now).filter(|person| person.number > behind);
        shown.skip(skip).take(limit).map(Employee::from).collect()
    }
}

impl Source<Team> for System {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        self.asked().await?;
        let teams: Vec<Team> = {
            let state = self.enter();
            state.world.teams.iter().map(|(id, one)| Team { id: id.clone(), name: one.name.clone() }).collect()
        };
        for team in teams {
            out.push(team).await;
        }
        Ok(())
    }

    async fn find(&self, id: &String) -> Result<Option<Team>, SourceError> {
        if !self.plan.can_find {
            return Err(SourceError::no_find());
        }
        self.asked().await?;
        Ok(self.enter().world.teams.get(id).map(|one| Team { id: id.clone(), name: one.name.clone() }))
    }
}

impl Source<Seat> for System {
    async fn read(&self, out: &Out<Seat>) -> Result<(), SourceError> {
        self.asked().await?;
        let seats: Vec<Seat> = {
            let state = self.enter();
            state.world.seats.iter().map(|(id, one)| Seat { id: id.clone(), name: one.name.clone() }).collect()
        };
        for seat in seats {
            out.push(seat).await;
        }
        Ok(())
    }
}

impl Source<Employee> for System {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        let (limit, paging) = (self.plan.page, self.plan.paging);
        if paging == Paging::Whole {
            self.asked().await?;
            for person in self.people(0, 0, usize::MAX) {
                out.push(person).await;
            }
            return Ok(());
        }
        if paging == Paging::Offset {
            let fetch = |offset, limit| async move {
                self.asked().await?;
                Ok(self.people(offset, 0, limit))
            };
            return out.offset_pages(limit, fetch).await;
        }
        let fetch = |cursor: u32| async move {
            self.asked().await?;
            let (skip, behind) = if paging == Paging::Naive { (cursor as usize, 0) } else { (0, cursor) };
            let page = self.people(skip, behind, limit);
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
            let behind = page.last().map(|last| last.number);
            let next = if is_naive { Some(cursor + page.len() as u32) } else { behind };
            let next = next.filter(|_| !page.is_empty() && !is_cut);
            Ok(Page::new(page, next))
        };
        out.pages(0, fetch).await
    }

    async fn find(&self, number: &u32) -> Result<Option<Employee>, SourceError> {
        if !self.plan.can_find {
            return Err(SourceError::no_find());
        }
        self.asked().await?;
        let state = self.enter();
        let now = state.now;
        Ok(state.world.shown(now).find(|person| person.number == *number).map(Employee::from))
    }
}

pub fn connector(stage: &Arc<Stage>) -> Connector<System> {
    let plan = &stage.plan;
    let (system, usual) = (Arc::clone(stage), plan.usual_limits);
    let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(System(system)) };
    let wide = move |limits: iden_bridge::sync::Limits| {
        if usual { limits } else { limits.max_removed_percent(60).max_edges_percent(90) }
    };
    let tasks = if plan.tasks { handlers::all() } else { Tasks::of([]) };
    Connector::builder(NAME, open)
        .resource::<Employee>()
        .resource::<Team>()
        .resource::<Seat>()
        .limits::<Employee>(wide)
        .limits::<Team>(wide)
        .tasks(tasks)
        .build()
        .unwrap()
}
