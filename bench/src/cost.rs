//! Dollars per million of an operation, from what was measured and what AWS publishes.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

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

/// The template, which says what the gateway logs of a request.
const TEMPLATE: &str = include_str!("../../template.yaml");
/// What it fills in, of usual length.
const LOGGED: [(&str, &str); 6] = [
    ("$context.requestId", "JKJaXmPLvHcESHA="),
    ("$context.requestTimeEpoch", "1767323045123"),
    ("$context.identity.sourceIp", "203.0.113.200"),
    ("$context.status", "200"),
    ("$context.responseLatency", "12"),
    ("$context.integrationErrorMessage", "-"),
];

/// Memory that comes with a whole processor, in MB.
const WHOLE_CPU: f64 = 1_769.0;
/// Calls measured of each function, behind as many to warm up.
const CALLS: usize = 200;

/// What to assume.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Memory of a function in MB; it gets processor time in proportion
    #[arg(long, default_value_t = 256.0)]
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
    /// Bytes of the lines that it and the gateway log.
    log: f64,
}

/// Bytes of the gateway's line in the access log, by the template's format.
fn access_line(route: &str) -> Outcome<f64> {
    let format = TEMPLATE
        .lines()
        .find_map(|line| line.trim().strip_prefix("Format: '")?.strip_suffix('\''));
    let format = format.ok_or("template.yaml has no format of the access log")?;
    let line = format.replace("$context.routeKey", route);
    let line = LOGGED
        .iter()
        .fold(line, |line, (name, value)| line.replace(name, value));
    if line.contains("$context") {
        return Err(format!("what is usual in {line}").into());
    }
    // And the end of the line.
    Ok(f64::from(u32::try_from(line.len() + 1)?))
}

/// What a million calls cost, in dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Dollars {
    requests: f64,
    compute: f64,
    capacity: f64,
    transfer: f64,
    logs: f64,
}

/// What one call takes of what is paid for.
#[derive(Debug, Clone, Copy)]
struct Taken {
    billed_ms: f64,
    /// Memory of the function in MB.
    memory: f64,
    read_units: f64,
    write_units: f64,
    /// Bytes that leave AWS.
    answer: f64,
    /// Bytes of the log's lines.
    log: f64,
}

impl Dollars {
    fn of(taken: &Taken) -> Self {
        let gigabyte_seconds = taken.billed_ms / 1e3 * taken.memory / 1024.0;
        // A million times so many bytes, in gigabytes.
        let gigabytes = |bytes: f64| bytes * 1e6 / 1e9;
        Self {
            requests: price::GATEWAY + price::INVOCATIONS,
            compute: gigabyte_seconds * price::COMPUTE * 1e6,
            capacity: taken.read_units * price::READS + taken.write_units * price::WRITES,
            transfer: gigabytes(taken.answer) * price::TRANSFER,
            logs: gigabytes(taken.log) * price::LOGS,
        }
    }

    fn sum(self) -> f64 {
        self.requests + self.compute + self.capacity + self.transfer + self.logs
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
            "transfer",
            "logs",
            "sum",
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
        let dollars = Dollars::of(&Taken {
            billed_ms: billed,
            memory: options.memory,
            read_units: bill.read,
            write_units: bill.write,
            answer: measured.answer,
            log: measured.log,
        });
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
            format!("{:.3}", dollars.transfer),
            format!("{:.3}", dollars.logs),
            format!("**{:.2}**", dollars.sum()),
            cognito,
        ]);
    }
    table.note(format!(
        "{} MB and so {:.1} % of a processor; processor time as measured here on x86-64, arm64's price; {} ms for \
         each call of DynamoDB. Capacity as counted on the wire. Logs are the function's line and the gateway's. \
         Starts are not in it.",
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
    let event: Value = serde_json::from_str(payloads.first().ok_or("no events")?)?;
    let route = event
        .get("routeKey")
        .and_then(Value::as_str)
        .ok_or("an event without its route")?;
    let access_line = access_line(route)?;
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
        log: per_call(started.log().len() - logged)? + access_line,
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
        let call = Taken {
            billed_ms: 10.0,
            memory: 128.0,
            read_units: 1.0,
            write_units: 0.0,
            answer: 1_000.0,
            log: 500.0,
        };
        let token = Dollars::of(&call);
        // 10 ms of an eighth of a gigabyte, a million times: 1 250 GB-s.
        assert!(close(token.compute, 1_250.0 * price::COMPUTE));
        assert!(close(token.requests, 1.2));
        assert!(close(token.capacity, 0.125));
        // A gigabyte of answers, half a gigabyte of lines.
        assert!(close(token.transfer, 0.09));
        assert!(close(token.logs, 0.25));
        assert!(close(token.sum(), 1.2 + 0.125 + 0.016_666_75 + 0.09 + 0.25));
        let creation = Taken {
            write_units: 6.0,
            read_units: 0.0,
            ..call
        };
        assert!(close(Dollars::of(&creation).capacity, 3.75));
    }

    #[test]
    fn the_gateways_line_is_as_the_template_has_it() {
        let line = access_line("POST /oauth2/token").unwrap();
        assert!(close(line, 143.0), "{line}");
    }
}
