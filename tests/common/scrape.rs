//! What a connector serves, and Prometheus' text format by its own rules.

use std::collections::HashSet;

use prometheus_parse::{Labels, Sample, Scrape, Value};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The status, the media type and the body of an answer.
#[allow(dead_code)] // not every target that reads figures reads them from a port
pub async fn fetch(address: &str, verb: &str, path: &str) -> (u16, String, String) {
    fetch_with(address, verb, path, "").await
}

/// The same, with more headers, each with its line break.
#[allow(dead_code)] // as above
pub async fn fetch_with(address: &str, verb: &str, path: &str, headers: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(
            format!("{verb} {path} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: close\r\n\r\n").as_bytes(),
        )
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
    (status, kind.to_owned(), body.to_owned())
}

/// The figures of a scrape.
pub struct Figures(Vec<Sample>);

impl Figures {
    /// Parses it, with a parser that is not ours, and by rules that parsers let pass.
    pub fn of(text: &str) -> Self {
        check(text);
        let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
        Figures(scrape.samples)
    }

    /// The value of the one figure with this name and, beside others, these labels.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |of: &Labels| labels.iter().all(|(label, value)| of.get(label) == Some(*value));
        let found: Vec<&Sample> = self.0.iter().filter(|one| one.metric == name && has(&one.labels)).collect();
        assert_eq!(found.len(), 1, "{name} {labels:?} in {:#?}", self.0);
        match &found[0].value {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => *value,
            other => panic!("{name} is {other:?}"),
        }
    }

    #[allow(dead_code)] // as above
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|one| one.metric == name)
    }
}

/// The rules of the format, version 0.0.4: each family in one piece, with its help and its type first; no series twice;
/// buckets that grow and end with all.
#[track_caller]
fn check(text: &str) {
    assert!(text.ends_with('\n'));
    let (mut families, mut series) = (HashSet::new(), HashSet::new());
    let (mut family, mut kind, mut bucket) = ("", "", 0.0);
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split_once(' ').expect("a help").0;
            assert!(families.insert(family), "{family} is in one piece");
            continue;
        }
        if let Some(of_type) = line.strip_prefix("# TYPE ") {
            let (name, found) = of_type.split_once(' ').expect("a type");
            assert_eq!(name, family);
            kind = found;
            continue;
        }
        let (name, rest) = line.split_once('{').expect("every figure has labels");
        let (labels, value) = rest.rsplit_once("} ").expect("labels end");
        let value: f64 = value.parse().expect("a number");
        assert!(series.insert((name, labels)), "{line} is there twice");
        let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} belongs to {family}"));
        let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        assert!(suffixes.contains(&suffix), "{line} in a {kind}");
        assert_eq!(kind == "counter", family.ends_with("_total"), "{family} is a {kind}");
        match suffix {
            "_bucket" => {
                assert!(value >= bucket, "{line} is less than the one before");
                bucket = value;
            }
            "_count" => assert_eq!(std::mem::take(&mut bucket), value, "{line} is not all"),
            _ => {}
        }
    }
}
