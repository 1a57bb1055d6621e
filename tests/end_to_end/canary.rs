//! Secrets are planted in a whole run of a connector, and looked for in every byte that leaves or stays.

use std::{fmt::Debug, path::Path};

use bridge_sandbox::{Fault, Sandbox};
use iden_bridge::{
    client::ApiKey,
    connector::{Attached, ConnectorError, Schedule, Target},
    journal::{AppJournal, Approval, ControlJournal, PlanJournal, SessionJournal, SqliteJournal, TaskJournal},
    telemetry::Telemetry,
};
use serde_json::json;
use tracing::Level;

use crate::{
    canary_console,
    canary_handlers::{FIRST, GIVEN, KEY, RESET, SALARY, SHOWN, TOKEN, talkative, task, tasks},
    canary_search::{Haystack, Leak, Secret},
    canary_wire::{Places, Sent, Wire},
    company::{Hr, NAME, Stage, go_on},
    log::Log,
    sync_held::hold,
};

/// Everything that a run leaves behind.
struct Run {
    stage: Stage,
    wire: Wire,
    log: Log,
    found: Haystack,
    telemetry: Telemetry,
}

impl Run {
    async fn start() -> Self {
        let log = Log::at(Level::TRACE);
        let stage = Stage::on(Sandbox::builder().api_key(KEY.text), 20).await;
        let wire = Wire::to(stage.sandbox.address()).await;
        Run { stage, wire, log, found: Haystack::default(), telemetry: Telemetry::default() }
    }

    fn target(&mut self) -> Target {
        let key = ApiKey::new(KEY.text).unwrap();
        self.keep("the key", &key);
        let url = self.wire.url(&self.stage.sandbox.base_url()).parse().unwrap();
        let target = Target::new(url, key, self.stage.state.path()).clock(self.stage.clock());
        let target = target.telemetry(self.telemetry.clone());
        self.keep("the target", &target);
        target
    }

    async fn attach(&mut self, tasks: iden_bridge::Tasks<Hr>) -> Attached<Hr> {
        let target = self.target();
        let connector = self.stage.connector_with(tasks);
        self.keep("the connector", &connector);
        let attached = connector.attach(&target, json!({})).await.unwrap();
        self.keep("the attached connector", &attached);
        attached
    }

    /// What a developer or a log would show of it.
    fn keep(&mut self, what: &str, value: &impl Debug) {
        self.found.add(format!("Debug of {what}"), format!("{value:?}\n{value:#?}"));
    }

    fn keep_error(&mut self, what: &str, error: &ConnectorError) {
        self.keep(what, error);
        let mut said = error.to_string() + error.hint().unwrap_or_default();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            said += &format!("{error} {error:?}");
            cause = error.source();
        }
        self.found.add(format!("Display of {what}"), said);
    }

    fn keep_files(&mut self, when: &str) {
        self.found.add_files(when, self.stage.state.path());
    }

    /// What is served to probes and to Prometheus.
    fn keep_telemetry(&mut self) {
        let telemetry = self.telemetry.clone();
        self.keep("the telemetry", &telemetry);
        self.found.add("the figures", telemetry.prometheus());
        for health in [telemetry.liveness(), telemetry.readiness(&[NAME])] {
            self.found.add("health", health.to_string());
        }
    }

    /// What the commands that look at a journal see, through the API.
    async fn keep_journal(&mut self, state: &Path) {
        let journal = SqliteJournal::beside(state).unwrap();
        self.keep("the journal", &journal);
        let ids: Vec<_> = self.stage.app().tasks().iter().map(|task| task.id.into()).collect();
        self.keep("its tasks", &journal.tasks(ids.clone()).await.unwrap());
        self.keep("its open tasks", &journal.open_tasks().await.unwrap());
        for id in ids {
            let steps = journal.task_steps(id).await.unwrap();
            self.found.add("JSON of steps", serde_json::to_string(&steps).unwrap());
        }
        self.keep("its touched accounts", &journal.touched().await.unwrap());
        self.keep("its status", &journal.status().await.unwrap());
        self.keep("its hold", &journal.held().await.unwrap());
        self.keep("its approvals", &journal.approvals().await.unwrap());
        self.keep("its session", &journal.session().await.unwrap());
        self.keep("its app", &(journal.app().await.unwrap(), journal.types().await.unwrap()));
    }

    /// What left, but for each secret in its own place; and how often it was in that place.
    fn keep_requests(&mut self) -> Places {
        let mut places = Places::default();
        for Sent { head, body } in self.wire.requests() {
            let head: String =
                head.lines().filter(|line| !places.is_authorization(line)).map(|line| format!("{line}\n")).collect();
            let body = places.without_reported_password(&head, body);
            self.found.add(format!("request {}", head.lines().next().unwrap_or_default()), head + &body);
        }
        places
    }

    fn leaks(&mut self) -> Vec<Leak> {
        let log = self.log.text();
        assert!(log.contains("TRACE"), "the log is complete");
        self.keep_telemetry();
        // The foreign error is for the log, and for nothing else.
        let mut of_log = Haystack::default();
        of_log.add("the log", log);
        self.found.add("what handlers showed", SHOWN.lock().unwrap().join("\n"));
        let mut leaks = of_log.leaks(&[KEY, RESET, FIRST, GIVEN, SALARY]);
        leaks.extend(self.found.leaks(&[KEY, RESET, FIRST, GIVEN, SALARY, TOKEN]));
        leaks
    }
}

