//! The fuzz targets over their seeds, and over mutations of them that are the same in every run.
#![allow(clippy::unwrap_used)]

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    time::{Duration, Instant},
};

use bridge_fuzz::{
    Body, TARGETS,
    mutator::{Dice, mutated},
};

/// For how long to go on with each target, where somebody asks for more than the plain run.
const SECONDS: &str = "BRIDGE_FUZZ_SECONDS";
/// Of each seed, unless the time of the target is over before. A slow machine does fewer, and the same ones first.
const MUTATIONS: usize = 3_000;

fn time() -> Duration {
    let seconds = env::var(SECONDS).ok().map(|text| text.parse().expect("a number of seconds"));
    seconds.map_or(Duration::from_millis(1_500), Duration::from_secs)
}

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

/// The seeds of a target, in order of their names.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(corpus().join(target)).unwrap_or_else(|error| panic!("no seeds for {target}: {error}"));
    let mut seeds: Vec<_> = files
        .map(|file| file.unwrap())
        .map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()))
        .collect();
    seeds.sort();
    seeds
}

fn run(target: &str, body: Body, what: &str, data: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(data))) {
        let file = env::temp_dir().join(format!("{target}-broken"));
        fs::write(&file, data).unwrap();
        eprintln!("{target}, {what}: the input stands in {}\n{}", file.display(), data.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}

fn replay(target: &str) {
    let (_, body) = TARGETS.into_iter().find(|(name, _)| *name == target).unwrap();
    let seeds = seeds(target);
    assert!(seeds.len() >= 8, "{target} has {} seeds", seeds.len());
    for (name, data) in &seeds {
        run(target, body, name, data);
    }
    // Round after round, so that each seed gets its share of the time.
    let (began, time) = (Instant::now(), time());
    let mut dice = Dice::new(target.len() as u64);
    for round in 0.. {
        if round >= MUTATIONS && env::var_os(SECONDS).is_none() {
            return;
        }
        for (name, data) in &seeds {
            let (_, other) = &seeds[dice.roll(seeds.len())];
            run(target, body, &format!("{name}, mutation {round}"), &mutated(data, other, &mut dice));
        }
        if began.elapsed() > time {
            eprintln!("{target}: {} mutations of each seed", round + 1);
            return;
        }
    }
}

macro_rules! targets {
    ($($target:ident)*) => {
        $(
            #[test]
            fn $target() {
                replay(stringify!($target));
            }
        )*

        #[test]
        fn every_target_has_its_test_its_file_and_its_seeds() {
            let tested = [$(stringify!($target)),*];
            assert_eq!(tested.to_vec(), TARGETS.map(|(name, _)| name));
            let manifest = fs::read_to_string(corpus().join("../Cargo.toml")).unwrap();
            for name in tested {
                assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is no program of fuzz/");
                let file = corpus().join(format!("../fuzz_targets/{name}.rs"));
                let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                assert!(text.contains(&format!("bridge_fuzz::{name}(data)")), "{name}");
            }
        }
    };
}

targets! {
    answer api_key base_url cron error_body ids journal_values lanes record retry_after sandbox_files settings
    sync_progress task_list task_payload url_building
}
