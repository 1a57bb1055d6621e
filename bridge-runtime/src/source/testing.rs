//! A small type and a list of it behind an API, for the tests of reading.

use std::sync::Mutex;

use bridge_core::{BridgeResource, EdgeSchema, FieldError, RecordWriter, SourceError, wire::Kind};

use super::{Out, Row, Source};
use crate::testing;

pub(super) struct Team(pub(super) u32);

impl BridgeResource for Team {
    type Static = Team;
    type Id = u32;
    const SLUG: &'static str = "team";
    const NAME: &'static str = "Team";
    const KIND: Kind = Kind::Group;
    const EDGES: &'static [EdgeSchema] = &[];

    fn id(&self) -> u32 {
        self.0
    }

    fn write(&self, record: &mut RecordWriter) -> Result<(), FieldError> {
        record.text("name", "Team")
    }
}

/// A list behind an API: `answer` gets the request's number, the offset and the limit.
pub(super) struct List<A> {
    pub(super) limit: usize,
    pub(super) answer: A,
    asked: Mutex<Vec<usize>>,
}

impl<A> List<A> {
    pub(super) fn new<T>(limit: usize, answer: A) -> Self
    where
        A: Fn(usize, usize, usize) -> Result<Vec<T>, SourceError>,
    {
        List { limit, answer, asked: Mutex::default() }
    }

    pub(super) fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }
}

impl<A, T> Source<Team> for List<A>
where
    A: Fn(usize, usize, usize) -> Result<Vec<T>, SourceError> + Send + Sync + 'static,
    T: Into<Row<Team>> + Send,
{
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        out.offset_pages(self.limit, |offset, limit| async move {
            let request = {
                let mut asked = self.asked.lock().unwrap();
                asked.push(offset);
                assert!(asked.len() < 10_000, "the walk does not end");
                asked.len()
            };
            (self.answer)(request, offset, limit)
        })
        .await
    }
}

/// What a read pushed, and how it ended.
pub(super) async fn read(list: &impl Source<Team>) -> (Vec<u32>, Result<(), String>) {
    let read = testing::read::<Team>(list).await;
    let ids = read.records.iter().map(|record| record["id"].as_str().unwrap().parse().unwrap()).collect();
    (ids, read.end.map_err(|error| error.to_string()))
}

/// The answer of a system that does as it is asked.
pub(super) fn slice(rows: &[u32], offset: usize, limit: usize) -> Vec<Team> {
    rows.iter().skip(offset).take(limit).copied().map(Team).collect()
}
