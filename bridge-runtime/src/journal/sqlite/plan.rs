//! Plans: what a scan would take away, by name.

use jiff::{SignedDuration, Timestamp};
use ring::digest::{Context, SHA256};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{
    approval::{self, usable_by},
    fault::Result,
    store::Store,
    values::{At, limit as sql_limit},
};
use crate::journal::{EdgeKey, Hold, HoldReason, LossKind, PlanItem};

/// How many plans are kept, of those of the last week.
const KEPT: i64 = 20;
/// The same of plans for an inherited app: they name every record.
const KEPT_WITH_PUSHED: i64 = 10;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Store {
    pub(super) fn set_plan(&mut self, reasons: &[HoldReason], now: Timestamp) -> Result<String> {
        let (connection, scan) = self.scanned()?;
        let inherited = reasons.iter().any(|reason| matches!(reason, HoldReason::InheritedApp { .. }));
        let pushed = if inherited { scan.types() } else { Vec::new() };
        let hash = hash(connection, reasons, inherited.then_some(&*pushed))?;
        let reasons = serde_json::to_string(reasons)?;
        let held = held(connection)?.map(|hold| hold.hash);
        let usable = usable_by(scan, connection, now)?;
        self.write(|tx| {
            put_down(tx, &hash, &reasons, &pushed, now)?;
            tidy(tx, &hash, held.as_deref(), now)?;
            approval::tidy(tx, &usable, now)?;
            Ok(hash)
        })
    }

    /// The records that the run of a plan for an inherited app pushes, by slug and id.
    pub(super) fn plan_pushed(&mut self, hash: &str) -> Result<Vec<(String, String)>> {
        let mut pushed = self.reading()?.prepare_cached(
            "SELECT slug, pushed.id FROM plan JOIN plan_pushed AS pushed ON pushed.plan = plan.id WHERE hash = ?1",
        )?;
        Ok(pushed.query_map([hash], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn plan_items(&mut self, hash: &str, limit: usize) -> Result<Vec<PlanItem>> {
        let connection = self.reading()?;
        let Some(plan) = plan_of(connection, hash)? else { return Ok(Vec::new()) };
        let mut items = Vec::new();
        // Type by type: sorting by slugs would sort the whole plan, which can have a million items.
        for (type_, slug) in types(connection)? {
            let mut of_type = connection.prepare_cached(
                "SELECT item.kind, item.id, type.slug, item.target_id
                 FROM plan_item AS item LEFT JOIN type ON type.id = item.target_type
                 WHERE item.plan = ?1 AND item.type = ?2
                 ORDER BY item.kind, item.id, type.slug, item.target_id LIMIT ?3",
            )?;
            let left = sql_limit(limit - items.len());
            let of_type = of_type.query_map((plan, type_, left), |row| {
                let target = row.get::<_, Option<String>>(2)?.zip(row.get(3)?);
                Ok(PlanItem::new(slug.clone(), row.get(0)?, row.get(1)?, target))
            })?;
            for item in of_type {
                items.push(item?);
            }
        }
        Ok(items)
    }

    pub(super) fn held(&mut self) -> Result<Option<Hold>> {
        held(self.reading()?)
    }

    pub(super) fn set_held(&mut self, hold: Option<&Hold>) -> Result<()> {
        let hold = hold.map(serde_json::to_string).transpose()?;
        self.write(|tx| {
            tx.prepare_cached("UPDATE state SET held = ?1")?.execute([hold])?;
            Ok(())
        })
    }
}

fn held(connection: &Connection) -> Result<Option<Hold>> {
    let held: Option<String> = connection.query_row("SELECT held FROM state", [], |row| row.get(0))?;
    Ok(held.map(|held| serde_json::from_str(&held)).transpose()?)
}

/// The plan's number, if there is one with this hash.
pub(super) fn plan_of(connection: &Connection, hash: &str) -> Result<Option<i64>> {
    let mut find = connection.prepare_cached("SELECT id FROM plan WHERE hash = ?1")?;
    Ok(find.query_row([hash], |row| row.get(0)).optional()?)
}

/// Types by slug.
fn types(connection: &Connection) -> Result<Vec<(i64, String)>> {
    let mut types = connection.prepare_cached("SELECT id, slug FROM type ORDER BY slug")?;
    Ok(types.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

/// Names exactly this set and what the guard says of it. For an inherited app it also names the records that the run
/// pushes, which are those of these types: completing removes everybody else. The amounts in the reasons are left out:
/// they follow from the set, or, as a count of Iden's own, change by themselves.
fn hash(connection: &Connection, reasons: &[HoldReason], pushed: Option<&[(String, i64)]>) -> Result<String> {
    let mut hash = Context::new(&SHA256);
    // With their lengths, so that no two lists run into the same bytes.
    let mut add = |part: &[u8]| {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    for (type_, slug) in types(connection)? {
        // Not of `item`: these two come in order as they are, and all of it would have to be sorted.
        for items in [
            "SELECT 0, id, 0 FROM removal WHERE type = ?1 ORDER BY id",
            "SELECT kind, id, target FROM loss WHERE type = ?1 ORDER BY kind, id, target",
        ] {
            let mut items = connection.prepare_cached(items)?;
            let mut items = items.query([type_])?;
            while let Some(row) = items.next()? {
                let (kind, EdgeKey(target)) = (row.get(0)?, row.get(2)?);
                add(slug.as_bytes());
                add(name(kind).as_bytes());
                add(row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?);
                add(&target.to_be_bytes());
            }
        }
    }
    let mut names = reasons.iter().map(parts).collect::<Result<Vec<_>>>()?;
    names.sort_unstable();
    names.iter().flatten().for_each(|part| add(part.as_bytes()));
    for (slug, type_) in pushed.unwrap_or_default() {
        let mut ids = connection.prepare_cached("SELECT id FROM scratch.seen WHERE type = ?1 ORDER BY id")?;
        let mut ids = ids.query([type_])?;
        while let Some(row) = ids.next()? {
            add(slug.as_bytes());
            add(b"pushed");
            add(row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?);
        }
    }
    Ok(hash.finish().as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A reason's own name, its type and the type at the other end of the links, and what is lost by it. For an inherited app, the
/// app instead of a type.
fn parts(reason: &HoldReason) -> Result<[String; 3]> {
    let written = serde_json::to_value(reason)?;
    let own = written["reason"].as_str().unwrap_or_default().to_owned();
    let kind = reason.lost().map(name).unwrap_or_default();
    // A slug holds no line feed.
    let slugs: Vec<_> = reason.slug().into_iter().chain(reason.target()).collect();
    let about = match reason {
        HoldReason::InheritedApp { app: Some(app), .. } => app.to_string(),
        _ => slugs.join("\n"),
    };
    Ok([own, about, kind.to_owned()])
}

/// Part of every hash: never to be changed.
fn name(kind: LossKind) -> &'static str {
    match kind {
        LossKind::Removed => "removed",
        LossKind::Deactivated => "deactivated",
        LossKind::Edge => "edge",
    }
}

/// Writes a plan down. One that is there has the same items.
fn put_down(tx: &Transaction<'_>, hash: &str, reasons: &str, pushed: &[(String, i64)], now: Timestamp) -> Result<()> {
    if plan_of(tx, hash)?.is_some() {
        let mut again = tx.prepare_cached("UPDATE plan SET at = ?2, reasons = ?3 WHERE hash = ?1")?;
        again.execute((hash, At(now), reasons))?;
        return Ok(());
    }
    tx.prepare_cached("INSERT INTO plan (hash, at, reasons) VALUES (?1, ?2, ?3)")?.execute((hash, At(now), reasons))?;
    let plan = tx.last_insert_rowid();
    // A target that was not seen in this scan is named by the known set, if that has it.
    let mut items = tx.prepare_cached(
        "INSERT OR IGNORE INTO plan_item (plan, type, kind, id, target, target_type, target_id)
         SELECT ?1, item.type, item.kind, item.id, item.target,
                coalesce(seen.type, known.type), coalesce(seen.id, known.id)
         FROM item
         LEFT JOIN scratch.target AS seen ON seen.edge_key = item.target AND item.kind = 2
         LEFT JOIN known ON known.edge_key = item.target AND item.kind = 2",
    )?;
    items.execute([plan])?;
    let mut push = tx.prepare_cached(
        "INSERT INTO plan_pushed (plan, slug, id) SELECT ?1, ?2, id FROM scratch.seen WHERE type = ?3",
    )?;
    pushed.iter().try_for_each(|(slug, type_)| push.execute((plan, slug, type_)).map(drop))?;
    Ok(())
}

/// Drops old plans, but for this one and the one that is held. An approval needs its plan no longer.
fn tidy(tx: &Transaction<'_>, hash: &str, held: Option<&str>, now: Timestamp) -> Result<()> {
    let mut tidy = tx.prepare_cached(
        "DELETE FROM plan
         WHERE (at <= ?3
                OR id NOT IN (SELECT id FROM plan ORDER BY at DESC, id DESC LIMIT ?4)
                OR (EXISTS (SELECT 1 FROM plan_pushed WHERE plan_pushed.plan = plan.id)
                    AND id NOT IN (SELECT id FROM plan ORDER BY at DESC, id DESC LIMIT ?5)))
           AND hash <> ?1
           AND hash IS NOT ?2",
    )?;
    tidy.execute((hash, held, At(now.checked_sub(WEEK).unwrap_or(Timestamp::MIN)), KEPT, KEPT_WITH_PUSHED))?;
    Ok(())
}
