use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::header;
use axum::http::request::Parts;
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::server::Server;

/// The query of a list, and the frame around its results, both as Django has them.
pub(crate) struct List {
    pairs: Vec<(String, String)>,
    limit: Option<usize>,
    offset: usize,
    /// The absolute URL without the query, by the host that the client named.
    url: String,
    /// The query as it was sent, without `limit` and `offset`.
    rest: String,
}

impl FromRequestParts<Arc<Server>> for List {
    type Rejection = Refusal;

    async fn from_request_parts(head: &mut Parts, server: &Arc<Server>) -> Result<Self, Refusal> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&head.uri);
        let Query(pairs) = query.map_err(|error| Refusal::bad_request(format!("the query cannot be read: {error}")))?;
        for (index, (name, _)) in pairs.iter().enumerate() {
            if pairs[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(Refusal::bad_request(format!("`{name}` stands twice in the query")));
            }
        }
        let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.map_or_else(|| server.address.to_string(), str::to_owned);
        let is_rest = |pair: &&str| !["limit", "offset"].contains(&pair.split('=').next().unwrap_or_default());
        let rest: Vec<_> = head.uri.query().unwrap_or_default().split('&').filter(is_rest).collect();
        Ok(Self {
            limit: number(&pairs, "limit", 1)?,
            offset: number(&pairs, "offset", 0)?.unwrap_or(0),
            url: format!("http://{host}{}", head.uri.path()),
            rest: rest.join("&"),
            pairs,
        })
    }
}

impl List {
    /// A filter. One that is empty is none.
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        find(&self.pairs, name).filter(|value| !value.is_empty())
    }

    /// A filter with a fixed set of values; 400 for any other.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, Refusal> {
        let refuse = |value| Refusal::bad_request(format!("`{name}` must be {expected}, not `{value}`"));
        self.filter(name).map(|value| parse(value).ok_or_else(|| refuse(value))).transpose()
    }

    /// Warns of parameters that change nothing, as a misspelt filter does.
    pub(crate) fn warn_beside(&self, server: &Server, known: &[&str]) {
        for (name, _) in &self.pairs {
            if !known.contains(&name.as_str()) && !["limit", "offset"].contains(&name.as_str()) {
                server.state().warn(format!("the query parameter `{name}` is not known and changes nothing"));
            }
        }
    }

    /// The page of `all` that was asked for; of this size where the query does not say.
    pub(crate) fn frame<T>(&self, all: &[T], page_size: usize, json: impl Fn(&T) -> Value) -> Value {
        let (limit, offset) = (self.limit.unwrap_or(page_size), self.offset);
        let end = offset.saturating_add(limit);
        let results: Vec<_> = all.iter().skip(offset).take(limit).map(json).collect();
        json!({
            "count": all.len(),
            "next": (end < all.len()).then(|| self.link(limit, Some(end))),
            "previous": (offset > 0).then(|| self.link(limit, offset.checked_sub(limit).filter(|offset| *offset > 0))),
            "results": results,
        })
    }

    fn link(&self, limit: usize, offset: Option<usize>) -> String {
        let mut link = format!("{}?limit={limit}", self.url);
        if let Some(offset) = offset {
            link += &format!("&offset={offset}");
        }
        if !self.rest.is_empty() {
            link = link + "&" + &self.rest;
        }
        link
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn number(pairs: &[(String, String)], name: &str, least: usize) -> Result<Option<usize>, Refusal> {
    let Some(text) = find(pairs, name) else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && number >= least => Ok(Some(number)),
        _ => Err(Refusal::bad_request(format!("`{name}` must be a whole number of at least {least}, not `{text}`"))),
    }
}
