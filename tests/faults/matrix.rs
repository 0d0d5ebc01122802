//! Every route, every call that it makes, every fault: one success or an honest "later", and a repetition
//! that leaves exactly one effect.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use table::budgets;
use testkit::{Fault, Plan, Then, audit::Audit};

use crate::{
    requests::{Answer, Ask, Run, every},
    state::State,
    world::{Snapshot, World},
};

/// Later than any answer may come: what the process itself needs is not on the paused clock.
const SLACK: Duration = Duration::from_millis(50);

/// What a campaign has seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Faults injected, by kind.
    pub(crate) faults: BTreeMap<Fault, usize>,
    /// Cases: one plan against one request.
    pub(crate) cases: usize,
    /// How many were answered by success, and by 503.
    pub(crate) succeeded: usize,
    pub(crate) later: usize,
    /// Requests, and calls of requests, that were covered.
    pub(crate) asks: BTreeSet<String>,
    pub(crate) calls: BTreeSet<(String, usize, String)>,
}

/// One request and what it does when nothing fails.
struct Clean {
    ask: Ask,
    status: u16,
    base: State,
    done: State,
    calls: Vec<engine::Call>,
}

async fn world(snapshot: &Snapshot, ask: &Ask) -> World {
    let world = snapshot.restore(7).await;
    if matches!(ask, Ask::Run(Run::RotateKeys)) {
        world.clock.advance(domain::key_rotation::PERIOD);
    }
    world
}

impl Clean {
    async fn of(snapshot: &Snapshot, ask: Ask) -> Self {
        let world = world(snapshot, &ask).await;
        let base = State::of(&world);
        let answer = ask.send(&world).await;
        let (_, calls) = world.proxy.stop();
        assert!(answer.status < 300, "{}: {}", ask.name(), answer.body);
        for call in &calls {
            let lagging = call.operation.starts_with("Get")
                || call.operation.starts_with("Batch") && call.operation.contains("Get")
                || call.operation == "Query" && call.index.is_none();
            assert!(call.consistent || !lagging, "{}: {call:?}", ask.name());
        }
        let done = State::of(&world);
        if done != base {
            Audit::of(&world.engine).await.assert_sound(&ask.name());
        }
        Self {
            ask,
            status: answer.status,
            base,
            done,
            calls,
        }
    }

    /// Every plan that fits one of its calls.
    fn plans(&self) -> Vec<Plan> {
        let mut plans = Vec::new();
        for (at, call) in self.calls.iter().enumerate() {
            let plan = |fault, then| Plan {
                at,
                fault,
                then,
                before: call.response.clone(),
            };
            for fault in Fault::ALL.into_iter().filter(|fault| fault.fits(call)) {
                plans.push(plan(fault, Then::Pass));
                plans.push(plan(fault, Then::Burst));
            }
            // Done, but who did it does not know, and is told of another who is in the way.
            if Fault::TransactionConflict.fits(call) {
                let next = Then::Next(Fault::TransactionConflict);
                plans.push(plan(Fault::AnswerDropped, next));
            }
        }
        plans
    }

    /// Meets one plan, and repeats the request if it was not answered by success.
    async fn meet(
        &self,
        snapshot: &Snapshot,
        plan: &Plan,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let world = world(snapshot, &self.ask).await;
        world.proxy.follow(plan.clone());
        let begun = tokio::time::Instant::now();
        let answer = self.ask.send(&world).await;
        let took = begun.elapsed();
        let (injected, _) = world.proxy.stop();
        hold(injected > 0, || "nothing failed".into())?;
        let budget = match self.ask {
            Ask::Route(..) => budgets::REQUEST,
            Ask::Run(_) => budgets::FUNCTION,
        };
        hold(took <= budget + SLACK, || format!("it took {took:?}"))?;
        *tally.faults.entry(plan.fault).or_default() += injected;
        tally.cases += 1;

        let first = State::of(&world);
        let mut last = answer;
        if self.is_success(&last) {
            tally.succeeded += 1;
            // A run of the sweep answers what it could not do, and does it the next time.
            let later = matches!(self.ask, Ask::Run(Run::Sweep)) && first == self.base;
            hold(later || first == self.done, || {
                format!(
                    "a success with another effect: {}",
                    first.unlike(&self.done)
                )
            })?;
        } else {
            tally.later += 1;
            let honest = [429, 503].contains(&last.status) && last.retry_after;
            hold(honest, || format!("answered {last:?}"))?;
            hold(first == self.base || first == self.done, || {
                format!("half done: {}", first.unlike(&self.done))
            })?;
            sound(&world)?;
            last = self.repeat(&world, first == self.done).await?;
        }
        if self.ask.makes_a_secret() {
            let known = world.knows(&last.body).await;
            hold(known, || format!("a secret that no client has: {last:?}"))?;
        }
        sound(&world)
    }

