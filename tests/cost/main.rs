//! The cost guard: for every route, a search for the most expensive request of at most 64 KB, steered by
//! what requests took so far. Every test run has a slice of it that counts memory alone; all of it is
//!
//! ```sh
//! cargo test --profile local -p tests --test cost -- --ignored --nocapture
//! ```
//!
//! which prints the worst that was found of each route and fails above 20 ms of processor time or 16 MB.
//! Both are of the whole way through the dispatcher, the embedded table and the recorder of tests included.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test whose set-up fails has failed"
)]

mod bodies;
mod rows;
mod world;

use std::sync::{Mutex, PoisonError};

use api::{Route, routes::ROUTES};
use peak_alloc::PeakAlloc;

use crate::{
    bodies::{FILLS, Fill, Part},
    rows::Row,
    world::World,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One search at a time: memory is counted for the whole process.
static ALONE: Mutex<()> = Mutex::new(());

const MOST_MS: f64 = 20.0;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What a request took.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    /// Processor time of its thread, in milliseconds.
    ms: f64,
    /// The most memory that was held at once, beyond what was held before, in bytes.
    bytes: usize,
}

/// A request that was tried.
#[derive(Debug, Clone)]
struct Tried {
    parts: Vec<Part>,
    authenticated: bool,
    cost: Cost,
}

/// A small generator of numbers: the search is the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (below.max(1) as u64)).unwrap()
    }
}

const fn part(name: usize, fill: Fill) -> Part {
    Part {
        name,
        fill,
        unit: 3,
        items: 100_000,
        share: 1,
    }
}

/// What the search begins with: each way to fill each name, and pairs that once were expensive.
fn seeds(row: &Row, names: usize) -> Vec<Vec<Part>> {
    let names = 0..row.names.len().min(names);
    let mut seeds: Vec<Vec<Part>> = names
        .flat_map(|name| FILLS.map(|fill| vec![part(name, fill)]))
        .collect();
    // A list, then each of its items is to get another.
    let list = Part {
        items: 150,
        ..part(0, Fill::Objects)
    };
    let values = Part {
        items: 3000,
        ..part(1, Fill::Numbers)
    };
    let short = Part { unit: 1, ..list };
    seeds.push(vec![short, values]);
    let terms = Part {
        items: 100,
        unit: 1,
        share: 2,
        ..part(0, Fill::Filter)
    };
    seeds.push(vec![list, terms]);
    seeds
}

/// Another request like this one.
fn mutated(tried: &Tried, dice: &mut Dice) -> (Vec<Part>, bool) {
    let mut parts = tried.parts.clone();
    let at = dice.roll(parts.len());
    let mut authenticated = tried.authenticated;
    match dice.roll(8) {
        0 => parts[at].name = dice.roll(100),
        1 => parts[at].fill = FILLS[dice.roll(FILLS.len())],
        2 => parts[at].unit = [1, 2, 3, 8, 15, 40, 100, 128, 1000, 2000][dice.roll(10)],
        3 => parts[at].items = [2, 20, 50, 100, 150, 200, 1000, 4000, 100_000][dice.roll(9)],
        4 => parts[at].share = 1 + dice.roll(8),
        5 if parts.len() < 6 => {
            let new = part(dice.roll(100), FILLS[dice.roll(FILLS.len())]);
            parts.insert(at, new);
        }
        6 if parts.len() > 1 => drop(parts.remove(at)),
        _ => authenticated = !authenticated,
    }
    (parts, authenticated)
}

/// The dearest in time, and the dearest in memory.
struct Worst {
    time: Vec<Tried>,
    memory: Vec<Tried>,
}

impl Worst {
    const KEPT: usize = 5;

    fn add(&mut self, tried: Tried) {
        self.time.push(tried.clone());
        self.time.sort_by(|a, b| b.cost.ms.total_cmp(&a.cost.ms));
        self.time.truncate(Self::KEPT);
        self.memory.push(tried);
        self.memory
            .sort_by_key(|tried| std::cmp::Reverse(tried.cost.bytes));
        self.memory.truncate(Self::KEPT);
    }

    fn pick(&self, dice: &mut Dice) -> Tried {
        let list = if dice.roll(2) == 0 {
            &self.time
        } else {
            &self.memory
        };
        list[dice.roll(list.len())].clone()
    }
}

async fn searched(route: &'static Route, names: usize, rounds: usize) -> Worst {
    let row = rows::of(route).unwrap();
    let world = World::new().await;
    let mut worst = Worst {
        time: Vec::new(),
        memory: Vec::new(),
    };
    // The first request reads keys and callers that later ones remember.
    world.cost(route, &row, &[part(0, Fill::Text)], true).await;
    for parts in seeds(&row, names) {
        let cost = world.cost(route, &row, &parts, true).await;
        worst.add(Tried {
            parts,
            authenticated: true,
            cost,
        });
    }
    let mut dice = Dice(1);
    for _ in 0..rounds {
        let (parts, authenticated) = mutated(&worst.pick(&mut dice), &mut dice);
        let cost = world.cost(route, &row, &parts, authenticated).await;
        worst.add(Tried {
            parts,
            authenticated,
            cost,
        });
    }
    // Another process may have been in the way: the least of five counts.
    for tried in &mut worst.time {
        for _ in 0..5 {
            let again = world
                .cost(route, &row, &tried.parts, tried.authenticated)
                .await;
            tried.cost.ms = tried.cost.ms.min(again.ms);
        }
    }
    worst.time.sort_by(|a, b| b.cost.ms.total_cmp(&a.cost.ms));
    worst
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(work)
}

#[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
fn mb(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[test]
fn every_route_has_a_row() {
    let lacking: Vec<_> = ROUTES.iter().filter(|r| rows::of(r).is_none()).collect();
    assert!(lacking.is_empty(), "tests/cost/rows.rs lacks {lacking:?}");
}

/// Lessons 52 and 53, as far as memory shows them; the other test looks at time as well.
#[test]
fn no_request_takes_more_than_16_megabytes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut dear = Vec::new();
    for route in &ROUTES {
        let worst = block_on(searched(route, 2, 10));
        let most = &worst.memory[0];
        if most.cost.bytes > MOST_BYTES {
            dear.push(format!(
                "{route:?}: {:.1} MB by {most:?}",
                mb(most.cost.bytes)
            ));
        }
    }
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}

#[test]
#[ignore = "takes minutes, and a build that is optimised"]
fn the_dearest_request_of_each_route_costs_at_most_20_ms_and_16_megabytes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    println!("| route | ms | MB |\n|---|---|---|");
    let mut dear = Vec::new();
    for route in &ROUTES {
        let worst = block_on(searched(route, 100, 400));
        let (time, memory) = (&worst.time[0], &worst.memory[0]);
        println!(
            "| `{route:?}` | {:.2} | {:.2} |",
            time.cost.ms,
            mb(memory.cost.bytes)
        );
        if time.cost.ms > MOST_MS || memory.cost.bytes > MOST_BYTES {
            dear.push(format!("{route:?}:\n  {time:?}\n  {memory:?}"));
        }
    }
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}
