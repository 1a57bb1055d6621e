//! What the connector is doing, on a line of the terminal that is written over.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use bridge_core::wire::text::printable;

use super::{
    screen,
    settings::LogSettings,
    status::{doing, settled},
    terminal::Stream,
};
use crate::{
    journal::Activity,
    telemetry::{Sight, Telemetry},
};

/// How often the line is written. It looks into memory, so this costs nothing.
const EVERY: Duration = Duration::from_millis(125);
/// How many apps have a line. More than the terminal has could not be written over.
const MOST: usize = 8;
/// Where the terminal does not say how wide it is.
const USUAL_WIDTH: usize = 80;
/// From then on a line says for how long the same has been going on.
const LONG: Duration = Duration::from_secs(2);
/// It turns while something is done, so that a person sees that the process lives.
const WHEEL: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// What stands in its place while nothing is done: the line is then not written again.
const STILL: char = '·';

/// Lines at the foot of the terminal, one for each app, as long as the value lives.
#[derive(Debug)]
pub(super) struct Progress {
    at_work: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Shows what these connectors do, where standard error is a terminal that can be written over and the log is for
    /// people. Elsewhere it does nothing.
    pub(super) fn of(telemetry: &Telemetry, log: &LogSettings) -> Self {
        if !Stream::Err.can_move() || log.is_json() {
            return Progress { at_work: None };
        }
        let ((stop, stopped), telemetry) = (channel(), telemetry.clone());
        // A thread of its own: it turns even while a source keeps the runtime's threads busy.
        let thread = thread::Builder::new().name("bridge-progress".to_owned());
        let at_work = thread.spawn(move || turn(&telemetry, &stopped)).ok().map(|thread| (stop, thread));
        Progress { at_work }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.at_work.take() {
            drop(stop);
            drop(thread.join());
        }
    }
}

/// Writes the lines until it is stopped, and takes them away.
fn turn(telemetry: &Telemetry, stopped: &Receiver<()>) {
    for wheel in WHEEL.iter().cycle() {
        if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
            break;
        }
        let width = terminal_size::terminal_size_of(std::io::stderr()).map_or(0, |(width, _)| usize::from(width.0));
        let width = if width == 0 { USUAL_WIDTH } else { width };
        screen::show(lines(*wheel, &telemetry.sights(), width));
    }
    screen::show(Vec::new());
}

/// A line for each app, and one for those that have no room.
fn lines(wheel: char, sights: &[Sight], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = sights.iter().take(MOST).map(|sight| fitted(&line(wheel, sight), width)).collect();
    if sights.len() > MOST {
        lines.push(format!("  and {} more apps: `status` tells of each", sights.len() - MOST));
    }
    lines
}

/// What is cut off first stands last.
fn line(wheel: char, sight: &Sight) -> String {
    let idle = sight.activity.as_ref().is_some_and(settled);
    let mut parts = Vec::new();
    if !sight.pause.is_zero() {
        parts.push(format!("Iden asks to wait, {} s more", sight.pause.as_secs() + 1));
    }
    match &sight.activity {
        None if sight.tasks > 0 => {}
        None => parts.push("starting".to_owned()),
        Some(Activity::Completing) if sight.tasks > 0 => {
            parts.push("completing the session: waits for the tasks that are under way".to_owned());
        }
        Some(activity) => parts.push(doing(activity)),
    }
    if let Some(Activity::Reading { records, .. }) = &sight.activity {
        parts.extend(rate(*records, sight.since));
    }
    let pages = [(sight.pages, "done"), (sight.on_their_way as u64, "on their way")];
    let pages = pages.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let pages = pages.collect::<Vec<_>>().join(", ");
    if !pages.is_empty() && !idle {
        parts.push(format!("pages: {pages}"));
    }
    if sight.tasks > 0 {
        parts.push(format!("tasks under way: {}", sight.tasks));
    }
    if sight.since >= LONG && sight.activity.is_some() && !idle {
        parts.push(format!("{} s", sight.since.as_secs()));
    }
    let wheel = if idle && sight.tasks == 0 { STILL } else { wheel };
    format!("{wheel} {}  {}", printable(&sight.app, 40), parts.join(" · "))
}

/// Records in a second, once there is something to count.
fn rate(records: u64, since: Duration) -> Option<String> {
    let seconds = since.as_secs_f64();
    (records > 0 && seconds >= 0.5).then(|| format!("{:.0}/s", records as f64 / seconds))
}

/// As much of a line as has room.
fn fitted(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sight: &Sight) -> String {
        line('*', &Sight { app: "Acme HR".to_owned(), ..sight.clone() })
    }

    fn doing(activity: Activity) -> Sight {
        Sight { activity: Some(activity), since: Duration::from_secs(8), ..Sight::default() }
    }

    #[test]
    fn a_line_says_what_is_read_how_fast_and_what_is_on_its_way() {
        let reading = Activity::Reading { slug: "employee".to_owned(), records: 12_300 };
        let sight = Sight { pages: 119, on_their_way: 4, ..doing(reading) };
        let line = shown(&sight);
        assert_eq!(
            line,
            "* Acme HR  reading `employee`, 12300 records so far · 1538/s · pages: 119 done, 4 on their way · 8 s"
        );
        let narrow = fitted(&line, 80);
        assert_eq!(narrow, "* Acme HR  reading `employee`, 12300 records so far · 1538/s · pages: 119 done,…");
        assert_eq!(narrow.chars().count(), 80);
        assert_eq!(fitted(&line, 200), line);
    }

    #[test]
    fn a_line_says_what_it_waits_for() {
        let completing = Sight { tasks: 2, ..doing(Activity::Completing) };
        let line = shown(&completing);
        assert!(line.contains("waits for the tasks that are under way · tasks under way: 2 · 8 s"), "{line}");
        let paused = Sight { pause: Duration::from_millis(11_200), ..doing(Activity::Opening) };
        assert!(shown(&paused).starts_with("* Acme HR  Iden asks to wait, 12 s more · opening a session"));
        let until = jiff::Timestamp::UNIX_EPOCH;
        assert_eq!(shown(&doing(Activity::Waiting { until })), "· Acme HR  waiting until 1970-01-01T00:00:00Z");
    }

    #[test]
    fn tasks_alone_are_a_line_and_a_start_is_one() {
        assert_eq!(shown(&Sight { tasks: 3, ..Sight::default() }), "* Acme HR  tasks under way: 3");
        assert_eq!(shown(&Sight::default()), "* Acme HR  starting");
    }

    #[test]
    fn a_large_fleet_does_not_fill_the_terminal() {
        let shown = lines('*', &vec![Sight::default(); 30], 80);
        assert_eq!(shown.len(), 9);
        assert_eq!(shown[8], "  and 22 more apps: `status` tells of each");
        assert_eq!(lines('*', &vec![Sight::default(); 8], 80).len(), 8);
    }

    #[test]
    fn a_name_cannot_write_elsewhere_on_the_screen() {
        assert!(!line('*', &Sight { app: "\x1b[2J\nHR".to_owned(), ..Sight::default() }).contains(char::is_control));
    }
}
