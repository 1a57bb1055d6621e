//! Cron expressions.

use std::{borrow::Cow, fmt, str::FromStr};

use bridge_core::wire::text::printable;
use cronp::{Calendar, CivilDateTime, Cronexpr, ErrorKind, FieldKind, ParseError, ZonedSchedule};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, date},
    tz::{AmbiguousOffset, TimeZone},
};
use serde::{Deserialize, Deserializer, de::Error as _};

/// A cron expression: minute, hour, day of month, month, day of week, and perhaps a time zone.
///
/// Lists, ranges, steps and names are as usual, and so are `L`, `15W` and `5#2`. Where both days are restricted, either
/// will do; if one of them starts with `*`, as `*/2` does, it takes both, as in crontab(5). There is no field for
/// seconds or years. The time zone is an IANA name, looked up on this machine (`/usr/share/zoneinfo`); UTC without one,
/// whatever the machine's own zone is.
///
/// Where clocks change, a time of day neither falls out nor comes twice: one that is skipped comes as much later as the
/// clocks are set forward, and one that there is twice is the first. Only an expression with `*` for the hour follows
/// the elapsed time instead, and has both.
///
/// ```
/// use bridge_runtime::connector::Cron;
///
/// let cron: Cron = "30 2 * * MON-FRI America/New_York".parse()?;
/// // A Saturday there.
/// let next = cron.next_after("2026-11-28T12:00:00Z".parse().unwrap());
/// assert_eq!(next, "2026-11-30T07:30:00Z".parse().ok());
///
/// let error = "0 25 * * *".parse::<Cron>().unwrap_err();
/// assert!(error.to_string().contains("the hour field, `25`, takes 0 to 23"));
/// # Ok::<(), bridge_runtime::connector::CronError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    fields: String,
    calendar: Calendar<Cronexpr>,
    zone: TimeZone,
}

/// What is wrong with a cron expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a cron expression: {why}. It has five fields: minute, hour, day of month, month and day of week, such as `30 2 * * 1-5`; a time zone may follow, such as `Europe/Berlin`"
)]
pub struct CronError {
    text: String,
    why: String,
}

/// How much of an expression an error repeats, in characters.
const LONGEST_SHOWN: usize = 100;
/// Every date falls on every weekday within 28 years.
const ALL_DATES: usize = 28 * 366;
/// Those 28 years, longer by twelve where they span a year such as 2100, which is no leap year.
const LONGEST_WAIT: usize = 40 * 366;

impl Cron {
    /// The first matching time after `wall`, or `None` where the calendar ends.
    #[must_use]
    pub fn next_after(&self, wall: Timestamp) -> Option<Timestamp> {
        // Yesterday may have times left, where clocks are changed around midnight.
        let from = self.zone.to_datetime(wall).date().yesterday().ok()?;
        days(from).take(LONGEST_WAIT).find_map(|day| self.times(day).filter(|time| *time > wall).min())
    }

    /// The times of a day. Not in order where clocks are changed.
    fn times(&self, day: Date) -> impl Iterator<Item = Timestamp> {
        let matching = self.matches(day);
        let hours = (0..24).filter(move |hour| matching && self.calendar.admits_hour(*hour));
        let minutes = || (0..60).filter(|minute| self.calendar.admits_minute(*minute));
        hours
            .flat_map(move |hour| minutes().map(move |minute| (hour, minute)))
            .flat_map(move |(hour, minute)| self.instants(day.at(hour as i8, minute as i8, 0, 0)))
            .flatten()
    }

    /// Whether any time of the day matches. That is up to the day: no expression is without an hour or a minute.
    fn matches(&self, day: Date) -> bool {
        let hour = (0..24).find(|hour| self.calendar.admits_hour(*hour));
        let minute = (0..60).find(|minute| self.calendar.admits_minute(*minute));
        let (Some(hour), Some(minute), Ok(year)) = (hour, minute, u16::try_from(day.year())) else { return false };
        CivilDateTime::new(year, day.month() as u8, day.day() as u8, hour, minute, 0)
            .is_ok_and(|time| self.calendar.matches(time))
    }

