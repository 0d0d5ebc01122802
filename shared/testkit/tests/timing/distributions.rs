//! The time of every case, as distributions.

use std::{hint::black_box, time::Instant};

use api::{Registry, dispatch, registry::REFUSAL_STEP};
use futures_util::future::join_all;
use table::{Table, connect};

use crate::cases::{Case, ENDPOINTS, Ground, handler};

/// How often each case is sent, in each of its two samples.
const TRIES: usize = 10_000;
const WARM_UP: usize = 500;

#[tokio::test]
#[ignore = "a measurement of a minute, for an idle machine and an optimised build"]
async fn without_steps_the_time_of_a_refusal_tells_so_much() {
    let ground = Ground::new().await;
    let engine = connect::embedded(ground.app.engine.unobserved().http_client()).unwrap();
    let mut registry = ground.app.registry.clone();
    registry.table = Table::new(engine, "roster");
    println!("\n## embedded engine, without steps, {TRIES} tries a case\n");
    report(
        &ground.cases,
        &measure(&registry, &ground.cases, 1, TRIES).await,
    );
}

// What callers can measure, for functions and the local server answer refusals in steps of time.
#[tokio::test]
#[ignore = "a measurement of some minutes, for an optimised build"]
async fn in_steps_no_case_is_told_apart_better_than_by_one_percent() {
    const AT_ONCE: usize = 64;
    let ground = Ground::new().await;
    let engine = connect::embedded(ground.app.engine.unobserved().http_client()).unwrap();
    let mut registry = ground.app.registry.clone();
    registry.table = Table::new(engine, "roster");
    let registry = registry.refusing_in_steps_of(REFUSAL_STEP);
    let (registry, cases) = (&registry, &ground.cases);
    let rounds = TRIES.div_ceil(AT_ONCE);
    let parts = (1..=AT_ONCE).map(|seed| measure(registry, cases, seed as u64, rounds));
    let mut samples = vec![[Vec::new(), Vec::new()]; cases.len()];
    for part in join_all(parts).await {
        for (all, part) in samples.iter_mut().flatten().zip(part.into_iter().flatten()) {
            all.extend(part);
        }
    }
    samples.iter_mut().flatten().for_each(|s| s.sort_unstable());
    println!("\n## embedded engine, in steps, {TRIES} tries a case\n");
    let worst = report(cases, &samples);
    assert!(worst < 1.0, "{worst:.2} % beyond the noise");
}

/// Two samples of each case, in nanoseconds, sorted; all tries in random order.
async fn measure(
    registry: &Registry,
    cases: &[Case],
    seed: u64,
    rounds: usize,
) -> Vec<[Vec<u64>; 2]> {
    let endpoint = ENDPOINTS[0];
    let handler = handler(endpoint.0);
    let mut samples = vec![[Vec::new(), Vec::new()]; cases.len()];
    let mut order: Vec<_> = (0..cases.len() * 2).collect();
    let mut random = Random(seed);
    let warm_up = WARM_UP.min(rounds / 20);
    for round in 0..warm_up + rounds {
        random.shuffle(&mut order);
        for at in &order {
            let (case, sample) = (at / 2, at % 2);
            let request = cases[case].request(endpoint);
            let started = Instant::now();
            let answer = black_box(dispatch(registry, &handler, request).await);
            let took = started.elapsed();
            assert_eq!(answer.status, 401);
            if round >= warm_up {
                samples[case][sample].push(u64::try_from(took.as_nanos()).unwrap());
            }
        }
    }
    samples.iter_mut().flatten().for_each(|s| s.sort_unstable());
    samples
}

fn report(cases: &[Case], samples: &[[Vec<u64>; 2]]) -> f64 {
    println!(
        "| kind | case | median µs | another case | median µs | told apart | noise | beyond |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut worst: f64 = 0.0;
    for (a, case) in cases.iter().enumerate() {
        for (b, other) in cases.iter().enumerate().skip(a + 1) {
            if case.kind != other.kind {
                continue;
            }
            let told = advantage(&samples[a][0], &samples[b][0]);
            let same = |at: usize| advantage(&samples[at][0], &samples[at][1]);
            let noise = same(a).max(same(b));
            let beyond = (told - noise).max(0.0);
            worst = worst.max(beyond);
            println!(
                "| {:?} | {} | {:.2} | {} | {:.2} | {told:.2} % | {noise:.2} % | {beyond:.2} % |",
                case.kind,
                case.name,
                median(&samples[a][0]),
                other.name,
                median(&samples[b][0]),
            );
        }
    }
    println!("\ntold apart by at most {worst:.2} % beyond the noise");
    worst
}

/// By how much the best threshold tells two sorted samples of one length apart, in percent.
fn advantage(a: &[u64], b: &[u64]) -> f64 {
    let below = |sample: &[u64], t: u64| sample.partition_point(|took| *took < t);
    let difference = |t: &u64| below(a, *t).abs_diff(below(b, *t));
    let most = a.iter().chain(b).map(difference).max().unwrap_or_default();
    100.0 * number(most) / number(a.len())
}

/// In microseconds.
fn median(sample: &[u64]) -> f64 {
    number(usize::try_from(sample[sample.len() / 2]).unwrap()) / 1000.0
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let any = usize::try_from((z ^ (z >> 31)) >> 1).unwrap();
            order.swap(last, any % (last + 1));
        }
    }
}

#[test]
fn the_best_threshold_is_found() {
    assert_eq!(number(4).to_bits(), 4.0_f64.to_bits());
    let told = |a: &[u64], b: &[u64]| format!("{:.0}", advantage(a, b));
    assert_eq!(told(&[1, 2, 3, 4], &[1, 2, 3, 4]), "0");
    assert_eq!(told(&[1, 2, 3, 4], &[5, 6, 7, 8]), "100");
    assert_eq!(told(&[1, 2, 3, 9], &[3, 7, 8, 9]), "50");
}
