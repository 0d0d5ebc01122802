//! What a tenant's size does to a page, a read, a token and a creation: as good as nothing.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    Outcome,
    deployment::{Deployment, rename},
    report::{Table, progress},
    stats::{median, ratio, us},
};

/// What to measure.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Numbers of apps that the tenant grows to, ascending
    #[arg(long, default_values_t = [100, 1_000, 10_000, 100_000])]
    apps: Vec<usize>,
    /// Requests of each kind at each size
    #[arg(long, default_value_t = 500)]
    requests: usize,
}

/// The kinds of requests, in turn: behind each creation the engine remembers nothing of what it read.
const KINDS: [&str; 4] = ["create", "page of 50", "get", "token"];

/// Measures at each size, in this process: handlers, SDK and engine, without a socket.
pub(crate) async fn run(options: &Options) -> Outcome<Table> {
    let deployment = Deployment::new(None).await?;
    let mut made = 0;
    let mut sizes: Vec<(usize, Vec<Duration>)> = Vec::new();
    for &apps in &options.apps {
        while made < apps {
            deployment.make_app(&format!("Filler {made}")).await?;
            made += 1;
            if made % 5_000 == 0 {
                progress(format_args!("scale: {made} apps"));
            }
        }
        progress(format_args!("scale: measuring beside {apps} apps"));
        let mut took = KINDS.map(|_| Vec::new());
        for number in 0..options.requests {
            for (kind, took) in KINDS.iter().zip(&mut took) {
                took.push(request(&deployment, kind, apps + number).await?);
            }
        }
        made += options.requests;
        sizes.push((apps, took.iter().map(|took| median(took)).collect()));
    }
    let mut table = Table::new(
        "Beside how many apps",
        ["apps", "create µs", "page of 50 µs", "get µs", "token µs"],
    );
    for (apps, medians) in &sizes {
        let cells = medians.iter().map(|m| format!("{:.0}", us(*m)));
        table.row([apps.to_string()].into_iter().chain(cells));
    }
    if let (Some((_, first)), Some((_, last))) = (sizes.first(), sizes.last()) {
        let ratios = last
            .iter()
            .zip(first)
            .map(|(l, f)| format!("{:.2}", ratio(*l, *f)));
        table.row(["**last ÷ first**".to_owned()].into_iter().chain(ratios));
    }
    table.note(format!(
        "Medians of {} requests each, in this process: handler, SDK and embedded durable engine.",
        options.requests
    ));
    Ok(table)
}

async fn request(on: &Deployment, kind: &str, number: usize) -> Outcome<Duration> {
    match kind {
        "page of 50" => {
            let fifty = |event: &mut Value| {
                if let Some(event) = event.as_object_mut() {
                    event.insert("rawQueryString".into(), json!("limit=50"));
                }
            };
            on.timed("list-apps/200-first-page", fifty).await
        }
        "get" => on.timed("get-app/200-by-id", |_| {}).await,
        "token" => on.timed("token/200-basic", |_| {}).await,
        _ => {
            let name = format!("Created {number}");
            let named = |event: &mut Value| rename(event, &name);
            on.timed("create-app/201-native", named).await
        }
    }
}
