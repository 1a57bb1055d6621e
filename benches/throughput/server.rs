//! A server that counts records and answers a page after a delay. It understands just enough for one connector.

use std::{
    collections::BTreeMap,
    error::Error,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::json;

use crate::connector::TYPES;

const ID: &str = "6f4b0d4e-4b3f-4b6e-9a57-1d3f2c1b0a99";

/// The session: how many records of each type were pushed, and whether it is completed.
#[derive(Default)]
struct Session {
    counts: BTreeMap<String, usize>,
    completed: bool,
}

/// Serves until its input ends, which is when its parent does. It says its port first.
pub fn run(delay: Duration) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let session = Arc::new(Mutex::new(Session::default()));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = Arc::clone(&session);
            // A connection that breaks is the connector's matter.
            thread::spawn(move || converse(&stream, &session, delay));
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Answers the requests of one connection.
fn converse(stream: &TcpStream, session: &Mutex<Session>, delay: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut input, mut output) = (BufReader::new(stream), stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let mut length = 0;
        loop {
            line.clear();
            input.read_line(&mut line)?;
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(io::Error::other)?;
                }
                Some(_) => {}
                None => break,
            }
        }
        body.resize(length, 0);
        input.read_exact(&mut body)?;
        if method == "PUT" {
            thread::sleep(delay);
        }
        let (status, answer) = session.lock().unwrap_or_else(PoisonError::into_inner).answer(&method, &path, &body);
        // In one piece, so that it goes in one segment.
        let head = format!("HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n");
        output.write_all(format!("{head}Content-Length: {}\r\n\r\n{answer}", answer.len()).as_bytes())?;
    }
}

impl Session {
    fn answer(&mut self, method: &str, path: &str, body: &[u8]) -> (u16, String) {
        let answer = match method {
            "PUT" => {
                let slug = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                let mark = br#"{"id":"#;
                let records = body.windows(mark.len()).filter(|there| there == mark).count();
                *self.counts.entry(slug.to_owned()).or_default() += records;
                json!({"total": records, "created": records, "updated": 0})
            }
            "GET" if path.contains("/sync/") => {
                let status = if self.completed { "completed" } else { "in_progress" };
                let count = |slug: &str| self.counts.get(slug).copied().unwrap_or(0);
                let progress = TYPES.map(|slug| json!({"slug": slug, "synced_count": count(slug)}));
                json!({"sync_id": ID, "status": status, "progress": progress})
            }
            "GET" => json!({"count": 0, "next": null, "previous": null, "results": []}),
            _ if path.ends_with("/complete/") => {
                self.completed = true;
                return (202, String::new());
            }
            _ if path.ends_with("/sync/") => {
                *self = Session::default();
                json!({"sync_id": ID})
            }
            // A new app or resource type.
            _ => json!({"id": ID, "slug": "", "name": "", "type": ""}),
        };
        (if method == "POST" { 201 } else { 200 }, answer.to_string())
    }
}
