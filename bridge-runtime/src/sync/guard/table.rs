//! The verdicts of `table.txt`, one cell in each row.

use bridge_core::wire::Kind;

use super::{Limits, reasons};
use crate::journal::{Excess, HoldReason, LossKind, Losses};

const TABLE: &str = include_str!("table.txt");
const SLUG: &str = "some-type";

#[test]
fn the_guard_says_what_the_table_says() {
    let rows = TABLE.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut cells = 0;
    let mut wrong = Vec::new();
    // The first row has the names of the columns.
    for (position, line) in rows.skip(1) {
        let [kind, had, scan, limits, verdict] = columns(line);
        let (losses, limits) = (losses(had, scan), limits_of(kind, limits));
        assert_eq!(limits.problems(), [], "{line}");
        let (expected, said) = (expected(verdict, &losses), reasons(SLUG, &limits, &losses));
        if said != expected {
            wrong.push(format!("line {}: {line}\n    says {said:?}", position + 1));
        }
        cells += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cells >= 200, "only {cells} cells were read");
}

fn columns(line: &str) -> [&str; 5] {
    let columns: Vec<_> = line.split('|').map(str::trim).collect();
    columns.try_into().unwrap_or_else(|_| panic!("not five columns: {line}"))
}

fn number(text: &str) -> u64 {
    text.replace('_', "").parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

/// `removed 2, missing root` as pairs.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| item.split_once(' ').unwrap_or_else(|| panic!("not two words: {item}")))
}

fn losses(had: &str, scan: &str) -> Losses {
    let (records, edges) = had.split_once('+').unwrap_or((had, "0e"));
    let mut losses = Losses { baseline: number(records), ..Losses::default() };
    losses.baseline_edges = number(edges.strip_suffix('e').expect("edges end with `e`"));
    let mut present = None;
    for (what, value) in words(scan) {
        match what {
            "removed" => losses.lost.removed = number(value),
            "deactivated" => losses.lost.deactivated = number(value),
            "edges" => losses.lost.edges = number(value),
            "day-removed" => losses.last_day.removed = number(value),
            "day-deactivated" => losses.last_day.deactivated = number(value),
            "day-edges" => losses.last_day.edges = number(value),
            "created" => losses.created = number(value),
            "present" => present = Some(number(value)),
            "missing" => losses.protected.push(value.to_owned()),
            _ => panic!("no such loss: {what}"),
        }
    }
    let left = losses.baseline.saturating_sub(losses.lost.removed) + losses.created;
    losses.present = present.unwrap_or(left);
    losses
}

fn limits_of(kind: &str, text: &str) -> Limits {
    let kind = [Kind::Account, Kind::Group, Kind::License].into_iter().find(|known| known.as_str() == kind);
    let mut limits = Limits::of(kind.expect("a kind"));
    let percent = |value| u8::try_from(number(value)).expect("a percentage");
    let mut protected = Vec::new();
    for (what, value) in words(text) {
        limits = match what {
            "removed-percent" => limits.max_removed_percent(percent(value)),
            "removed" => limits.max_removed(number(value)),
            "edges-percent" => limits.max_edges_percent(percent(value)),
            "edges" => limits.max_edges(number(value)),
            "protect" => {
                protected.push(value);
                limits.protected(protected.iter().copied())
            }
            _ => panic!("no such limit: {what}"),
        };
    }
    limits
}

/// The verdict's words as reasons. Only what the scan says itself is taken from it: how many there were, and who.
fn expected(verdict: &str, losses: &Losses) -> Vec<HoldReason> {
    let slug = || SLUG.to_owned();
    let excess = |numbers: &str, before| {
        let (count, allowed) = numbers.split_once('>').unwrap_or_else(|| panic!("not `2>1`: {numbers}"));
        Excess::new(SLUG, number(count), number(allowed), before)
    };
    let (records, edges) = (losses.baseline, losses.baseline_edges);
    let last_day = |kind, numbers: &str, before| HoldReason::LastDay { kind, excess: excess(numbers, before) };
    let reason = |text: &str| match *text.split(' ').collect::<Vec<_>>() {
        ["emptied"] => HoldReason::Emptied { slug: slug(), before: records },
        ["removed", numbers] => HoldReason::Removed(excess(numbers, records)),
        ["deactivated", numbers] => HoldReason::Deactivated(excess(numbers, records)),
        ["edges", numbers] => HoldReason::Edges(excess(numbers, edges)),
        ["day", "removed", numbers] => last_day(LossKind::Removed, numbers, records),
        ["day", "deactivated", numbers] => last_day(LossKind::Deactivated, numbers, records),
        ["day", "edges", numbers] => last_day(LossKind::Edge, numbers, edges),
        ["churn"] => {
            let (removed, created) = (losses.lost.removed, losses.created);
            HoldReason::Churn { slug: slug(), removed, created, before: records }
        }
        ["protected", ref ids @ ..] => {
            HoldReason::Protected { slug: slug(), ids: ids.iter().map(|id| (*id).to_owned()).collect() }
        }
        _ => panic!("no such verdict: {text}"),
    };
    if verdict == "-" { Vec::new() } else { verdict.split(", ").map(reason).collect() }
}
