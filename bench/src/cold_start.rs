//! How long a function takes to be ready, to answer first and to answer later, beside one that does nothing.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::Value;

use crate::{
    Outcome,
    deployment::{Deployment, Wire, events, function::Function},
    programs::{self, FLOOR},
    report::{Table, progress},
    stats::{mb, median, middle, ms, quantile, ratio, us},
};

/// Calls before the warm ones are counted.
const WARM_UP: usize = 20;

/// Calls whose processor time is read together. The median over such parts is the figure: whatever else
/// runs on the machine slows some of them down, by the caches that are shared.
const PART: usize = 50;

/// What these do is to read the signing keys, and change them.
const ABOUT_KEYS: [&str; 2] = ["create-tenant", "rotate-keys"];

/// What to measure.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Starts of each program
    #[arg(long, default_value_t = 20)]
    runs: usize,
    /// Warm calls of each program
    #[arg(long, default_value_t = 1_000)]
    calls: usize,
    /// Take the programs from this directory instead of building them
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Functions to measure; all of them when none is named
    functions: Vec<String>,
}

/// What was measured of one program.
pub(crate) struct Figures {
    /// From spawn to the first request for an event, with AWS reached without TLS and a name's look-up.
    plain: Vec<Duration>,
    /// The same with TLS.
    tls: Vec<Duration>,
    /// The first invocation, over the connection that INIT opened.
    first: Vec<Duration>,
    /// Later invocations.
    warm: Vec<Duration>,
    /// Processor time of one of those.
    pub(crate) cpu: Duration,
    /// The most memory held, in bytes.
    pub(crate) peak: u64,
    /// Connections opened and key sets read while events were handled.
    loads: usize,
}

/// Measures the functions asked for, each in turn with the floor.
pub(crate) async fn run(options: &Options) -> Outcome<Table> {
    let mut names = options.functions.clone();
    if names.is_empty() {
        names = programs::functions()?;
    }
    let mut packages = names.clone();
    packages.push(FLOOR.into());
    let directory = programs::directory(options.programs.as_deref(), &packages)?;
    let mut table = Table::new(
        "Start-up and warm calls",
        [
            "function",
            "spawn → `/next` ms",
            "× floor",
            "with TLS ms",
            "first call ms",
            "p50 ms",
            "p99 ms",
            "CPU µs",
            "peak MB",
            "× floor",
            "loads",
        ],
    );
    let mut floors = Vec::new();
    for name in names {
        let (floor, own) = measure(&directory, &name, options).await?;
        table.row(line(&name, &own, &floor));
        floors.push(floor);
    }
    let of = |part: fn(&Figures) -> f64| middle(floors.iter().map(part).collect());
    table.row([
        format!("`{FLOOR}`"),
        format!("{:.2}", of(|f| ms(median(&f.plain)))),
        "1".into(),
        String::new(),
        format!("{:.2}", of(|f| ms(median(&f.first)))),
        format!("{:.2}", of(|f| ms(median(&f.warm)))),
        format!("{:.2}", of(|f| ms(quantile(&f.warm, 0.99)))),
        format!("{:.0}", of(|f| us(f.cpu))),
        format!("{:.1}", of(|f| mb(f.peak))),
        "1".into(),
        String::new(),
    ]);
    let (runs, calls) = (options.runs, options.calls);
    table.note(format!(
        "Medians of {runs} starts, each in turn with one of the floor; {calls} warm calls. `spawn → /next` has \
         AWS's connections without TLS and name, but what INIT reads through them; the first call uses the \
         connection that INIT opened."
    ));
    table.note(format!(
        "Loads: connections opened while events were handled, and key sets read, which is the very work of \
         {}.",
        ABOUT_KEYS.map(|name| format!("`{name}`")).join(" and ")
    ));
    Ok(table)
}

