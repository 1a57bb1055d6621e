//! A system whose list is read page by page, and which does to each request what a case says.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use iden_bridge::{prelude::*, source::Row};

#[derive(BridgeResource, Clone)]
#[bridge(account)]
pub struct Person {
    id: u32,
    username: String,
}

fn person(id: u32) -> Person {
    Person { id, username: format!("p{id}") }
}

/// A page of a list that is read by a cursor.
#[derive(serde::Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    /// The cursor that it is asked for by.
    at: String,
    rows: Vec<u32>,
    /// The cursor of the page after it.
    next: Option<String>,
}

/// What a list is like, and what befalls it.
#[derive(serde::Deserialize, Clone, Debug, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// How it is read: `cursor`, `offset`, `push`, `walk` (a department for each ten), or `blocking`.
    pub by: String,
    /// The pages by cursor.
    pub pages: Vec<Scripted>,
    /// The rows by offset, or all of them.
    pub rows: Vec<u32>,
    /// How many are asked for at a time, and how many the system gives at most.
    pub limit: usize,
    pub gives: Option<usize>,
    /// What happens to the rows before the request of this number, the first being 0: `-2` takes two in front away, `+2` puts two
    /// there, `>2` puts two at the end, `<2` takes two there away, `~` turns the list around, `@` ignores the offset.
    pub moves: Vec<(usize, String)>,
    /// The request of this number, and those after it up to the second one, do this instead: `fails`, `panics`, `hangs`, `empty`,
    /// `busy`.
    pub trouble: Option<(usize, usize, String)>,
    /// What the source does with its own trouble: `swallowed` says that it was all, `dropped` gives a push up, `unpolled` never
    /// awaits one, `timeout` gives the walk up, `forgotten` never awaits it.
    pub sin: Option<String>,
    /// How often the reads behave so, before they behave.
    pub reads: Option<usize>,
}

/// The system. Where the script is over, everybody is read in one page.
pub struct Lists {
    pub script: Mutex<Script>,
    pub present: Mutex<Vec<u32>>,
    pub rows: Mutex<Vec<u32>>,
    requests: AtomicUsize,
    reads: AtomicUsize,
    pub finds: bool,
}

pub struct System<const SNAPSHOT: bool>(pub Arc<Lists>);

