//! The local server and node `oidc-provider` under the same load, in turn, in one run.

pub(crate) mod generator;
pub(crate) mod server;

use std::time::Duration;

use clap::Args;

use self::{generator::Requests, server::Server};
use crate::{
    Outcome,
    report::{Table, progress},
    stats::{mb, middle, ms, quantile},
};

/// What to measure.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Connections, all of them busy all the time
    #[arg(long, default_values_t = [16, 32])]
    connections: Vec<u64>,
    /// Rounds of each server, in turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of a round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Leave the peer out
    #[arg(long)]
    alone: bool,
}

/// One round of one server.
struct Round {
    per_second: f64,
    p50: Duration,
    p99: Duration,
    cpu_per_request: Duration,
    memory: u64,
}

/// The figures of one server under one load.
struct Figures {
    per_second: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    memory: f64,
}

impl Figures {
    fn of(rounds: &[Round]) -> Self {
        let of = |part: fn(&Round) -> f64| middle(rounds.iter().map(part).collect());
        Self {
            per_second: of(|r| r.per_second),
            p50: of(|r| ms(r.p50)),
            p99: of(|r| ms(r.p99)),
            cpu: of(|r| ms(r.cpu_per_request)),
            memory: of(|r| mb(r.memory)),
        }
    }
}

#[derive(Clone, Copy)]
enum Work {
    Token,
    Registration,
}

impl Work {
    const fn name(self) -> &'static str {
        match self {
            Self::Token => "client-credentials token",
            Self::Registration => "registration",
        }
    }

    fn on(self, server: &Server) -> (&Requests, u16) {
        match self {
            Self::Token => (&server.token, 200),
            Self::Registration => (&server.registration, 201),
        }
    }
}

/// Measures both servers.
pub(crate) async fn run(options: &Options) -> Outcome<Table> {
    let mut servers = vec![Server::roster().await?];
    if !options.alone {
        servers.push(Server::peer().await?);
    }
    let mut table = Table::new(
        "Under load",
        [
            "work",
            "connections",
            "server",
            "requests/s",
            "× peer",
            "p50 ms",
            "p99 ms",
            "CPU ms a request",
            "memory MB",
        ],
    );
    let mut number = 0;
    for work in [Work::Token, Work::Registration] {
        for connections in &options.connections {
            let mut rounds: Vec<Vec<Round>> = servers.iter().map(|_| Vec::new()).collect();
            for at in 0..=options.rounds {
                for (server, rounds) in servers.iter().zip(&mut rounds) {
                    progress(format_args!(
                        "load: {}, {connections} connections, {}",
                        work.name(),
                        server.name
                    ));
                    let seconds = Duration::from_secs(options.seconds);
                    let round = round(server, work, *connections, seconds, number).await?;
                    number += 1;
                    // The first one warms up.
                    if at > 0 {
                        rounds.push(round);
                    }
                }
            }
            let figures: Vec<_> = rounds.iter().map(|rounds| Figures::of(rounds)).collect();
            for (server, figures_of) in servers.iter().zip(&figures) {
                let peer = figures.last().map_or(f64::NAN, |peer| peer.per_second);
                table.row([
                    work.name().to_owned(),
                    connections.to_string(),
                    server.name.clone(),
                    format!("{:.0}", figures_of.per_second),
                    format!("{:.2}", figures_of.per_second / peer),
                    format!("{:.2}", figures_of.p50),
                    format!("{:.2}", figures_of.p99),
                    format!("{:.3}", figures_of.cpu),
                    format!("{:.0}", figures_of.memory),
                ]);
            }
        }
    }
    let (rounds, seconds) = (options.rounds, options.seconds);
    table.note(format!(
        "Medians of {rounds} rounds of {seconds} s each, the servers in turn, behind one round to warm up; server \
         and load generator share the machine's processors."
    ));
    Ok(table)
}

async fn round(
    server: &Server,
    work: Work,
    connections: u64,
    time: Duration,
    number: u64,
) -> Outcome<Round> {
    let (requests, promised) = work.on(server);
    // Every request of a run has a number of its own.
    let from = number * 10_000_000;
    let inner = std::sync::Arc::clone(requests);
    let requests: Requests = std::sync::Arc::new(move |at| inner(from + at));
    let before = server.cpu()?;
    let took = generator::run(server.address, connections, time, promised, &requests).await?;
    let cpu = server.cpu()?.saturating_sub(before);
    let count = u32::try_from(took.len().max(1))?;
    Ok(Round {
        per_second: f64::from(count) / time.as_secs_f64(),
        p50: quantile(&took, 0.5),
        p99: quantile(&took, 0.99),
        cpu_per_request: cpu / count,
        memory: server.memory()?,
    })
}
