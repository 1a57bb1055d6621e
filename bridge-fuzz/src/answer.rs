//! What a server answers to a call.

use std::time::Duration;

use bridge_runtime::client::{BaseUrl, ClientError, ErrorKind, Response};

use crate::{
    client::{Wire, now},
    input::Input,
    promise::{CANARY, assert_shown, assert_silent},
};

const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";
const STATUSES: [u16; 16] = [200, 201, 202, 204, 100, 206, 301, 308, 400, 401, 404, 409, 429, 500, 503, 600];
const TYPES: [Option<&str>; 6] = [
    None,
    Some("application/json"),
    Some("text/html"),
    Some("application/problem+json; q=1"),
    Some(""),
    Some("x\n\u{202e}y"),
];

/// What is not clearly a success is none; an error is one short line, without the key and without what JSON holds.
pub fn answer(data: &[u8]) {
    let mut input = Input(data);
    let (status, kind) = (STATUSES[input.choice(16)], TYPES[input.choice(TYPES.len())]);
    let wait = input.byte();
    let body = input.0;
    check(data, status, kind, wait, body);
    // The same, and what a task's payload looks like behind it.
    let secret = format!(r#"{{"payload":{{"account":{{"password":"{CANARY}"}}}}}}"#);
    if (200..300).contains(&status) {
        check(data, status, kind, wait, &[body, secret.as_bytes()].concat());
    }
}

fn check(data: &[u8], status: u16, kind: Option<&str>, wait: u8, body: &[u8]) {
    let mut answer = Response::new(status, body.to_vec());
    answer.content_type = kind.map(str::to_owned);
    answer.retry_after = (wait > 0).then(|| Duration::from_secs(u64::from(wait).pow(u32::from(wait % 7))));
    answer.location = Some(String::from_utf8_lossy(body).into_owned()).filter(|_| wait % 2 == 1);
    let wire = Wire::answering(answer);
    let client = wire.client(BaseUrl::for_tenant("acme").unwrap());
    let (app, id) = (ID.parse().unwrap(), ID.parse().unwrap());

    let json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    let calls: [Option<ClientError>; 6] = [
        now(client.sync_progress(app, id)).err(),
        now(client.pending_tasks(app, 50, 0)).err(),
        now(client.task(app, ID.parse().unwrap())).err(),
        now(client.start_sync(app)).err(),
        now(client.lighthouse_apps(50, 0)).err(),
        now(client.complete_sync(app, id)).err(),
    ];
    for (at, error) in calls.iter().enumerate() {
        let Some(error) = error else {
            let empty = at == 5 && body.trim_ascii().is_empty() && matches!(status, 202 | 204);
            assert!((200..300).contains(&status) && (json || empty), "{status} with {body:?} is a success");
            continue;
        };
        let shown = error.to_string();
        assert_shown(&shown, 700 + 10 * 512);
        for text in [&shown, &format!("{error:?}"), &error.kind().clone().debugged()] {
            // The server's own words may say anything; the key, which is the same text, may come from nowhere else.
            assert_silent(text, if (200..300).contains(&status) { data } else { body });
        }
        if (200..300).contains(&status) {
            assert!(error.outcome_unknown() || matches!(error.kind(), ErrorKind::Paused { .. }), "{error}");
        }
    }
}

trait Debugged {
    fn debugged(&self) -> String;
}

impl Debugged for ErrorKind {
    fn debugged(&self) -> String {
        format!("{self:#?}")
    }
}
