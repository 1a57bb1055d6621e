//! How the pages look: in `target/console/`, light and dark, wide and narrow. What a person needs to read them is checked on
//! the way.

use std::{env, fs, path::PathBuf};

use crate::{browser::Browser, scene::Scene};

/// What is wrong with a page, for eyes, keyboards and screen readers. Contrast as in WCAG 2.2, level AA.
const CHECK: &str = r#"(() => {
  const wrong = [];
  const light = (colour) => {
    const [red, green, blue] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (/^rgb\(/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest("option, noscript")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) wrong.push(`contrast ${contrast.toFixed(1)}: ${texts.currentNode.data.trim()}`);
  }
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!field.labels.length && !field.ariaLabel) wrong.push(`no label: ${field.name}`);
  }
  for (const table of document.querySelectorAll("table")) if (!table.caption) wrong.push("a table without a caption");
  for (const head of document.querySelectorAll("th")) if (!head.scope) wrong.push(`no scope: ${head.textContent}`);
  for (const link of document.querySelectorAll("a, button")) if (!link.textContent.trim()) wrong.push("a link without words");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`twice: ${id}`);
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the window");
  return wrong;
})()"#;

#[tokio::test]
async fn every_page_can_be_read_in_light_and_dark_and_on_a_narrow_screen() {
    let Some(browser) = Browser::open().await else { return };
    let (scene, tab) = (Scene::open().await, browser.tab());
    let app = scene.enter(tab).await;
    // Something of everything: tasks that went well and badly, a second session, a fault.
    for (action, account) in [("suspend_account", "1003"), ("unsuspend_account", "1006"), ("reset_password", "1001")] {
        tab.go(&format!("{app}tasks/new/?action={action}&type=employee&account={account}")).await;
        tab.click("form button.main").await;
        tab.until("/completed|failed/.test(document.querySelector('#task-status')?.innerText ?? '')").await;
    }
    let task = tab.address().await;
    tab.go(&format!("{app}record/?type=employee&id=1003")).await;
    tab.until_says("#record-head", "suspended").await;
    tab.go(&scene.page("faults/")).await;
    tab.click(".kinds form:nth-of-type(3) button").await;
    tab.until_says("#rules-sheet", "PUT").await;
    tab.go(&format!("{app}sessions/")).await;
    let session = tab.ask("document.querySelector('#sessions tbody a').href").await;
    tab.go(&scene.page("requests/?method=PUT")).await;
    let request = tab.ask("document.querySelector('#requests tbody a').href").await;

    // This test is target/…/deps/….
    let album = env::current_exe().unwrap().ancestors().nth(3).unwrap().join("console");
    fs::create_dir_all(&album).unwrap();
    let console = &scene.page("");
    let pages = [
        ("overview", console.clone()),
        ("app", app.clone()),
        ("records", format!("{app}records/")),
        ("record", format!("{app}record/?type=employee&id=1003")),
        ("group", format!("{app}record/?type=team&id=design")),
        ("sessions", format!("{app}sessions/")),
        ("session", session.as_str().unwrap().to_owned()),
        ("tasks", format!("{app}tasks/")),
        ("task", task),
        ("new_task", format!("{app}tasks/new/?action=suspend_account&type=employee&account=1002")),
        ("new_account", format!("{app}tasks/new/?action=create_account")),
        ("new_values", format!("{app}tasks/new/?action=update_account&type=employee&account=1002")),
        ("requests", format!("{console}requests/")),
        ("request", request.as_str().unwrap().to_owned()),
        ("faults", format!("{console}faults/")),
        ("clock", format!("{console}clock/")),
        ("assumptions", format!("{console}assumptions/")),
        ("nothing", format!("{app}records/?q=nobody+at+all")),
        ("not_found", format!("{console}nowhere/")),
    ];
    for (name, address) in &pages {
        tab.go(address).await;
        for (look, scheme, width) in [("light", "light", 1200), ("dark", "dark", 1200), ("narrow", "light", 390)] {
            tab.look(scheme, width, 900).await;
            let wrong = tab.ask(CHECK).await;
            assert_eq!(wrong, serde_json::json!([]), "{name}, {look}: {address}");
            let height = tab.ask("Math.min(document.documentElement.scrollHeight, 2400)").await.as_u64().unwrap();
            tab.look(scheme, width, u32::try_from(height).unwrap()).await;
            fs::write(album.join(format!("{name}-{look}.png")), tab.picture().await).unwrap();
        }
    }
    if env::var_os("BRIDGE_PICTURES").is_some() {
        let readme = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/images");
        fs::create_dir_all(&readme).unwrap();
        for (name, scheme, page) in [("console-app", "light", "app"), ("console-record", "dark", "record")] {
            let (_, address) = pages.iter().find(|(known, _)| *known == page).unwrap();
            tab.look(scheme, 1040, 600).await;
            tab.go(address).await;
            fs::write(readme.join(name).with_extension("png"), tab.picture().await).unwrap();
        }
    }
    assert!(scene.close().await.success());
}
