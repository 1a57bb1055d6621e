//! A register whose tables are read by offset, and move while they are read.

use std::{
    collections::VecDeque,
    marker::PhantomData,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bridge_sandbox::App;
use iden_bridge::{
    connector::{Attached, Connector, ConnectorError},
    prelude::*,
    sync::SyncReport,
};
use serde_json::json;

use crate::company::{Stage, go_on};

#[derive(BridgeResource)]
#[bridge(group)]
pub struct Crew {
    pub id: u32,
    pub name: String,
}

#[derive(BridgeResource)]
#[bridge(account)]
pub struct Person {
    pub id: u32,
    pub username: String,
    #[bridge(memberships)]
    pub crews: Vec<Ref<Crew>>,
}

pub type Move = Box<dyn FnOnce(&mut Vec<u32>) + Send>;

/// The rows of one table.
#[derive(Default)]
pub struct Table {
    pub rows: Mutex<Vec<u32>>,
    /// What happens to the rows after each page that is read from now on.
    moves: Mutex<VecDeque<Option<Move>>>,
    reads: AtomicUsize,
    finds: AtomicUsize,
    /// The read of this number fails at its end.
    pub broken: Mutex<Option<usize>>,
    /// What looking somebody up comes to.
    pub find_breaks: Mutex<Option<fn() -> SourceError>>,
    /// The read ends after so many rows, and says that it was all.
    pub short: Mutex<Option<usize>>,
}

impl Table {
    pub fn of(rows: u32) -> Self {
        Table { rows: Mutex::new((1..=rows).collect()), ..Table::default() }
    }

    /// The page at this offset, and the next offset.
    fn page(&self, offset: usize, size: usize) -> (Vec<u32>, Option<usize>) {
        let mut rows = self.rows.lock().unwrap();
        let end = rows.len().min(offset + size).min(self.short.lock().unwrap().unwrap_or(usize::MAX));
        let page = rows.get(offset..end).unwrap_or_default().to_vec();
        if let Some(Some(step)) = self.moves.lock().unwrap().pop_front() {
            step(&mut rows);
        }
        let next = (page.len() == size).then_some(offset + size);
        (page, next)
    }

    fn begin(&self) -> usize {
        self.reads.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn end(&self, read: usize) -> Result<(), SourceError> {
        match *self.broken.lock().unwrap() {
            Some(broken) if broken == read => Err(SourceError::new("the table is gone")),
            _ => Ok(()),
        }
    }

    fn find(&self, id: u32) -> Result<Option<u32>, SourceError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        // Not under the lock: it may panic.
        let broken = *self.find_breaks.lock().unwrap();
        if let Some(broken) = broken {
            return Err(broken());
        }
        Ok(self.rows.lock().unwrap().iter().copied().find(|row| *row == id))
    }

    pub fn then(&self, step: impl FnOnce(&mut Vec<u32>) + Send + 'static) {
        self.moves.lock().unwrap().push_back(Some(Box::new(step)));
    }

    /// A page after which nothing happens.
    pub fn calm(&self) {
        self.moves.lock().unwrap().push_back(None);
    }

    pub fn counted(&self) -> (usize, usize) {
        (self.reads.load(Ordering::SeqCst), self.finds.load(Ordering::SeqCst))
    }
}

/// What a source can do.
pub trait Manner: Send + Sync + 'static {
    const SNAPSHOT: bool = false;
    const FINDS: bool = false;
}

pub struct Plain;
pub struct Finding;
pub struct Snapshot;

impl Manner for Plain {}

impl Manner for Finding {
    const FINDS: bool = true;
}

impl Manner for Snapshot {
    const SNAPSHOT: bool = true;
    const FINDS: bool = true;
}

#[derive(Clone)]
pub struct Register<M> {
    pub people: Arc<Table>,
    pub crews: Arc<Table>,
    manner: PhantomData<M>,
}

fn person(id: u32) -> Person {
    Person { id, username: format!("p{id}"), crews: vec![Ref::new(3_u32)] }
}

fn crew(id: u32) -> Crew {
    Crew { id, name: format!("c{id}") }
}

impl<M: Manner> Source<Person> for Register<M> {
    const SNAPSHOT: bool = M::SNAPSHOT;

    async fn read(&self, out: &Out<Person>) -> Result<(), SourceError> {
        let read = self.people.begin();
        let fetch = |offset| async move {
            let (rows, next) = self.people.page(offset, 100);
            Ok(Page::new(rows.into_iter().map(person), next))
        };
        out.pages(0, fetch).await?;
        self.people.end(read)
    }

    async fn find(&self, id: &u32) -> Result<Option<Person>, SourceError> {
        if M::FINDS { Ok(self.people.find(*id)?.map(person)) } else { Err(SourceError::no_find()) }
    }
}

impl<M: Manner> Source<Crew> for Register<M> {
    async fn read(&self, out: &Out<Crew>) -> Result<(), SourceError> {
        let fetch = |offset| async move {
            let (rows, next) = self.crews.page(offset, 2);
            Ok(Page::new(rows.into_iter().map(crew), next))
        };
        out.pages(0, fetch).await
    }

    async fn find(&self, id: &u32) -> Result<Option<Crew>, SourceError> {
        if M::FINDS { Ok(self.crews.find(*id)?.map(crew)) } else { Err(SourceError::no_find()) }
    }
}

pub const REGISTER: &str = "Register";

pub struct Desk<M> {
    pub stage: Stage,
    pub people: Arc<Table>,
    pub crews: Arc<Table>,
    pub connector: Attached<Register<M>>,
}

impl<M: Manner> Desk<M> {
    /// 250 people and 3 crews, synced once.
    pub async fn synced() -> Self {
        let stage = Stage::with(0).await;
        let (people, crews) = (Arc::new(Table::of(250)), Arc::new(Table::of(3)));
        let register = Register { people: people.clone(), crews: crews.clone(), manner: PhantomData::<M> };
        let open = |_: NoSettings| async move { Ok::<_, std::io::Error>(register) };
        let connector = Connector::builder(REGISTER, open).resource::<Person>().resource::<Crew>().build().unwrap();
        let connector = connector.attach(&stage.target(), json!({})).await.unwrap();
        connector.sync(&go_on()).await.unwrap();
        people.reads.store(0, Ordering::SeqCst);
        Desk { stage, people, crews, connector }
    }

    pub fn app(&self) -> App {
        self.stage.sandbox.app_named(REGISTER).unwrap()
    }

    pub async fn sync(&self) -> Result<SyncReport, ConnectorError> {
        self.connector.sync(&go_on()).await
    }

    /// The last session: its state, how many people it held, whom it removed.
    pub fn last(&self) -> (String, usize, Vec<String>) {
        let last = self.app().sessions().pop().unwrap();
        let removed = last.removed.into_iter().map(|(slug, id)| format!("{slug} {id}")).collect();
        (last.status, last.pushed.get("person").copied().unwrap_or(0), removed)
    }

    #[track_caller]
    pub fn assert_all_there(&self) {
        let app = self.app();
        self.people.rows.lock().unwrap().iter().for_each(|id| app.assert_active("person", &id.to_string()));
        self.crews.rows.lock().unwrap().iter().for_each(|id| app.assert_active("crew", &id.to_string()));
    }
}
