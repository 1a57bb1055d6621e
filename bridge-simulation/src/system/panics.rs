//! Panics of the user's own code, wherever the engines call it: ids are written and read, errors are shown.

use std::{cell::RefCell, convert::Infallible, fmt, str::FromStr, sync::Weak};

use crate::{faults::Fault, stage::Stage};

thread_local! {
    static STAGE: RefCell<Weak<Stage>> = const { RefCell::new(Weak::new()) };
}

/// From now on the user's code of this thread panics when this stage says so.
pub fn on(stage: Weak<Stage>) {
    STAGE.replace(stage);
}

/// A place in the user's code.
pub fn may_panic(what: &str) {
    let stage = STAGE.with_borrow(Weak::upgrade);
    if stage.is_some_and(|stage| stage.strikes_unless_busy(Fault::UserPanic)) {
        panic!("sim: {what} panics");
    }
}

/// The id of a contractor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle(String);

impl Handle {
    pub fn new(id: String) -> Self {
        Handle(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        may_panic("writing an id");
        f.write_str(&self.0)
    }
}

impl FromStr for Handle {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        may_panic("reading an id");
        Ok(Handle(text.to_owned()))
    }
}

/// What the system says when it is down.
#[derive(Debug)]
pub struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        may_panic("showing an error");
        f.write_str("the system is down")
    }
}

impl std::error::Error for Down {}
