//! Dollars per million of an operation, from what was measured and what AWS publishes.

use std::time::Duration;

use clap::Args;

use crate::{
    Outcome,
    deployment::{Deployment, Wire, events},
    programs,
    report::{Table, progress},
    round_trips::{self, Bill},
    stats::ms,
};

/// Published prices in dollars, us-east-1, the first tier.
mod price {
    /// A million requests through an HTTP API.
    pub(super) const GATEWAY: f64 = 1.00;
    /// A million invocations.
    pub(super) const INVOCATIONS: f64 = 0.20;
    /// A gigabyte-second on arm64.
    pub(super) const COMPUTE: f64 = 0.000_013_333_4;
    /// A million read units.
    pub(super) const READS: f64 = 0.125;
    /// A million write units.
    pub(super) const WRITES: f64 = 0.625;
    /// A gigabyte to the Internet.
    pub(super) const TRANSFER: f64 = 0.09;
    /// A gigabyte of logs taken in.
    pub(super) const LOGS: f64 = 0.50;
    /// A million client-credentials tokens of Amazon Cognito.
    pub(super) const COGNITO_TOKENS: f64 = 2_250.0;
}

/// Memory that comes with a whole processor, in MB.
const WHOLE_CPU: f64 = 1_769.0;
/// Calls measured of each function, behind as many to warm up.
const CALLS: usize = 200;

/// What to assume.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Memory of a function in MB; it gets processor time in proportion
    #[arg(long, default_value_t = 128.0)]
    memory: f64,
    /// Milliseconds that DynamoDB takes to answer one call
    #[arg(long, default_value_t = 5.0)]
    round_trip: f64,
}

/// What one call of a function takes.
struct Measured {
    cpu: Duration,
    /// Bytes of its answer, body and headers.
    answer: f64,
    /// Bytes that it logs.
    log: f64,
}

/// What a million calls cost, in dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Dollars {
    requests: f64,
    compute: f64,
    capacity: f64,
}

impl Dollars {
    fn of(billed_ms: f64, memory: f64, read: f64, write: f64) -> Self {
        let gigabyte_seconds = billed_ms / 1e3 * memory / 1024.0;
        Self {
            requests: price::GATEWAY + price::INVOCATIONS,
            compute: gigabyte_seconds * price::COMPUTE * 1e6,
            capacity: read * price::READS + write * price::WRITES,
        }
    }

    fn sum(self) -> f64 {
        self.requests + self.compute + self.capacity
    }
}

/// Processor time in a function's share of a processor, and its waits, in whole milliseconds.
fn billed(cpu: Duration, memory: f64, waits_ms: f64) -> f64 {
    let share = (memory / WHOLE_CPU).min(1.0);
    (ms(cpu) / share + waits_ms).ceil()
}

/// Prices the three operations that an installation has most of.
pub(crate) async fn run(options: &Options) -> Outcome<Table> {
    let bills = round_trips::bills().await?;
    let mut table = Table::new(
        "Dollars per million",
        [
            "operation",
            "CPU µs",
            "billed ms",
            "API and invocation",
            "compute",
            "DynamoDB",
            "sum",
            "transfer beside",
            "logs beside",
            "Cognito",
        ],
    );
    for (name, pattern, function) in [
        ("one-item read", "app by id", "get-app"),
        ("client-credentials token", "token", "token"),
        ("native app creation", "create an app", "create-app"),
    ] {
        progress(format_args!("cost: {name}"));
        let bill: &Bill = bills
            .iter()
            .find_map(|(of, bill)| (*of == pattern).then_some(bill))
            .ok_or("no such pattern")?;
        let measured = measure(function).await?;
        let trips = u32::try_from(bill.calls.len())?;
        let waits = f64::from(trips) * options.round_trip;
        let billed = billed(measured.cpu, options.memory, waits);
        let dollars = Dollars::of(billed, options.memory, bill.read, bill.write);
        let cognito = if function == "token" {
            format!("{:.0}", price::COGNITO_TOKENS)
        } else {
            "–".into()
        };
        table.row([
            name.to_owned(),
            format!("{:.0}", ms(measured.cpu) * 1e3),
            format!("{billed:.0}"),
            format!("{:.2}", dollars.requests),
            format!("{:.3}", dollars.compute),
            format!("{:.3}", dollars.capacity),
            format!("**{:.2}**", dollars.sum()),
            // A million times so many bytes, in gigabytes.
            format!("{:.3}", measured.answer * 1e6 / 1e9 * price::TRANSFER),
            format!("{:.3}", measured.log * 1e6 / 1e9 * price::LOGS),
            cognito,
        ]);
    }
    table.note(format!(
        "{} MB and so {:.1} % of a processor; processor time as measured here on x86-64, arm64's price; {} ms for \
         each call of DynamoDB. Capacity as counted on the wire. Starts are not in it.",
        options.memory,
        options.memory / WHOLE_CPU * 100.0,
        options.round_trip
    ));
    Ok(table)
}

async fn measure(function: &str) -> Outcome<Measured> {
    let directory = programs::build("release", &[function.to_owned()])?;
    let deployment = Deployment::new(None).await?;
    let mut payloads = Vec::new();
    for number in 0..2 * CALLS {
        payloads.push(events::payload(&deployment, function, number).await?);
    }
    let mut started = deployment
        .start(&directory.join(function), Wire::Tls)
        .await?;
    let mut payloads = payloads.into_iter();
    for payload in payloads.by_ref().take(CALLS) {
        started.invoke(payload).await?;
    }
    let (cpu, logged) = (started.cpu()?, started.log().len());
    let mut answer = 0;
    for payload in payloads {
        answer += started.invoke(payload).await?.body.len();
    }
    let calls = u32::try_from(CALLS)?;
    let per_call =
        |sum: usize| -> Outcome<f64> { Ok(f64::from(u32::try_from(sum)?) / f64::from(calls)) };
    Ok(Measured {
        cpu: started.cpu()?.saturating_sub(cpu) / calls,
        answer: per_call(answer)?,
        log: per_call(started.log().len() - logged)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn a_share_of_a_processor_takes_longer() {
        let cpu = Duration::from_micros(300);
        // 0.3 ms of a processor at 7.2 % are 4.15 ms.
        assert!(close(billed(cpu, 128.0, 5.0), 10.0));
        assert!(close(billed(cpu, 1_769.0, 5.0), 6.0));
        assert!(close(billed(cpu, 10_000.0, 5.0), 6.0));
    }

    #[test]
    fn dollars_add_up() {
        let token = Dollars::of(10.0, 128.0, 1.0, 0.0);
        // 10 ms of an eighth of a gigabyte, a million times: 1 250 GB-s.
        assert!(close(token.compute, 1_250.0 * price::COMPUTE));
        assert!(close(token.requests, 1.2));
        assert!(close(token.capacity, 0.125));
        assert!(close(token.sum(), 1.2 + 0.125 + 0.016_666_75));
        assert!(close(Dollars::of(0.0, 128.0, 0.0, 6.0).capacity, 3.75));
    }
}
