//! Which types a history has, and how the external system writes the ids of its accounts.

use crate::iden::Key;

pub const EMPLOYEE: &str = "employee";
pub const CONTRACTOR: &str = "contractor";
pub const TEAM: &str = "team";
pub const SEAT: &str = "seat";
pub const SITE: &str = "site";
pub const BADGE: &str = "badge";

/// How the ids of contractors are written. Those of employees are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The number of the next person, so that an employee and a contractor can have the same id.
    Shared,
    /// Letters, of which some are capitals or have an accent.
    Letters,
}

/// The spellings of a [`Style::Letters`] id. Which of them are one id, Iden decides.
pub const SPELLINGS: u8 = 4;

#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// Two types of each kind; else one.
    pub second_types: bool,
    pub style: Style,
}

impl Names {
    /// The types, in the order in which they are registered.
    pub fn types(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let first = [(EMPLOYEE, "account"), (TEAM, "group"), (SEAT, "license")];
        let second = [(CONTRACTOR, "account"), (SITE, "group"), (BADGE, "license")];
        first.into_iter().chain(second.into_iter().filter(move |_| self.second_types))
    }

    pub fn accounts(self) -> impl Iterator<Item = &'static str> {
        self.types().filter(|(_, kind)| *kind == "account").map(|(slug, _)| slug)
    }

    /// The groups and licenses.
    pub fn things(self) -> impl Iterator<Item = &'static str> {
        self.types().filter(|(_, kind)| *kind != "account").map(|(slug, _)| slug)
    }

    /// The account type of a person.
    pub fn slug(self, number: u32) -> &'static str {
        if self.second_types && number.is_multiple_of(3) { CONTRACTOR } else { EMPLOYEE }
    }

    /// What an account of a type can be a member of, or have assigned: its field on the wire, and the type.
    pub fn edges(self, account: &str) -> &'static [(&'static str, &'static str)] {
        const ALL: [(&str, &str); 4] =
            [("memberships", TEAM), ("assignments", SEAT), ("memberships", SITE), ("assignments", BADGE)];
        if account == CONTRACTOR { &ALL } else { &ALL[..2] }
    }

    /// The id of a person, as the system writes it now.
    pub fn id(self, number: u32, spelling: u8) -> String {
        if self.slug(number) == EMPLOYEE {
            return number.to_string();
        }
        match (self.style, spelling) {
            (Style::Shared, _) => (number + 1).to_string(),
            (Style::Letters, 0) => format!("Zo\u{e9}-{number}"),
            (Style::Letters, 1) => format!("ZO\u{c9}-{number}"),
            (Style::Letters, 2) => format!("Zo\u{e9}-{number} "),
            // The same text, in another normal form.
            (Style::Letters, _) => format!("Zoe\u{301}-{number}"),
        }
    }

    /// Whose id this is, in whatever spelling.
    pub fn number(self, (slug, id): &Key) -> Option<u32> {
        let digits: String = id.chars().filter(char::is_ascii_digit).collect();
        let number = digits.parse::<u32>().ok()?;
        match slug.as_str() {
            EMPLOYEE => Some(number),
            CONTRACTOR if self.style == Style::Shared => number.checked_sub(1),
            CONTRACTOR => Some(number),
            _ => None,
        }
    }
}
