//! What the console of the sandbox shows, page by page.

use std::collections::{BTreeSet, VecDeque};

use bridge_sandbox::Sandbox;

use crate::scrape::fetch_with;

/// More than any run of these tests fills.
const MOST: usize = 2_000;

/// Every page that a person can click their way to, with its path.
pub async fn pages(sandbox: &Sandbox) -> Vec<(String, String)> {
    let address = sandbox.address().to_string();
    let key = format!("authorization: Api-Key {}\r\n", sandbox.api_key());
    let (mut seen, mut next) = (BTreeSet::new(), VecDeque::from(["/console/".to_owned()]));
    let mut pages = Vec::new();
    while let Some(path) = next.pop_front() {
        let (status, _, text) = fetch_with(&address, "GET", &path, &key).await;
        assert_eq!(status, 200, "{path}");
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            let page = link.split('#').next().unwrap_or_default();
            if page.starts_with("/console/") && seen.insert(page.to_owned()) {
                next.push_back(page.to_owned());
            }
        }
        pages.push((path, text));
        assert!(pages.len() < MOST, "there is no end to the links");
    }
    pages
}
