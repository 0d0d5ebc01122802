//! Who may depend on whom: `domain` ← `table` ← `api` ← `functions/*` ← `local`, and who names AWS.

use cargo_metadata::{DependencyKind, Package};

use crate::workspace::{members, none, place, sources};

/// Crates whose only business is tests; they may use whatever they test.
const OF_TESTS: [&str; 1] = ["tests"];

/// The crates of the workspace that `package` may use in what ships.
fn may_use(package: &Package, other: &Package) -> bool {
    let name = other.name.as_str();
    match place(package) {
        "shared/domain" | "shared/engine" => false,
        "shared/table" => name == "domain",
        "shared/api" => ["domain", "table"].contains(&name),
        "shared/testkit" => ["api", "create-tenant", "domain", "engine", "table"].contains(&name),
        function if function.starts_with("functions/") => {
            ["api", "domain", "table"].contains(&name)
        }
        // The local server serves the functions; programs beside it may use what it is made of.
        _ => !OF_TESTS.contains(&name) && name != "testkit",
    }
}

#[test]
fn arrows_point_inwards() {
    let mut faults = Vec::new();
    for package in members() {
        if OF_TESTS.contains(&package.name.as_str()) {
            continue;
        }
        for dependency in &package.dependencies {
            let ours = members().iter().find(|m| m.name == dependency.name);
            if dependency.kind == DependencyKind::Normal
                && ours.is_some_and(|other| !may_use(package, other))
            {
                faults.push(format!("{} uses {}", place(package), dependency.name));
            }
        }
    }
    none(&faults);
}

/// The crates of the AWS SDK, and what speaks its item types, that `package` may name in what ships.
fn may_name(place: &str, sdk: &str) -> bool {
    match place {
        "shared/table" => true,
        "shared/engine" => sdk.starts_with("aws-smithy-"),
        _ => false,
    }
}

#[test]
fn only_table_names_dynamodb() {
    let mut faults = Vec::new();
    for package in members() {
        for dependency in &package.dependencies {
            let (place, name) = (place(package), dependency.name.as_str());
            let sdk = name.starts_with("aws-") || name == "serde_dynamo";
            let tested_with = dependency.kind == DependencyKind::Development
                && ["shared/engine", "shared/table"].contains(&place);
            if sdk && !tested_with && !may_name(place, name) {
                faults.push(format!("{place} names {name}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn the_embedded_engine_does_not_ship() {
    let mut faults = Vec::new();
    for package in members() {
        let ships = place(package).starts_with("functions/")
            || ["shared/domain", "shared/table", "shared/api"].contains(&place(package));
        for dependency in &package.dependencies {
            let embedded = ["engine", "testkit", "dynoxide-rs"].contains(&dependency.name.as_str());
            if ships && embedded && dependency.kind != DependencyKind::Development {
                faults.push(format!("{} ships {}", place(package), dependency.name));
            }
        }
    }
    none(&faults);
}

/// What ships and stands before the table: it works on what it is given.
fn before_the_table(place: &str) -> bool {
    let places = ["functions/", "shared/domain", "shared/api"];
    places.iter().any(|start| place.starts_with(start))
}

/// A URI that a caller names is text and is never fetched (`docs/SECURITY.md`, lesson 13): what could fetch it is
/// a client of HTTP or a socket, and only `table` has those, for AWS.
#[test]
fn nothing_but_the_table_opens_a_connection() {
    let clients = [
        "curl",
        "hyper",
        "isahc",
        "reqwest",
        "rustls",
        "tokio-rustls",
        "ureq",
    ];
    let mut faults = Vec::new();
    for package in members().iter().filter(|p| before_the_table(place(p))) {
        for dependency in &package.dependencies {
            let client = clients.iter().any(|name| dependency.name.starts_with(name));
            if client && dependency.kind == DependencyKind::Normal {
                faults.push(format!("{} uses {}", place(package), dependency.name));
            }
        }
    }
    for (path, text) in sources() {
        let path = path.display().to_string();
        let socket = ["TcpStream", "UdpSocket", "ToSocketAddrs", "lookup_host"];
        if before_the_table(&path) && socket.iter().any(|name| text.contains(name)) {
            faults.push(format!("{path} names a socket"));
        }
    }
    none(&faults);
}
