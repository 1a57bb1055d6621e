//! What a source may hold by malice or mistake, in front of a person: shown, and never carried out.

use bridge_sandbox::{NewTask, Sandbox};
use serde_json::json;

use crate::browser::Browser;

const SCRIPT: &str =
    r#""><script>window.owned = 1; document.title = "owned"; alert(1)</script><img src=x onerror="alert(2)">"#;

#[tokio::test]
async fn scripts_in_what_was_pushed_are_text_on_every_page() {
    let Some(browser) = Browser::open().await else { return };
    let sandbox = Sandbox::start().await.unwrap();
    let app = sandbox.create_app(SCRIPT);
    let bridge = format!("{}/api/v1/bridge/apps/{}/", sandbox.base_url(), app.id());
    let client = crate::browser::client();
    let post = |path: &str, body: serde_json::Value| {
        let request = client.post(format!("{bridge}{path}")).json(&body);
        request.header("Authorization", format!("Api-Key {}", sandbox.api_key())).send()
    };
    for (slug, kind) in [("employee", "account"), ("team", "group")] {
        let new = json!({"slug": slug, "name": SCRIPT, "type": kind});
        assert_eq!(post("resource-types/", new).await.unwrap().status(), 201);
    }
    let long = "W".repeat(64 * 1024);
    app.put_record("team", &json!({"id": SCRIPT, "name": SCRIPT}));
    app.put_record(
        "employee",
        &json!({"id": SCRIPT, "email": SCRIPT, "display_name": SCRIPT, "memberships": {"team": [SCRIPT]}}),
    );
    app.put_record("employee", &json!({"id": "../..", "username": "dots", "first_name": "\u{202e}gpj.exe\0"}));
    app.put_record("employee", &json!({"id": "long", "username": "long", "display_name": long}));
    let task = app.queue(NewTask::new(SCRIPT, "employee").account(json!({"id": SCRIPT, "display_name": SCRIPT})));
    assert_eq!(post("sync/", json!({})).await.unwrap().status(), 201);
    // Refused, and shown among the requests with its body.
    assert_eq!(post("sync/", json!(SCRIPT)).await.unwrap().status(), 400);

    let tab = browser.tab();
    tab.look("light", 360, 800).await;
    tab.go(&sandbox.console_url()).await;
    let console = format!("http://{}/console/", sandbox.address());
    let pages = format!("{console}apps/{}/", app.id());
    let encoded: String = SCRIPT.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut checked = 0;
    for address in [
        console.clone(),
        pages.clone(),
        format!("{pages}records/"),
        format!("{pages}records/?q={encoded}&type={encoded}&status={encoded}"),
        format!("{pages}record/?type=employee&id={encoded}"),
        format!("{pages}record/?type=team&id={encoded}"),
        format!("{pages}record/?type=employee&id=..%2F.."),
        format!("{pages}record/?type=employee&id=long"),
        format!("{pages}record/?type={encoded}&id={encoded}"),
        format!("{pages}sessions/"),
        format!("{pages}tasks/"),
        format!("{pages}tasks/{task}/"),
        format!("{pages}tasks/new/?action=update_account&account={encoded}&more={encoded}"),
        format!("{console}requests/"),
        format!("{console}requests/1/"),
        format!("{console}requests/?path={encoded}"),
        format!("{console}faults/"),
        format!("{console}clock/"),
        format!("{console}{encoded}"),
    ] {
        tab.go(&address).await;
        assert!(!tab.has_dialog().await, "a dialog at {address}");
        assert_eq!(tab.ask("window.owned === undefined").await, json!(true), "{address}");
        assert!(tab.title().await.ends_with("· Bridge sandbox"), "{address}");
        assert_eq!(tab.ask("document.querySelectorAll('img:not(.brand img)').length").await, json!(0), "{address}");
        let wide = tab.ask("document.documentElement.scrollWidth").await;
        assert!(wide.as_u64() <= Some(360), "{wide} pixels wide: {address}");
        checked += 1;
    }
    assert_eq!(checked, 19);

    tab.go(&format!("{pages}record/?type=employee&id=..%2F..")).await;
    tab.until_says("h1", "⟨U+202E⟩gpj.exe␀").await;
    tab.go(&format!("{pages}record/?type=employee&id=long")).await;
    tab.until_says("#record", "more characters").await;
    assert_eq!(tab.ask("document.querySelector('#record pre').textContent.length").await, json!(long.len()));
    sandbox.shutdown().await;
}
