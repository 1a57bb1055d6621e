//! What a person does with a page, and what is asked of it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::Browser;

/// How long a page may take to show what it should.
const PATIENCE: Duration = Duration::from_secs(20);
/// Under which name WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The page in the browser.
#[derive(Clone, Copy)]
pub struct Tab<'a> {
    browser: &'a Browser,
}

impl<'a> Tab<'a> {
    pub fn new(browser: &'a Browser) -> Self {
        Tab { browser }
    }

    /// Opens a page, and waits until it is there with its script.
    pub async fn go(&self, url: &str) {
        self.browser.call(Method::POST, "/url", &json!({ "url": url })).await;
    }

    pub async fn address(&self) -> String {
        self.browser.call(Method::GET, "/url", &Value::Null).await.as_str().unwrap().to_owned()
    }

    pub async fn title(&self) -> String {
        self.browser.call(Method::GET, "/title", &Value::Null).await.as_str().unwrap().to_owned()
    }

    /// Whether a dialog of a script is open.
    pub async fn has_dialog(&self) -> bool {
        self.browser.try_call(Method::GET, "/alert/text", &Value::Null).await.is_ok()
    }

    /// The value of an expression in the page.
    pub async fn ask(&self, expression: &str) -> Value {
        let script = json!({"script": format!("return {expression}"), "args": []});
        self.browser.call(Method::POST, "/execute/sync", &script).await
    }

    /// Waits until an expression in the page is true.
    pub async fn until(&self, expression: &str) {
        let start = Instant::now();
        while self.ask(expression).await != json!(true) {
            if start.elapsed() > PATIENCE {
                let text = self.ask("document.body.innerText").await;
                panic!(
                    "not true after {PATIENCE:?}: {expression}\n{}\n{}",
                    self.address().await,
                    text.as_str().unwrap()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until an element's text holds these words.
    pub async fn until_says(&self, css: &str, words: &str) {
        let (css, words) = (json!(css), json!(words));
        self.until(&format!("(document.querySelector({css})?.innerText ?? '').includes({words})")).await;
    }

    pub async fn click(&self, css: &str) {
        let element = self.find("css selector", css).await;
        self.browser.call(Method::POST, &format!("/element/{element}/click"), &json!({})).await;
    }

    pub async fn click_link(&self, text: &str) {
        let element = self.find("partial link text", text).await;
        self.browser.call(Method::POST, &format!("/element/{element}/click"), &json!({})).await;
    }

    /// Types, key by key.
    pub async fn type_into(&self, css: &str, text: &str) {
        let element = self.find("css selector", css).await;
        self.browser.call(Method::POST, &format!("/element/{element}/value"), &json!({ "text": text })).await;
    }

    /// The id of an element, once it is there.
    async fn find(&self, using: &str, value: &str) -> String {
        let start = Instant::now();
        loop {
            let wish = json!({"using": using, "value": value});
            match self.browser.try_call(Method::POST, "/element", &wish).await {
                Ok(element) => return element[ELEMENT].as_str().unwrap().to_owned(),
                Err(_) if start.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("{value}: {error:#}"),
            }
        }
    }

    /// What the page's scripts and its policy complained about.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.browser.call(Method::POST, "/se/log", &json!({"type": "browser"})).await;
        let lines = log.as_array().unwrap().iter();
        lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// How the page is shown from now on: `light` or `dark`, so many pixels wide and high.
    pub async fn look(&self, scheme: &str, width: u32, height: u32) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.browser.devtools("Emulation.setEmulatedMedia", features).await;
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
        self.browser.devtools("Emulation.setScrollbarsHidden", json!({"hidden": true})).await;
    }

    /// The page as a picture (PNG), as far as it is looked at.
    pub async fn picture(&self) -> Vec<u8> {
        use base64::prelude::{BASE64_STANDARD, Engine as _};
        let picture = self.browser.call(Method::GET, "/screenshot", &Value::Null).await;
        BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }
}
