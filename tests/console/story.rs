//! The story for which the console exists.

use serde_json::json;

use crate::{browser::Browser, scene::Scene};

#[tokio::test]
async fn a_person_is_found_and_suspended_from_a_form_and_the_page_shows_it_without_reloading() {
    let Some(browser) = Browser::open().await else { return };
    let (scene, tab) = (Scene::open().await, browser.tab());
    let app = scene.enter(tab).await;

    // Find her among 330 records, while typing.
    tab.click_link("Records").await;
    tab.until_says("#records", "1–50 of 330").await;
    tab.type_into("#q", "chloe.kow").await;
    tab.until_says("#records", "1–1 of 1").await;
    assert!(tab.address().await.ends_with("?q=chloe.kow"), "the search can be kept as a bookmark");
    tab.click_link("Chloé Kowalski").await;
    tab.until_says("#record-head", "active").await;
    let person = tab.address().await;

    // Queue a suspension.
    tab.click_link("New task").await;
    tab.click_link("Suspend").await;
    tab.type_into("#find", "chloe.kow").await;
    tab.until("document.querySelectorAll('#account option').length === 1").await;
    tab.click("#account option").await;
    tab.until_says("#preview", r#""email": "chloe.kowalski@acme.example""#).await;
    tab.click("form button.main").await;

    // See it carried out. What a page remembers goes with its reloading.
    tab.until_says("h1", "Suspend account").await;
    tab.ask("window.remembered = true").await;
    tab.until_says("#task-status", "completed").await;
    tab.until_says("#held-status", "suspended").await;
    assert_eq!(tab.ask("window.remembered").await, json!(true), "the page was never loaded again");

    // And why she is suspended.
    tab.go(&person).await;
    tab.until_says("#record-head", "suspended").await;
    tab.until_says(".timeline", "status: active → suspended").await;

    // One that fails says why.
    let new = format!("{app}tasks/new/?action=unsuspend_account&type=employee&account=1006");
    tab.go(&new).await;
    tab.click("form button.main").await;
    tab.until_says("#task-status", "failed").await;
    tab.until_says("#task", "employee_has_left").await;

    assert_eq!(tab.complaints().await, Vec::<String>::new());
    // The page is open, and listens.
    assert!(scene.close().await.success());
}

#[tokio::test]
async fn the_address_that_dev_prints_opens_the_console_without_typing_a_key_and_only_once() {
    let Some(browser) = Browser::open().await else { return };
    let (scene, tab) = (Scene::open().await, browser.tab());
    scene.enter(tab).await;
    tab.go(&scene.console).await;
    assert_eq!(tab.address().await, scene.page(""), "the token leaves the address");
    tab.until_says("main", "Acme HR").await;
    assert_eq!(tab.ask("document.cookie").await, json!(""), "no script can read the cookie");
    assert_eq!(tab.complaints().await, Vec::<String>::new());

    // Somebody else who saw the address, for example in the list of processes.
    let Some(other) = Browser::open().await else { return };
    let theirs = other.tab();
    theirs.go(&scene.console).await;
    theirs.until_says("main", "opens the console once").await;
    theirs.go(&scene.page("")).await;
    theirs.until_says("h1", "Sign in").await;
    assert!(scene.close().await.success());
}
