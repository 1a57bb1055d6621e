//! The lines at the foot of the terminal that are written over, and everything else that is written around them.

use std::{
    io::{self, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What stands there. There is one terminal, whoever writes to it.
static SHOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Shows these lines in the place of those before; none takes them away.
pub(super) fn show(lines: Vec<String>) {
    let mut shown = lock();
    if *shown == lines {
        return;
    }
    put(&(taken_away(&shown) + &drawn(&lines)));
    *shown = lines;
}

/// Writes something, so that it stands above the lines and none of them is torn.
pub(super) fn beside<T>(write: impl FnOnce() -> T) -> T {
    let shown = lock();
    if shown.is_empty() {
        return write();
    }
    put(&taken_away(&shown));
    let written = write();
    put(&drawn(&shown));
    written
}

fn lock() -> MutexGuard<'static, Vec<String>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(text: &str) {
    let mut stderr = io::stderr().lock();
    drop(stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()));
}

/// The cursor stays at the end of the last line. The terminal does not wrap meanwhile: it may have become narrower.
fn drawn(lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { format!("\x1b[?7l{}\x1b[?7h", lines.join("\n")) }
}

fn taken_away(lines: &[String]) -> String {
    match lines.len() {
        0 => String::new(),
        1 => "\r\x1b[J".to_owned(),
        several => format!("\r\x1b[{}A\x1b[J", several - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_away_from_the_first_one_on() {
        assert_eq!(taken_away(&["a".to_owned(), "b".to_owned(), "c".to_owned()]), "\r\x1b[2A\x1b[J");
        assert_eq!(drawn(&["a".to_owned(), "b".to_owned()]), "\x1b[?7la\nb\x1b[?7h");
        assert_eq!(taken_away(&[]) + &drawn(&[]), "", "a pipe gets not one byte");
    }
}
