//! A history: a company's first steps with the program, and what comes after, each life ended by a kill.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    place::{FIRST, How, LATER, Place, RANDOM},
    scene::{Kills, Scene},
};

/// Of each kind in one history.
const FIRST_EACH: usize = 2;
const LATER_EACH: usize = 4;
const RANDOM_EACH: usize = 2;
/// So many in a row come to every place; those of one more begin with chance alone.
pub const FOR_EVERY_PLACE: u64 = 9;

/// What a history came to.
pub struct Lived {
    pub kills: Vec<&'static str>,
    /// How often something was done twice that may be, and how often nobody could tell.
    pub repeated: u64,
    pub unknown: u64,
    pub violation: Option<String>,
}

/// On a runtime of its own: the sandbox goes on while the test waits for a moment without a pause.
pub fn live(seed: u64) -> Lived {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let kills = Kills::default();
    let lived = catch_unwind(AssertUnwindSafe(|| runtime.block_on(history(seed, Kills::clone(&kills)))));
    let violation = lived.as_ref().err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    });
    let (repeated, unknown) = lived.unwrap_or_default();
    let kills = kills.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    Lived { kills, repeated, unknown, violation }
}

/// Those of this history: neighbours have others, and together they have all.
fn some_of(all: &[Place], each: usize, seed: u64) -> Vec<Place> {
    let start = (seed % all.len() as u64) as usize * each;
    (0..each).map(|next| all[(start + next) % all.len()]).collect()
}

async fn history(seed: u64, kills: Kills) -> (u64, u64) {
    let mut scene = Scene::new(seed, kills).await;
    // In pairs, so that the second one can come after the first.
    let pairs = (FIRST.len() / FIRST_EACH) as u64;
    let first = match seed % (pairs + 1) {
        pair if pair < pairs => some_of(&FIRST, FIRST_EACH, pair),
        _ => vec![Place { name: "first: by chance", how: How::Soon }; 4],
    };
    for place in first {
        scene.kill_at(place).await;
    }
    scene.found().await;

    let mut places = some_of(&LATER, LATER_EACH, seed);
    places.extend(some_of(&RANDOM, RANDOM_EACH, seed));
    while !places.is_empty() {
        let place = scene.chance.takes(&mut places);
        let is_named = LATER.iter().any(|one| one.name == place.name);
        // What chance does, it may do to what the last kill has left.
        if is_named || scene.chance.says_yes() {
            scene.put_right().await;
        }
        // A journal of an earlier version knows nothing of tasks that wait.
        if !matches!(place.how, How::OldJournal | How::Migration) {
            scene.change();
        }
        scene.kill_at(place).await;
    }
    scene.end().await
}
