//! Cron expressions.

use bridge_runtime::connector::Cron;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    input::Input,
    promise::{LONGEST, assert_shown},
};

/// What is taken is shown so that it is read again as the same; its times come in order, and none of them twice or
/// between two others. The first line is the expression; eight bytes behind it say when to ask.
pub fn cron(data: &[u8]) {
    let mut input = Input(data);
    let text = input.line();
    let cron = match text.parse::<Cron>() {
        Ok(cron) => cron,
        Err(error) => return assert_shown(&error.to_string(), LONGEST),
    };
    let shown = cron.to_string();
    assert_shown(&shown, text.len() + 64);
    assert_eq!(shown.parse::<Cron>().as_ref(), Ok(&cron), "`{shown}` is read otherwise");
    assert_eq!(shown.parse::<Cron>().unwrap().to_string(), shown);

    let at_the_ends = [Timestamp::MIN, Timestamp::MAX].map(|end| cron.next_after(end));
    assert_eq!(at_the_ends[1], None);
    // Between the years 1973 and 2109: no zone has seconds in its offset any more.
    let mut wall = Timestamp::from_second(100_000_000 + i64::from(input.number() as u32)).unwrap();
    for _ in 0..4 {
        let next = cron.next_after(wall).expect("every day that is taken comes again");
        assert!(next > wall, "`{shown}` after {wall}: {next}");
        assert_eq!(TimeZone::UTC.to_datetime(next).second(), 0, "`{shown}` after {wall}: {next}");
        let just_before = next - SignedDuration::from_nanos(1);
        assert_eq!(cron.next_after(just_before), Some(next), "`{shown}` just before {next}");
        let between = wall + next.duration_since(wall) / 2;
        assert_eq!(cron.next_after(between), Some(next), "`{shown}` between {wall} and {next}");
        wall = next;
    }
}
