//! The sandbox's console in a browser: Debian's Chromium, without a window, driven through WebDriver.
//!
//! Without `chromium` and `chromedriver` the tests say so and pass; with `BRIDGE_REQUIRE_TOOLS` set they fail. What the pages look
//! like is left in `target/console/`; with `BRIDGE_PICTURES` set, the README's pictures in `docs/images/` are made anew, too.
//!
//! The programs are those of the last `cargo build --examples`; plain `cargo test` builds them.

#![allow(clippy::unwrap_used, unreachable_pub)] // the helpers are no `#[test]`s, and are tests all the same

mod browser;
mod hostile;
mod live;
mod pictures;
#[allow(dead_code)] // what these tests do not use
#[path = "../common/program.rs"]
mod program;
mod scene;
mod story;
mod tab;
