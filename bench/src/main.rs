//! Measures what Roster costs: `cargo run --release -p bench -- <what> [--json]`.

mod cold_start;
mod cost;
mod deployment;
mod load;
mod programs;
mod report;
mod round_trips;
mod scale;
mod size;
mod stats;

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};

/// A result, or why there is none.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What Roster costs: start-up, size, round trips, load, scale, money.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Print JSON instead of Markdown
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Start-up, first and warm calls of every function, beside one that does nothing
    ColdStart(cold_start::Options),
    /// Calls and capacity units of every access pattern, counted on the wire
    RoundTrips,
    /// The local server beside node oidc-provider: tokens and registrations
    Load(load::Options),
    /// A page, a read, a token and a creation while a tenant grows
    Scale(scale::Options),
    /// Dollars per million of an operation
    Cost(cost::Options),
    /// Size of every function's program, stripped and zipped
    Size(size::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let table = match &arguments.what {
        What::ColdStart(options) => cold_start::run(options).await,
        What::RoundTrips => round_trips::run().await,
        What::Load(options) => load::run(options).await,
        What::Scale(options) => scale::run(options).await,
        What::Cost(options) => cost::run(options).await,
        What::Size(options) => size::run(options),
    };
    let printed = table.and_then(|table| Ok(table.print(arguments.json)?));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            report::progress(format_args!("bench: {e}"));
            ExitCode::FAILURE
        }
    }
}