#[tokio::test]
async fn no_secret_stands_in_anything_that_leaves_or_stays() {
    let mut run = Run::start().await;
    let connector = run.attach(tasks()).await;

    sync_with_a_look_at_the_scratch_file(&mut run, &connector).await;
    carry_out_tasks(&mut run, &connector).await;
    meet_refusals(&mut run, &connector).await;
    hold_and_approve(&mut run, &connector).await;
    shut_down(&mut run, connector).await;
    look_at_the_console(&run).await;

    let places = run.keep_requests();
    assert!(places.keys > 20, "{places:?}");
    assert!(places.resets >= 2 && places.firsts == 1, "each is told to Iden, in its place: {places:?}");
    for part in [
        "journal.db ",
        "journal.db-wal ",
        "journal.db-shm ",
        "scratch-",
        "request PUT",
        "request PATCH",
        "Display of",
        "JSON of",
    ] {
        assert!(run.found.has(part), "nothing was looked at of `{part}`");
    }
    assert!(run.log.text().contains(TOKEN.text), "the foreign error is in the log");
    assert_eq!(run.leaks(), []);
}

async fn sync_with_a_look_at_the_scratch_file(run: &mut Run, connector: &Attached<Hr>) {
    let stop = run.stage.company.stop_read();
    let nobody = go_on();
    let (synced, ()) = tokio::join!(connector.sync(&nobody), async {
        stop.reached().await;
        run.found.add_files("during a sync", run.stage.state.path());
        stop.go_on();
    });
    let report = synced.unwrap();
    assert!(report.completed);
    run.keep("a report of a sync", &report);
    run.found.add("JSON of a sync", serde_json::to_string(&report).unwrap());
}

async fn carry_out_tasks(run: &mut Run, connector: &Attached<Hr>) {
    let app = run.stage.app();
    let created = app.queue(task("create_account", &json!({"email": "new@acme.example"})));
    let of = |action: &str, number: u32| app.queue(task(action, &json!({"id": number.to_string()})));
    let (reset, changed, suspended) = (of("reset_password", 1), of("update_account", 2), of("suspend_account", 3));
    let (resumed, left) = (of("unsuspend_account", 4), of("delete_account", 5));
    let odd = app.queue(task("suspend_account", &json!({"id": {"password": GIVEN.text}})));
    let unknown = app.queue(task("rotate_keys", &json!({"id": "6"})));
    for round in 0..8 {
        let round_report = connector.tasks_once(&go_on()).await.unwrap();
        run.keep("a round", &round_report);
        run.found.add("JSON of a round", serde_json::to_string(&round_report).unwrap());
        run.keep_files(&format!("after round {round}"));
        tokio::time::sleep(std::time::Duration::from_millis(260)).await;
    }
    app.assert_task_completed(created);
    app.assert_task_completed(reset);
    for failed in [changed, suspended, left, odd, unknown] {
        assert_eq!(app.task(failed).unwrap().status, "failed", "{:?}", app.task(failed));
    }
    assert_eq!(app.task(resumed).unwrap().status, "pending", "it waits for a person");
    run.keep_journal(connector.state()).await;
}

