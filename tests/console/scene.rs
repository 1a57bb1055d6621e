//! The example `acme_hr` at work against its own sandbox.

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    time::timeout,
};

use crate::{
    program::{Program, signal},
    tab::Tab,
};

/// `acme_hr -- dev`.
pub struct Scene {
    /// The address that it printed. It opens the console once.
    pub console: String,
    running: Child,
    // Its standard output stays open: a program that cannot print ends.
    _said: Lines<BufReader<ChildStdout>>,
    _program: Program,
}

impl Scene {
    pub async fn open() -> Scene {
        let program = Program::new("acme_hr");
        let database = program.path("hr.sqlite");
        let program = program.set("ACME_HR_DB", database);
        let mut running = program.command(&["dev"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(running.stdout.take().unwrap()).lines();
        loop {
            let line = said.next_line().await.unwrap().expect("`dev` prints the console's address");
            if let Some(console) = line.strip_prefix("console  ") {
                return Scene { console: console.to_owned(), running, _said: said, _program: program };
            }
        }
    }

    /// The address of a page of the console, for a browser that is signed in.
    pub fn page(&self, path: &str) -> String {
        let (server, _) = self.console.split_once("/console/").unwrap();
        format!("{server}/console/{path}")
    }

    /// Opens the app's page, once its first sync is completed, and returns its address.
    pub async fn enter(&self, tab: Tab<'_>) -> String {
        tab.go(&self.console).await;
        tab.click_link("Acme HR").await;
        // Its row, not the words around it: "last completed" stands there from the start.
        tab.until_says("#app [id^=session-]", "completed").await;
        tab.address().await
    }

    /// Tells it to end, and waits for that.
    pub async fn close(mut self) -> ExitStatus {
        signal(&self.running, "TERM");
        timeout(Duration::from_secs(10), self.running.wait()).await.expect("it ends, whoever looks at it").unwrap()
    }
}
