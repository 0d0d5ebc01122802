//! A clock that jumps: every request is served at any time, and what was written before the jump still holds.

use testkit::{audit::Audit, body};

use crate::{
    requests::{Ask, every},
    world::{Snapshot, World, request},
};

/// Seconds from the tests' own time: ten minutes either way, past the end of 32 bits (2038), signed and not (2106).
const JUMPS: [(&str, i64); 4] = [
    ("ten minutes ahead", 600),
    ("ten minutes back", -600),
    ("2038-01-19T03:14:08Z", 2_147_483_648 - START),
    ("2106-02-07T06:28:16Z", 4_294_967_296 - START),
];
const START: i64 = 1_767_323_045;

/// A new token of the management client.
async fn token(snapshot: &Snapshot, world: &World) -> String {
    let mut asked = request("POST", "/oauth2/token");
    snapshot.authorize(&mut asked, "{management}");
    let media = "application/x-www-form-urlencoded";
    asked.headers.insert("content-type".into(), media.into());
    asked.body = b"grant_type=client_credentials".to_vec();
    let answer = world.send(asked).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    format!("Bearer {}", body(&answer)["access_token"].as_str().unwrap())
}

/// Each request after each jump, or after every `stride`th.
async fn run(stride: usize) -> String {
    let snapshot = Snapshot::take().await;
    let (mut number, mut cases) = (0, 0);
    for ask in every(&snapshot) {
        let clean = ask.send(&snapshot.restore(1).await).await.status;
        for (what, seconds) in JUMPS {
            number += 1;
            if number % stride != 0 {
                continue;
            }
            cases += 1;
            let world = snapshot.restore(1).await;
            world.clock.advance(seconds);
            let mut asked = ask.clone();
            if let Ask::Route(_, request) = &mut asked {
                let held = request.headers.get_mut("authorization");
                if let Some(held) = held.filter(|held| held.starts_with("Bearer")) {
                    *held = token(&snapshot, &world).await;
                }
            }
            let answer = asked.send(&world).await;
            // An assertion is good for minutes, by anybody's clock.
            let over = ask.name().ends_with("assertion") && answer.status == 401;
            let name = ask.name();
            assert!(answer.status == clean || over, "{name}, {what}: {answer:?}");
            Audit::of_structure(&world.engine).assert_sound(&format!("{name}, {what}"));
        }
    }
    format!("{cases} requests after a jump of the clock, each answered as ever.\n")
}

#[tokio::test(start_paused = true)]
async fn a_slice_of_jumps() {
    println!("{}", run(3).await);
}

#[tokio::test(start_paused = true)]
#[ignore = "a campaign: just faults"]
async fn every_request_is_served_after_a_jump() {
    crate::report::section("6 clock", &run(1).await);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_under_a_wrong_clock_holds_under_the_right_one() {
    let snapshot = Snapshot::take().await;
    let creations = every(&snapshot).into_iter().filter(Ask::is_keyed);
    for ask in creations.filter(|ask| ask.name().contains("/v1/applications")) {
        for (ahead, back) in [(600, -600), (-600, 600)] {
            let world = snapshot.restore(3).await;
            world.clock.advance(ahead);
            let mut asked = ask.clone();
            let renew = async |asked: &mut Ask| {
                if let Ask::Route(_, request) = asked {
                    let token = token(&snapshot, &world).await;
                    request.headers.insert("authorization".into(), token);
                }
            };
            renew(&mut asked).await;
            let first = asked.send(&world).await;
            world.clock.advance(back);
            renew(&mut asked).await;
            let second = asked.send(&world).await;
            let name = ask.name();
            assert_eq!(
                (first.status, second.status),
                (201, 201),
                "{name}: {second:?}"
            );
            assert_eq!(first.body, second.body, "{name}: one effect, one answer");
            assert!(world.knows(&second.body).await);
            Audit::of(&world.engine).await.assert_sound(&name);
        }
    }
}
