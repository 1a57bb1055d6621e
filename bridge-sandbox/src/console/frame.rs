use uuid::Uuid;

use super::links;
use crate::app::App;
use crate::shown;

/// What stands around every page: its title, and where one is.
pub(crate) struct Frame {
    /// In the browser's tab.
    pub(crate) title: String,
    place: Place,
    pub(crate) app: Option<AppFrame>,
    /// Whether the page has parts that the script keeps up to date.
    pub(crate) live: bool,
}

/// The entries of the head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Apps,
    Requests,
    Faults,
    Clock,
    Assumptions,
    /// A page that none of the entries leads to.
    Nowhere,
}

/// The entries of an app.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Overview,
    Records,
    Sessions,
    Tasks,
}

/// The app that a page is about.
pub(crate) struct AppFrame {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) cloned_from: Option<Uuid>,
    tab: Tab,
    /// Whether the page is the tab's first, not one below it.
    pub(crate) is_first: bool,
}

/// A link in a row of links.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) link: String,
    /// `aria-current`: empty, or `page` on the page itself, or `true` on a page below it.
    pub(crate) current: &'static str,
}

impl Frame {
    /// A page that is not about an app.
    pub(crate) fn new(title: &str, place: Place) -> Self {
        Self { title: shown::line(title), place, app: None, live: true }
    }

    /// The first page of one of an app's tabs.
    pub(crate) fn of_app(title: &str, app: &App, tab: Tab) -> Self {
        let frame = AppFrame { id: app.id(), name: app.name(), cloned_from: app.cloned_from(), tab, is_first: true };
        let title = format!("{} · {}", shown::line(title), shown::line(&frame.name));
        Self { title, place: Place::Apps, app: Some(frame), live: true }
    }

    /// The page is one below that of its tab or entry.
    pub(crate) fn below(mut self) -> Self {
        if let Some(app) = &mut self.app {
            app.is_first = false;
        }
        self
    }

    /// The page says what it says for good.
    pub(crate) fn still(mut self) -> Self {
        self.live = false;
        self
    }

    /// The head's entries.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let entries = [
            ("Apps", links::HOME, Place::Apps),
            ("Requests", links::REQUESTS, Place::Requests),
            ("Faults", links::FAULTS, Place::Faults),
            ("Clock", links::CLOCK, Place::Clock),
            ("Assumptions", links::ASSUMPTIONS, Place::Assumptions),
        ];
        let entry = |(name, link, place): (&str, &str, Place)| Entry {
            name: name.to_owned(),
            link: link.to_owned(),
            current: if place != self.place { "" } else { "true" },
        };
        entries.into_iter().map(entry).collect()
    }

    /// Where the script hears of changes that the page shows.
    pub(crate) fn events(&self) -> String {
        let app = self.app.as_ref().map(|app| app.id.to_string()).unwrap_or_default();
        let requests = if self.place == Place::Requests { "yes" } else { "" };
        links::with_query(links::EVENTS, [("app", app.as_str()), ("requests", requests)])
    }
}

impl AppFrame {
    /// The app's entries.
    pub(crate) fn tabs(&self) -> Vec<Entry> {
        let tabs = [
            ("Overview", links::app(self.id), Tab::Overview),
            ("Records", links::records(self.id), Tab::Records),
            ("Sessions", links::sessions(self.id), Tab::Sessions),
            ("Tasks", links::tasks(self.id), Tab::Tasks),
        ];
        let entry = |(name, link, tab): (&str, String, Tab)| Entry {
            name: name.to_owned(),
            link,
            current: match (tab == self.tab, self.is_first) {
                (false, _) => "",
                (true, true) => "page",
                (true, false) => "true",
            },
        };
        tabs.into_iter().map(entry).collect()
    }
}