    fn is_success(&self, answer: &Answer) -> bool {
        answer.status == self.status
    }

    /// The same request again, with nothing in its way.
    async fn repeat(&self, world: &World, was_done: bool) -> Result<Answer, String> {
        let again = self.ask.send(world).await;
        let now = State::of(world);
        if self.is_success(&again) {
            let once = if self.ask.is_keyed() || !was_done {
                now == self.done
            } else {
                now.reads_as(&self.done)
            };
            hold(once, || format!("repeated: {}", now.unlike(&self.done)))?;
        } else {
            // Done the first time, and said so: it is gone, granted, or used up.
            let says = [401, 404, 409].contains(&again.status);
            hold(was_done && says && !self.ask.is_keyed(), || {
                format!("repeated: {again:?}")
            })?;
            hold(now == self.done, || {
                "the repetition changed something".into()
            })?;
        }
        Ok(again)
    }
}

fn hold(fact: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if fact { Ok(()) } else { Err(otherwise()) }
}

/// Every item has the state of a run whose items were read one by one; so their relations are left.
fn sound(world: &World) -> Result<(), String> {
    let audit = Audit::of_structure(&world.engine);
    hold(audit.violations.is_empty(), || audit.lines())
}

/// Meets one plan of every `stride`, and one of each kind of fault at least.
pub(crate) async fn run(stride: usize) -> Tally {
    let snapshot = Snapshot::take().await;
    let mut tally = Tally::default();
    let (mut number, mut failures) = (0, Vec::new());
    for ask in every(&snapshot) {
        let clean = Clean::of(&snapshot, ask).await;
        tally.asks.insert(clean.ask.name());
        for plan in clean.plans() {
            number += 1;
            if number % stride != 0 && tally.faults.contains_key(&plan.fault) {
                continue;
            }
            let operation = clean.calls[plan.at].operation.clone();
            tally.calls.insert((clean.ask.name(), plan.at, operation));
            if let Err(why) = clean.meet(&snapshot, &plan, &mut tally).await {
                let Plan {
                    at, fault, then, ..
                } = plan;
                let name = clean.ask.name();
                failures.push(format!("{name}, call {at}, {fault:?}, {then:?}: {why}"));
            }
        }
    }
    let count = failures.len();
    assert!(
        failures.is_empty(),
        "{count} failed:\n{}",
        failures.join("\n")
    );
    tally
}

impl Tally {
    /// As a section of the report.
    pub(crate) fn report(&self) -> String {
        let mut text = format!(
            "{} requests, {} calls of them, {} cases: {} answered by success, {} by 503 with `Retry-After` and \
             then by a repetition with exactly one effect. Lost 0, doubled 0, half done 0.\n\n\
             | fault | injected |\n|---|---|\n",
            self.asks.len(),
            self.calls.len(),
            self.cases,
            self.succeeded,
            self.later,
        );
        for (fault, count) in &self.faults {
            let _ = writeln!(text, "| {fault:?} | {count} |");
        }
        text
    }
}

#[tokio::test(start_paused = true)]
async fn a_slice_of_the_matrix() {
    let tally = run(37).await;
    println!("{}", tally.report());
    assert_eq!(
        tally.faults.len(),
        Fault::ALL.len(),
        "{:?}",
        tally.faults.keys()
    );
    assert!(tally.asks.len() >= api::routes::ROUTES.len());
}

#[tokio::test(start_paused = true)]
#[ignore = "a campaign: just faults"]
async fn the_whole_matrix() {
    crate::report::section("1 matrix", &run(1).await.report());
}
