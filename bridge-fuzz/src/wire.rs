//! What a server sends.

use bridge_core::wire::{
    App, ErrorBody, LighthouseAccount, LighthousePage, Object, PageReceipt, RegisteredType, SyncProgress, SyncSession,
    Task, TaskEntry, TaskPage, text::decode_fault,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::promise::{CANARY, all_texts_secret, assert_shown, assert_silent};

/// A page of tasks has an entry for each that came; one that is read can be written and read again; what is said of one
/// that cannot be read is short and holds none of its values.
pub fn task_list(data: &[u8]) {
    let page = serde_json::from_slice::<TaskPage>(data);
    match &page {
        Ok(page) => check_page(page, data),
        Err(error) => assert_shown(&decode_fault(error), 300),
    }
    let Ok(Value::Object(raw)) = serde_json::from_slice::<Value>(data) else { return };
    let came = raw.get("results").and_then(Value::as_array);
    if let Ok(page) = &page {
        assert_eq!(Some(page.results.len()), came.map(Vec::len));
        let count = raw.get("count").and_then(Value::as_u64);
        assert_eq!(page.count, count.unwrap_or(page.results.len() as u64));
    }
    // The same page, and every text in it is a password.
    let secret: Vec<Value> = came.into_iter().flatten().map(all_texts_secret).collect();
    let page: TaskPage = serde_json::from_value(json!({ "results": secret })).expect("a list of anything is a page");
    for entry in &page.results {
        if let TaskEntry::Unreadable { why, .. } = entry {
            assert_silent(why, data);
        }
    }
}

fn check_page(page: &TaskPage, data: &[u8]) {
    for entry in &page.results {
        match entry {
            TaskEntry::Readable(task) => {
                let again: Task = serde_json::from_value(serde_json::to_value(task).unwrap()).unwrap();
                match task.oddity() {
                    None => assert_eq!(&again, task),
                    // A value that cannot be used is named and left out.
                    Some(oddity) => assert_shown(&oddity.to_string(), 300),
                }
                assert_shown(&task.status.to_string(), 650);
                // As if a password stood in each place of the payload: what is shown names the fields only.
                let mut with_secret = serde_json::to_value(task).unwrap();
                with_secret["payload"]["account"] = json!({ "password": CANARY });
                with_secret["result"] = json!(CANARY);
                let with_secret: Task = serde_json::from_value(with_secret).unwrap();
                assert_silent(&format!("{with_secret:?}"), data);
            }
            TaskEntry::Unreadable { why, .. } => assert_shown(why, 300),
        }
    }
}

/// What is said of a session, a page, an app and a type: read leniently, written again as the same.
pub fn sync_progress(data: &[u8]) {
    comes_back::<SyncProgress>(data);
    comes_back::<SyncSession>(data);
    comes_back::<PageReceipt>(data);
    comes_back::<App>(data);
    comes_back::<RegisteredType>(data);
    comes_back::<LighthousePage<LighthouseAccount>>(data);
    if let Ok(progress) = serde_json::from_slice::<SyncProgress>(data) {
        assert_shown(&progress.status.to_string(), 650);
    }
}

fn comes_back<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(data: &[u8]) {
    match serde_json::from_slice::<T>(data) {
        Ok(value) => {
            let written = serde_json::to_vec(&value).unwrap();
            assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), value);
        }
        Err(error) => assert_shown(&decode_fault(&error), 300),
    }
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    let secret = serde_json::to_vec(&all_texts_secret(&value)).unwrap();
    if let Err(error) = serde_json::from_slice::<T>(&secret) {
        assert_silent(&decode_fault(&error), data);
    }
}

/// What a server says when it refuses: one line, bounded, whatever it is.
pub fn error_body(data: &[u8]) {
    let body = ErrorBody::read(data);
    // Each character of the server's text may be written as an escape of up to ten.
    assert_shown(body.detail(), 10 * ErrorBody::DETAIL_LIMIT + 1);
    assert!(body.raw().len() <= ErrorBody::RAW_LIMIT, "{} bytes are kept", body.raw().len());
    let value = serde_json::from_slice::<Value>(data);
    assert_eq!(body.is_json(), value.is_ok());
    assert!(body.is_json() || body.detail().is_empty());
    if let Ok(Some(Value::String(text))) = value.map(|value| value.get("detail").cloned()) {
        assert_eq!(body.detail().is_empty(), text.trim().is_empty());
        if text.len() < 500 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            assert_eq!(body.detail(), text);
        }
    }
    // What was sent may stand in the body, and no log shows the body.
    let echo = serde_json::to_vec(&Object::from_iter([
        ("detail".to_owned(), json!("no")),
        ("sent".to_owned(), json!(CANARY)),
    ]));
    assert_silent(&format!("{:?}", ErrorBody::read(&echo.unwrap())), b"");
}