    /// When a clock shows this.
    fn instants(&self, time: DateTime) -> [Option<Timestamp>; 2] {
        let elapsed = (0..24).all(|hour| self.calendar.admits_hour(hour));
        let ambiguous = self.zone.to_ambiguous_timestamp(time);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } if elapsed => [None, None],
            AmbiguousOffset::Fold { .. } if elapsed => [ambiguous.earlier().ok(), ambiguous.later().ok()],
            _ => [ambiguous.compatible().ok(), None],
        }
    }
}

fn days(from: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |day| day.tomorrow().ok())
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let wrong = |why| CronError { text: printable(text, LONGEST_SHOWN), why };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (schedule, zone) = ZonedSchedule::parse(text).map_err(|error| wrong(why(&words, &error)))?.into_parts();
        let zone = zone.map_or(Ok(TimeZone::UTC), |name| TimeZone::get(name).map_err(|_| wrong(unknown_zone(name))))?;
        let calendar = *schedule
            .calendar()
            .ok_or_else(|| wrong(format!("`{}` is not a set of times", printable(text, LONGEST_SHOWN))))?;
        let cron = Cron { fields: words[..words.len().min(5)].join(" "), calendar, zone };
        if !days(date(2000, 1, 1)).take(ALL_DATES).any(|day| cron.matches(day)) {
            return Err(wrong("there is no such day".to_owned()));
        }
        Ok(cron)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.fields, self.zone.iana_name().unwrap_or("UTC"))
    }
}