async fn meet_refusals(run: &mut Run, connector: &Attached<Hr>) {
    let (app, sandbox) = (run.stage.app(), &run.stage.sandbox);
    // A server that repeats what it was sent, as some do.
    let echo = json!({ "detail": "no", "sent": { "result": { "password": RESET.text } } }).to_string();
    let refuses = Fault::ending("PATCH", "/status/").holding("password").answer_raw(400, "application/json", &echo);
    sandbox.fault(refuses);
    let refused = app.queue(task("reset_password", &json!({"id": "7"})));
    connector.tasks_once(&go_on()).await.unwrap();
    sandbox.clear_faults();
    connector.tasks_once(&go_on()).await.unwrap();
    app.assert_task_failed(refused, "result_lost");

    // A list that cannot be read, and what is in it.
    let page = format!("\u{feff}{}", json!({"results": {"payload": {"account": {"password": GIVEN.text}}}}));
    sandbox.fault(Fault::on("GET", "/tasks/").answer_raw(200, "application/json", &page));
    let error = connector.tasks_once(&go_on()).await.unwrap_err();
    run.stage.sandbox.clear_faults();
    run.keep_error("a list that cannot be read", &error);

    run.stage.sandbox.revoke_key();
    let error = connector.sync(&go_on()).await.unwrap_err();
    run.keep_error("a refused sync", &error);
    let error = connector.tasks_once(&go_on()).await.unwrap_err();
    run.keep_error("a refused round", &error);
    run.keep_telemetry();
    run.stage.sandbox.add_key(KEY.text);
    run.stage.company.change([8], |person| person.email = None);
    let report = connector.sync(&go_on()).await;
    run.keep("a sync with an unreadable record", &report);
    run.stage.company.gain([8]);
}

async fn hold_and_approve(run: &mut Run, connector: &Attached<Hr>) {
    connector.sync(&go_on()).await.unwrap();
    run.stage.company.lose(9..=18);
    let error = connector.sync(&go_on()).await.unwrap_err();
    run.keep_error("a held sync", &error);
    let held = hold(&error);
    run.found.add("JSON of a hold", serde_json::to_string(&held).unwrap());
    let target = run.target();
    let plan = run.stage.connector().plan(&target, json!({}), &go_on()).await.unwrap();
    run.keep("a plan", &plan);
    run.found.add("JSON of a plan", serde_json::to_string(&plan).unwrap());
    run.keep_files("while a sync is held");

    let beside = SqliteJournal::beside(connector.state()).unwrap();
    beside.approve(Approval::new(&held.hash, "ada", "they left", jiff::Timestamp::now())).await.unwrap();
    assert!(connector.sync(&go_on()).await.unwrap().completed);
    run.keep_journal(connector.state()).await;
}

/// It is stopped while a handler is at work, and another one takes the state over.
async fn shut_down(run: &mut Run, connector: Attached<Hr>) {
    let app = run.stage.app();
    let stop = run.stage.company.stop_task();
    app.queue(task("delete_account", &json!({"id": "19"})));
    let last = app.queue(task("reset_password", &json!({"id": "20"})));
    let told = go_on();
    let often = std::time::Duration::from_secs(1);
    let schedule = Schedule::default().poll_every(often, often);
    let (ended, ()) = tokio::join!(connector.run(&schedule, &told), async {
        stop.reached().await;
        app.wait_until_task_done(last, std::time::Duration::from_secs(60)).await;
        told.cancel();
    });
    run.keep("how it ended", &ended);
    if let Err(error) = &ended {
        run.keep_error("how it ended", error);
    }
    run.keep_files("when it has ended");
    drop(connector);
    run.keep_files("when it is closed");
    let again = run.attach(tasks()).await;
    run.keep_journal(again.state()).await;
    drop(again);
}

/// The console shows what Iden was told, except for passwords: those are hidden on the pages of their request and of their task.
async fn look_at_the_console(run: &Run) {
    let (mut console, mut hidden) = (Haystack::default(), 0);
    for (path, text) in canary_console::pages(&run.stage.sandbox).await {
        hidden += usize::from(text.contains("(hidden)"));
        console.add(path, text);
    }
    for part in ["/requests/1", "/tasks/", "/record/", "/sessions/"] {
        assert!(console.has(part), "nothing was looked at of `{part}`");
    }
    assert!(hidden >= 4, "a request and a task for each of two passwords: {hidden}");
    assert_eq!(console.leaks(&[KEY, SALARY, TOKEN, RESET, FIRST]), []);
}

#[tokio::test]
async fn a_handler_that_tells_a_password_is_found_out_in_the_log_the_journal_and_the_request() {
    let mut run = Run::start().await;
    let connector = run.attach(talkative()).await;
    run.stage.app().queue(task("suspend_account", &json!({"id": "1"})));
    connector.tasks_once(&go_on()).await.unwrap();
    run.keep_files("after the round");
    run.keep_requests();

    let leaks = run.leaks();

    let found = |place: &str| leaks.iter().any(|leak| leak.secret == GIVEN.name && leak.place.contains(place));
    assert!(found("the log") && found("journal.db-wal") && found("request PATCH"), "{leaks:#?}");
    let others = |secret: &Secret| leaks.iter().any(|leak| leak.secret == secret.name);
    assert!(![KEY, RESET, FIRST, SALARY].iter().any(others), "{leaks:#?}");
}
