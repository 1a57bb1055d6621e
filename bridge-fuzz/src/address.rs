//! Where a client talks to: never above its base, never to another host.

use bridge_core::wire::TaskStatus;
use bridge_runtime::client::{AccountQuery, BaseUrl, ErrorKind, Response, TaskQuery};
use bytes::Bytes;
use url::Url;

use crate::{
    client::{Wire, now},
    input::Input,
    promise::{CANARY, assert_shown, assert_silent},
};

const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";

/// What is taken for a base URL is one, can be read again, and no refusal repeats a password.
pub fn base_url(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match text.parse::<BaseUrl>() {
        Err(error) => assert_shown(&error.to_string(), 1_000),
        Ok(base) => {
            let shown = base.to_string();
            assert_shown(&shown, text.len() * 3 + 64);
            assert_eq!(shown.parse::<BaseUrl>().as_ref(), Ok(&base), "{shown} is read otherwise");
            let url = Url::parse(&shown).unwrap();
            assert!(matches!(url.scheme(), "http" | "https") && base.is_https() == (url.scheme() == "https"));
            assert!(url.username().is_empty() && url.password().is_none(), "{shown}");
            assert!(url.query().is_none() && url.fragment().is_none(), "{shown}");
            assert!(shown.ends_with(&format!("/org/{}", base.tenant())), "{shown}");
            let rest = shown.split_once("://").unwrap().1;
            assert_eq!(rest.split_once('/').unwrap().0, base.host(), "{shown}");
        }
    }
    if let Ok(base) = BaseUrl::for_tenant(&text) {
        assert_eq!((base.tenant(), base.host().as_str()), (&*text, "developer.idenhq.com"));
    }
    for with_password in
        [format!("https://joe:{CANARY}@{text}"), format!("https://iden.example/org/acme?key={CANARY}{text}")]
    {
        if let Err(error) = with_password.parse::<BaseUrl>() {
            assert_silent(&error.to_string(), data);
        }
    }
}

/// Whatever is named in a call, its address stays below the base, and every name arrives as it was given.
///
/// The first line is the base, or nothing; the second one a name; the third one what a list is filtered by.
pub fn url_building(data: &[u8]) {
    let mut input = Input(data);
    let (base, slug, filter) = (input.line(), input.line(), input.line());
    let base = base.parse().unwrap_or_else(|_| BaseUrl::for_tenant("acme").unwrap());
    let wire = Wire::answering(Response::json(400, "{}"));
    let (client, app, sync) = (wire.client(base.clone()), ID.parse().unwrap(), ID.parse().unwrap());

    let pushed = now(client.push_page(app, sync, &slug, Bytes::new())).unwrap_err();
    check_call(&base, &wire, pushed.kind(), &["sync", ID, &slug]);
    let reserved = matches!(&*slug, "complete" | "abandon");
    assert!(!reserved || matches!(pushed.kind(), ErrorKind::Invalid { .. }), "`{slug}` completes the session");
    let renamed = now(client.rename_type(app, &slug, "Staff")).unwrap_err();
    check_call(&base, &wire, renamed.kind(), &["resource-types", &slug]);
    for error in [pushed, renamed] {
        assert_shown(&error.to_string(), 1_000 + 9 * (slug.len() + base.to_string().len()));
    }

    let query = TaskQuery::default().status(TaskStatus::from(filter.clone())).offset(7);
    let listed = now(client.tasks(app, &query)).unwrap_err();
    let url = check_call(&base, &wire, listed.kind(), &["tasks"]).unwrap();
    let expected = [("status", &*filter), ("limit", "50"), ("offset", "7")];
    assert_eq!(pairs(&url), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(!listed.target().path.contains('?'), "a query in {}", listed.target());

    let query = AccountQuery::default().email(filter.clone());
    now(client.lighthouse_accounts(app, &query)).unwrap_err();
    let url = wire.requests.lock().unwrap().pop().unwrap().url;
    let expected = [("app", ID), ("email", &*filter), ("limit", "50"), ("offset", "0")];
    assert_eq!(pairs(&url), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// The address of the call that was made, if one was: below the base, and with these names as they are.
fn check_call(base: &BaseUrl, wire: &Wire, kind: &ErrorKind, names: &[&str]) -> Option<Url> {
    let request = wire.requests.lock().unwrap().pop();
    let Some(request) = request else {
        assert!(matches!(kind, ErrorKind::Invalid { .. }), "nothing was sent: {kind:?}");
        return None;
    };
    let (url, base) = (request.url, Url::parse(&base.to_string()).unwrap());
    assert_eq!(url.origin(), base.origin(), "{url}");
    let below = url.path().strip_prefix(base.path()).unwrap_or_else(|| panic!("{url} is not below {base}"));
    let found: Vec<String> = below.split('/').map(decoded).collect();
    let mut expected = vec!["", "api", "v1", "bridge", "apps", ID];
    expected.extend(names);
    expected.push("");
    assert_eq!(found, expected, "{url}");
    assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none(), "{url}");
    // What a server or a proxy would take for a step upwards.
    assert!(found.iter().all(|part| part != ".." && part != "."), "{url}");
    Some(url)
}

fn pairs(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Percent signs, taken back by the plainest means.
fn decoded(part: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), part.as_bytes());
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => (bytes.push(byte), rest = &tail[2..]).1,
            None => (bytes.push(*first), rest = tail).1,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