fn line(name: &str, own: &Figures, floor: &Figures) -> [String; 11] {
    let init = median(&own.plain);
    [
        format!("`{name}`"),
        format!("{:.2}", ms(init)),
        format!("{:.2}", ratio(init, median(&floor.plain))),
        format!("{:.2}", ms(median(&own.tls))),
        format!("{:.2}", ms(median(&own.first))),
        format!("{:.2}", ms(median(&own.warm))),
        format!("{:.2}", ms(quantile(&own.warm, 0.99))),
        format!("{:.0}", us(own.cpu)),
        format!("{:.1}", mb(own.peak)),
        format!("{:.2}", mb(own.peak) / mb(floor.peak)),
        own.loads.to_string(),
    ]
}

/// Measures one function in turn with the floor: the floor's figures and its own.
async fn measure(directory: &Path, name: &str, options: &Options) -> Outcome<(Figures, Figures)> {
    progress(format_args!("cold-start: {name}"));
    let deployment = Deployment::new(None).await?;
    let (mut floor, mut own) = (Figures::new(), Figures::new());
    let any = deployment.event("get-app/200-by-id")?.to_string();
    for number in 0..options.runs {
        let mut idle = deployment
            .start(&directory.join(FLOOR), Wire::Plain)
            .await?;
        floor.plain.push(idle.init);
        floor.first.push(idle.invoke(any.clone()).await?.took);
        let program = directory.join(name);
        // Once before, so that the stand-in answers what INIT reads from its memory: its own time is not ours.
        drop(deployment.start(&program, Wire::Plain).await?);
        let started = deployment.start(&program, Wire::Plain).await?;
        own.plain.push(started.init);
        drop(started);
        let mut started = deployment.start(&program, Wire::Tls).await?;
        own.tls.push(started.init);
        let payload = events::payload(&deployment, name, number).await?;
        own.first.push(call(&mut started, name, payload).await?);
    }
    let same = vec![any; WARM_UP + options.calls];
    let idle = deployment
        .start(&directory.join(FLOOR), Wire::Plain)
        .await?;
    floor.warm(idle, FLOOR, same).await?;
    let mut payloads = Vec::new();
    for number in 0..WARM_UP + options.calls {
        payloads.push(events::payload(&deployment, name, options.runs + number).await?);
    }
    let started = deployment.start(&directory.join(name), Wire::Tls).await?;
    let connections = deployment.aws.connections();
    deployment.aws.take_calls();
    own.warm(started, name, payloads).await?;
    let calls = deployment.aws.take_calls();
    let keys = calls.iter().filter(|call| *call == "Query SIGNING_KEYS");
    let keys = keys.filter(|_| !ABOUT_KEYS.contains(&name));
    own.loads = deployment.aws.connections() - connections + keys.count();
    Ok((floor, own))
}

impl Figures {
    const fn new() -> Self {
        Self {
            plain: Vec::new(),
            tls: Vec::new(),
            first: Vec::new(),
            warm: Vec::new(),
            cpu: Duration::ZERO,
            peak: 0,
            loads: 0,
        }
    }

    /// Calls it again and again.
    async fn warm(&mut self, mut on: Function, name: &str, payloads: Vec<String>) -> Outcome<()> {
        let mut payloads = payloads.into_iter();
        for payload in payloads.by_ref().take(WARM_UP) {
            call(&mut on, name, payload).await?;
        }
        let mut spent = Vec::new();
        let mut payloads = payloads.peekable();
        while payloads.peek().is_some() {
            let before = on.cpu()?;
            let mut calls = 0;
            for payload in payloads.by_ref().take(PART) {
                self.warm.push(call(&mut on, name, payload).await?);
                calls += 1;
            }
            spent.push(on.cpu()?.saturating_sub(before) / calls);
        }
        self.cpu = median(&spent);
        self.peak = on.peak_memory()?;
        Ok(())
    }
}

/// One invocation that is answered as it should be.
async fn call(on: &mut Function, name: &str, payload: String) -> Outcome<Duration> {
    let done = on.invoke(payload).await?;
    if let Some((_, promised)) = events::of(name) {
        let answer: Value = serde_json::from_slice(&done.body)?;
        if answer.get("statusCode").and_then(Value::as_u64) != Some(promised.into()) {
            return Err(format!("{name} answered {answer}; {}", on.log()).into());
        }
    }
    Ok(done.took)
}