impl<'de> Deserialize<'de> for Cron {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

fn why(words: &[&str], error: &ParseError) -> String {
    let (index, name, takes) = match error.field() {
        Some(FieldKind::Minute) => (0, "minute", "0 to 59"),
        Some(FieldKind::Hour) => (1, "hour", "0 to 23"),
        Some(FieldKind::DayOfMonth) => {
            (2, "day of month", "1 to 31, `L` for the last, or a weekday near one, as `15W`")
        }
        Some(FieldKind::Month) => (3, "month", "1 to 12, or `JAN` to `DEC`"),
        Some(FieldKind::DayOfWeek) => (4, "day of week", "0 to 7, where both are Sunday, or `SUN` to `SAT`"),
        _ if words.len() < 5 => return format!("it has {} of the five fields", words.len()),
        _ => return "more than five fields are there, and seconds and years have none".to_owned(),
    };
    let field = format!("the {name} field, `{}`,", printable(words.get(index).unwrap_or(&""), LONGEST_SHOWN));
    match error.kind() {
        ErrorKind::ReversedRange { .. } => format!("{field} has a range that runs backwards"),
        ErrorKind::ZeroStep => format!("{field} has a step of zero"),
        ErrorKind::ModifierMustBeAlone => format!("{field} has `L`, `W` or `#` in a list; they stand alone"),
        _ => format!("{field} takes {takes}"),
    }
}

fn unknown_zone(name: &str) -> String {
    let name = printable(name, LONGEST_SHOWN);
    if jiff::tz::db().is_definitively_empty() {
        return format!("the time zone `{name}` is not known, since this machine has no time zones: install `tzdata`");
    }
    format!("`{name}`, after the five fields, is not a time zone that this machine knows")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Berlin's rules: from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October, both at 01:00 UTC.
    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
    /// Nuuk's rules: at 23:00 on Saturday, 28 March 2026, Sunday begins. 01:00 UTC as well.
    const NUUK: &str = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";
    /// The rules of Lord Howe: half an hour, from 02:00 to 02:30 on 4 October 2026, at 15:30 UTC the day before.
    const LORD_HOWE: &str = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";

    fn cron(text: &str) -> Cron {
        text.parse().unwrap()
    }

    /// With the rules of a zone and without the machine's database.
    fn ruled(text: &str, rules: &str) -> Cron {
        Cron { zone: TimeZone::posix(rules).unwrap(), ..cron(text) }
    }

    #[track_caller]
    fn assert_times(cron: &Cron, after: &str, expected: &[&str]) {
        let first = cron.next_after(after.parse().unwrap());
        let times = std::iter::successors(first, |time| cron.next_after(*time));
        let times: Vec<String> = times.take(expected.len()).map(|time| time.to_string()).collect();
        assert_eq!(times, expected);
    }

    #[track_caller]
    fn assert_refused(text: &str, why: &str) {
        let message = text.parse::<Cron>().unwrap_err().to_string();
        assert!(message.starts_with(&format!("`{text}` is not a cron expression: {why}. ")), "{message}");
        assert!(message.contains("such as `30 2 * * 1-5`"), "{message}");
    }

    #[test]
    fn an_expression_without_a_time_zone_is_in_utc() {
        let expected = ["2026-11-25T02:30:00Z", "2026-11-26T02:30:00Z", "2026-11-27T02:30:00Z", "2026-11-30T02:30:00Z"];
        // 24 November 2026 is a Tuesday.
        assert_times(&cron("30 2 * * 1-5"), "2026-11-24T06:00:00Z", &expected);
    }

    #[test]
    fn a_named_time_zone_is_that_of_the_fields() {
        // Tokyo is nine hours ahead.
        let expected = ["2026-11-24T17:00:00Z", "2026-11-25T17:00:00Z"];
        assert_times(&cron("0 2 * * * Asia/Tokyo"), "2026-11-24T06:00:00Z", &expected);
    }

    #[test]
    fn lists_ranges_steps_and_names_are_understood() {
        let expected = ["2026-12-01T09:15:00Z", "2026-12-01T09:45:00Z", "2026-12-01T11:15:00Z", "2026-12-01T11:45:00Z"];
        assert_times(&cron("15,45 9-12/2 * DEC Tue"), "2026-11-24T06:00:00Z", &expected);
        let expected = ["2026-11-24T06:20:00Z", "2026-11-24T06:40:00Z", "2026-11-24T07:00:00Z"];
        assert_times(&cron("*/20 * * * *"), "2026-11-24T06:00:00Z", &expected);
        // Both are Sunday.
        assert_times(&cron("0 0 * * 0"), "2026-11-24T06:00:00Z", &["2026-11-29T00:00:00Z"]);
        assert_times(&cron("0 0 * * 7"), "2026-11-24T06:00:00Z", &["2026-11-29T00:00:00Z"]);
        assert_times(&cron("0 0 L * *"), "2027-12-31T06:00:00Z", &["2028-01-31T00:00:00Z", "2028-02-29T00:00:00Z"]);
    }

    #[test]
    fn of_two_restricted_days_either_will_do() {
        // Fridays, and Sunday the 13th.
        let expected = ["2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z", "2026-12-18T00:00:00Z"];
        assert_times(&cron("0 0 13 * FRI"), "2026-12-10T00:00:00Z", &expected);
    }

    #[test]
    fn of_two_days_one_of_which_starts_with_a_star_it_takes_both() {
        // Fridays of odd days of the month.
        let expected = ["2026-12-11T00:00:00Z", "2026-12-25T00:00:00Z", "2027-01-01T00:00:00Z"];
        assert_times(&cron("0 0 */2 * FRI"), "2026-12-10T00:00:00Z", &expected);
    }

    #[test]
    fn a_leap_day_is_waited_for_even_past_a_century_without() {
        assert_times(&cron("0 0 29 2 *"), "2026-11-24T06:00:00Z", &["2028-02-29T00:00:00Z"]);
        assert_times(&cron("0 0 29 2 *"), "2096-03-01T00:00:00Z", &["2104-02-29T00:00:00Z"]);
    }

    #[test]
    fn a_time_that_is_skipped_comes_later_on_the_same_day() {
        let expected = ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"];
        assert_times(&ruled("30 2 * * *", BERLIN), "2026-03-27T12:00:00Z", &expected);
    }

    #[test]
    fn a_time_that_there_is_twice_comes_once() {
        let expected = ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
        assert_times(&ruled("30 2 * * *", BERLIN), "2026-10-23T12:00:00Z", &expected);
    }

    #[test]
    fn every_hour_is_every_hour_that_passes() {
        let spring = ["2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z", "2026-03-29T03:00:00Z"];
        assert_times(&ruled("0 * * * *", BERLIN), "2026-03-28T23:30:00Z", &spring);
        let autumn = ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"];
        assert_times(&ruled("0 * * * *", BERLIN), "2026-10-24T23:30:00Z", &autumn);
    }

    #[test]
    fn clocks_that_change_at_midnight_skip_no_day() {
        // Saturday's 23:30 comes as Sunday's 00:30, and Sunday has its own.
        let expected = ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"];
        assert_times(&ruled("30 23 * * *", NUUK), "2026-03-27T12:00:00Z", &expected);
        // Asked on Sunday, at 00:10.
        assert_times(&ruled("30 23 * * *", NUUK), "2026-03-29T01:10:00Z", &expected[1..]);
    }

    #[test]
    fn clocks_that_change_by_half_an_hour_skip_no_day() {
        // 02:15 comes as 02:45.
        let expected = ["2026-10-02T15:45:00Z", "2026-10-03T15:45:00Z", "2026-10-04T15:15:00Z"];
        assert_times(&ruled("15 2 * * *", LORD_HOWE), "2026-10-02T12:00:00Z", &expected);
    }

    #[test]
    fn a_refusal_names_the_field_and_shows_what_would_do() {
        assert_refused("60 2 * * *", "the minute field, `60`, takes 0 to 59");
        assert_refused("0 25 * * *", "the hour field, `25`, takes 0 to 23");
        assert_refused("0 2 * JANU *", "the month field, `JANU`, takes 1 to 12, or `JAN` to `DEC`");
        let takes = "takes 0 to 7, where both are Sunday, or `SUN` to `SAT`";
        assert_refused("0 2 * * FRO", &format!("the day of week field, `FRO`, {takes}"));
        assert_refused("0 2 * * Europe/Berlin", &format!("the day of week field, `Europe/Berlin`, {takes}"));
        assert_refused("0 2 * * 5-1", "the day of week field, `5-1`, has a range that runs backwards");
        assert_refused("*/0 2 * * *", "the minute field, `*/0`, has a step of zero");
        assert_refused("H 2 * * *", "the minute field, `H`, takes 0 to 59");
    }

    #[test]
    fn anything_but_five_fields_is_refused() {
        assert_refused("", "it has 0 of the five fields");
        assert_refused("@daily", "it has 1 of the five fields");
        assert_refused("0 2 * *", "it has 4 of the five fields");
        let more = "more than five fields are there, and seconds and years have none";
        assert_refused("0 0 2 * * *", more);
        assert_refused("0 2 * * * 2030", more);
        assert_refused("0 0 2 * * * UTC", more);
    }

    #[test]
    fn a_refusal_is_one_line_whatever_was_written() {
        let message =
            format!("0 25 * * \u{1b}[31m{}", "\u{202e}x".repeat(500)).parse::<Cron>().unwrap_err().to_string();
        assert!(!message.contains(['\u{1b}', '\u{202e}']) && message.len() < 2_000, "{message}");
    }

    #[test]
    fn an_unknown_time_zone_is_refused() {
        assert_refused(
            "0 2 * * * Europe/Berln",
            "`Europe/Berln`, after the five fields, is not a time zone that this machine knows",
        );
    }

    #[test]
    fn a_day_that_never_comes_is_refused() {
        assert_refused("0 2 30 2 *", "there is no such day");
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        assert_eq!(cron(" 30  2 * * MON ").to_string(), "30 2 * * MON UTC");
        assert_eq!(cron("30 2 * * MON asia/tokyo").to_string(), "30 2 * * MON Asia/Tokyo");
        assert_eq!(cron("30 2 * * MON UTC"), cron("30 2 * * MON"));
    }
}
