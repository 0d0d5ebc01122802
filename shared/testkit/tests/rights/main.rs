//! The matrix of rights, generated: every route that makes or changes a credential or a right, every member
//! that can be set there, every subset of the management scopes that does not suffice, for an app's own
//! client, its sibling and the management application. What a row needs is said in `rows`, apart from the
//! rules of `domain::rights` that it holds them to.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a row that can't be tried has failed"
)]

mod bodies;
mod members;
mod rows;
mod steps;
mod world;

use std::collections::BTreeSet;

use api::routes::{Access, ROUTES};
use domain::scopes::MANAGEMENT;
use rows::{Row, rows};
use world::{Target, Who, World};

/// The scopes of a subset of the management scopes, by its bits.
fn subset(bits: usize) -> Vec<&'static str> {
    let chosen = MANAGEMENT.iter().enumerate();
    let chosen = chosen.filter(|(at, _)| bits & (1 << at) != 0);
    chosen.map(|(_, scope)| *scope).collect()
}

const SUBSETS: usize = 1 << MANAGEMENT.len();

/// The smallest subsets that suffice.
fn smallest(row: &Row, who: Who, target: Target) -> Vec<usize> {
    let enough = |bits: usize| row.suffices(who, target, &subset(bits));
    let all = (0..SUBSETS).filter(|bits| enough(*bits));
    let minimal = |bits: &usize| {
        let one_less = (0..MANAGEMENT.len()).filter(|at| bits & (1 << at) != 0);
        one_less
            .map(|at| bits & !(1 << at))
            .all(|less| !enough(less))
    };
    all.filter(minimal).collect()
}

#[tokio::test]
async fn no_subset_of_scopes_that_does_not_suffice_makes_a_credential_or_a_right() {
    let mut refused = 0;
    let world = World::new().await;
    for who in [Who::Own, Who::Management] {
        let mut tokens = Vec::new();
        for bits in 0..SUBSETS {
            tokens.push(world.token(who, &subset(bits)).await);
        }
        for row in rows() {
            for target in row.targets(who) {
                for (bits, token) in tokens.iter().enumerate() {
                    let scopes = subset(bits);
                    if row.suffices(who, target, &scopes) {
                        continue;
                    }
                    let response = world.send(&row, target, token).await;
                    let at = format!("{who:?} with {scopes:?}: {row:?} at {target:?}");
                    assert_eq!(response.status, 403, "{at}: {}", response.body);
                    assert!(!world.app.recorder.summary().wrote(), "{at}");
                    refused += 1;
                }
            }
        }
    }
    println!("{refused} refused");
    assert!(refused > 20_000);
}

#[tokio::test]
async fn the_smallest_sets_of_scopes_that_suffice_are_let_in() {
    let mut allowed = 0;
    let mut shut_out = Vec::new();
    for who in [Who::Own, Who::Management] {
        for row in rows() {
            for target in row.targets(who) {
                for bits in smallest(&row, who, target) {
                    let world = World::new().await;
                    let token = world.token(who, &subset(bits)).await;
                    let response = world.send(&row, target, &token).await;
                    let stays = response.body.contains("default-client")
                        || response.body.contains("anagement application")
                        || response.body.contains("no such grant");
                    // Let in is also who hears that a default client or the management application stays whole,
                    // or that there is no role to take.
                    let let_in = (200..300).contains(&response.status)
                        || [404, 409, 422].contains(&response.status) && stays;
                    if !let_in {
                        let with = subset(bits);
                        let (status, body) = (response.status, response.body);
                        shut_out.push(format!(
                            "{who:?} with {with:?}: {row:?} at {target:?}: {status} {body}"
                        ));
                    }
                    allowed += 1;
                }
            }
        }
    }
    println!("{allowed} smallest sets tried");
    assert!(shut_out.is_empty(), "{}", shut_out.join("\n"));
}

#[test]
fn every_route_that_writes_has_a_row() {
    let tried: BTreeSet<_> = rows().iter().map(Row::route).collect();
    for route in &ROUTES {
        let reads = route.method == "GET" || route.path.ends_with(".search");
        if matches!(route.access, Access::Scope(..)) && !reads {
            assert!(tried.contains(&route.key()), "{} has no row", route.key());
        }
    }
}