impl Lists {
    pub fn of(present: Vec<u32>, finds: bool) -> Arc<Self> {
        let (requests, reads) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Lists {
            script: Mutex::default(),
            present: Mutex::new(present),
            rows: Mutex::default(),
            requests,
            reads,
            finds,
        })
    }

    pub fn begin(&self, script: Script) {
        self.reads.store(0, Ordering::SeqCst);
        *self.script.lock().unwrap() = script;
    }

    /// The trouble of this request, if it has one. Moves the rows.
    async fn request(&self) -> Result<Option<&'static str>, SourceError> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let script = self.script.lock().unwrap().clone();
        for (_, step) in script.moves.iter().filter(|(at, _)| *at == number) {
            self.shift(step);
        }
        let ignores = script.moves.iter().any(|(at, step)| *at <= number && step == "@");
        let trouble = script.trouble.filter(|(from, to, _)| (*from..=*to).contains(&number)).map(|(.., what)| what);
        match trouble.as_deref() {
            Some("fails") => Err(SourceError::new("connection reset\nINFO all is well")),
            Some("busy") => Err(SourceError::busy(Some(Duration::from_secs(3600)), "come back in an hour")),
            Some("panics") => panic!("an odd page"),
            Some("hangs") => std::future::pending().await,
            Some("empty") => Ok(Some("empty")),
            Some(other) => panic!("what is `{other}`?"),
            None => Ok(ignores.then_some("ignores")),
        }
    }

    fn shift(&self, step: &str) {
        let mut rows = self.rows.lock().unwrap();
        let count: usize = step[1..].parse().unwrap_or_default();
        let fresh = rows.iter().max().copied().unwrap_or_default() + 100;
        let new: Vec<u32> = (fresh..fresh + count as u32).collect();
        match &step[..1] {
            "-" => drop(rows.drain(..count)),
            "<" => {
                let left = rows.len() - count;
                rows.truncate(left);
            }
            "+" => drop(rows.splice(0..0, new)),
            ">" => rows.extend(new),
            "~" => rows.reverse(),
            "@" => {}
            other => panic!("what is `{other}`?"),
        }
    }

    async fn by_cursor(&self, cursor: String) -> Result<Page<Person, String>, SourceError> {
        if self.request().await?.is_some() {
            return Ok(Page::new([], None));
        }
        let script = self.script.lock().unwrap().clone();
        let page = script.pages.into_iter().find(|page| page.at == cursor);
        let page = page.ok_or_else(|| SourceError::new(format!("there is no page at `{cursor}`")))?;
        Ok(Page::new(page.rows.into_iter().map(person), page.next))
    }

    async fn by_offset(&self, offset: usize, limit: usize) -> Result<Vec<Row<Person>>, SourceError> {
        let state = self.request().await?;
        if state == Some("empty") {
            return Ok(vec![]);
        }
        let offset = if state == Some("ignores") { 0 } else { offset };
        let limit = limit.min(self.script.lock().unwrap().gives.unwrap_or(limit));
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().skip(offset).take(limit).map(|id| Row::from(person(*id))).collect())
    }

    async fn misread(&self, out: &Out<Person>, script: &Script) -> Result<(), SourceError> {
        let (rows, limit) = (script.rows.clone(), script.limit);
        match script.by.as_str() {
            "cursor" => {
                let first = script.pages[0].at.clone();
                out.pages(first, |cursor| self.by_cursor(cursor)).await
            }
            "offset" => out.offset_pages(limit, |offset, limit| self.by_offset(offset, limit)).await,
            "push" => {
                for id in rows {
                    self.request().await?;
                    out.push(person(id)).await;
                }
                Ok(())
            }
            "walk" => {
                let departments = |cursor: usize| {
                    let page = rows.chunks(10).nth(cursor).unwrap_or_default().to_vec();
                    let next = (cursor + 1 < rows.chunks(10).count()).then_some(cursor + 1);
                    async move { Ok(Page::new([page], next)) }
                };
                let people = |ids: Vec<u32>| async move {
                    let fetch = |_: u8| async {
                        self.request().await.map(|_| Page::new(ids.iter().copied().map(person), None))
                    };
                    out.pages(0, fetch).await
                };
                out.walk(0, departments, people).await
            }
            "blocking" => {
                let trouble = script.trouble.clone();
                out.blocking(move |out| {
                    for (number, id) in rows.into_iter().enumerate() {
                        match &trouble {
                            Some((from, _, what)) if *from == number && what == "fails" => {
                                return Err(SourceError::new("the file ends early"));
                            }
                            Some((from, _, what)) if *from == number && what == "panics" => panic!("an odd line"),
                            _ => out.push(person(id))?,
                        }
                    }
                    Ok(())
                })
                .await
            }
            other => panic!("what is `{other}`?"),
        }
    }
}

impl<const SNAPSHOT: bool> Source<Person> for System<SNAPSHOT> {
    const SNAPSHOT: bool = SNAPSHOT;

    async fn read(&self, out: &Out<Person>) -> Result<(), SourceError> {
        let script = self.0.script.lock().unwrap().clone();
        let read = self.0.reads.fetch_add(1, Ordering::SeqCst);
        if script.by.is_empty() || script.reads.is_some_and(|reads| read >= reads) {
            let present = self.0.present.lock().unwrap().clone();
            for id in present {
                out.push(person(id)).await;
            }
            return Ok(());
        }
        self.0.requests.store(0, Ordering::SeqCst);
        (*self.0.rows.lock().unwrap()).clone_from(&script.rows);
        let reading = self.0.misread(out, &script);
        match script.sin.as_deref() {
            None => reading.await,
            Some("swallowed") => {
                drop(reading.await);
                Ok(())
            }
            Some("timeout") => {
                drop(tokio::time::timeout(Duration::from_millis(50), reading).await);
                Ok(())
            }
            Some("forgotten") => {
                reading.await?;
                let fetch = |_: u8| async { Ok(Page::new([person(999)], None)) };
                drop(out.pages(0, fetch));
                Ok(())
            }
            Some("dropped") => {
                reading.await?;
                // Until there is no room: that push waits, and is given up.
                loop {
                    tokio::select! {
                        biased;
                        () = out.unreadable(None, "an odd row") => {}
                        () = std::future::ready(()) => return Ok(()),
                    }
                }
            }
            Some("unpolled") => {
                reading.await?;
                drop(out.push(person(999)));
                Ok(())
            }
            Some(other) => panic!("what is `{other}`?"),
        }
    }

    async fn find(&self, id: &u32) -> Result<Option<Person>, SourceError> {
        if !self.0.finds {
            return Err(SourceError::no_find());
        }
        Ok(self.0.present.lock().unwrap().contains(id).then(|| person(*id)))
    }
}
