//! The route table against the functions, the local server and the events.

use std::collections::BTreeSet;

use api::{
    operations::{self, OPERATIONS, Operation},
    routes::{Access, NOWHERE, ROUTES},
};

use crate::workspace::{directories, members, none, place, read, root};

fn routed() -> BTreeSet<&'static str> {
    ROUTES.iter().map(|route| route.operation).collect()
}

#[test]
fn every_operation_is_a_function_of_its_name() {
    let mut faults = Vec::new();
    for operation in OPERATIONS.iter().map(|operation| operation.name) {
        let directory = format!("functions/{operation}");
        let Some(package) = members().iter().find(|m| place(m) == directory) else {
            faults.push(format!("{directory} is no package"));
            continue;
        };
        let binaries: Vec<_> = package.targets.iter().filter(|t| t.is_bin()).collect();
        let [binary] = binaries.as_slice() else {
            faults.push(format!("{directory} has not one binary"));
            continue;
        };
        if package.name != operation || binary.name != operation {
            let (package, binary) = (&package.name, &binary.name);
            faults.push(format!(
                "{directory} is the package {package}, binary {binary}"
            ));
        }
        if binary.test {
            faults.push(format!("{directory}: [[bin]] needs test = false"));
        }
    }
    none(&faults);
}

#[test]
fn every_function_is_an_operation() {
    let known: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
    assert_eq!(directories("functions"), known);
}

#[test]
fn an_operation_has_routes_or_is_invoked() {
    let routed = routed();
    let mut faults: Vec<_> = routed
        .iter()
        .filter(|name| operations::by_name(name).is_none_or(|o| o.schedule.is_some()))
        .map(|name| format!("{name} has routes, but is not in operations.rs or has a schedule"))
        .collect();
    for Operation { name, master, .. } in &OPERATIONS {
        let main = read(format!("functions/{name}/src/main.rs"));
        let serve = match (routed.contains(name), *name) {
            // The only one that opens signing keys at a route.
            (true, "token") => "serve_signer",
            (true, _) => "serve",
            (false, _) => "serve_invocations",
        };
        let with_master = if *master { "_with_master" } else { "" };
        let call = format!("::{serve}{with_master}(");
        if !main.contains(&call) {
            faults.push(format!(
                "functions/{name}/src/main.rs does not call {call}…)"
            ));
        }
    }
    none(&faults);
}

#[test]
fn the_local_server_serves_every_operation() {
    let served: BTreeSet<_> = local::operations::all().into_keys().collect();
    assert_eq!(served, routed());
}

/// A file's name begins with the status that it is answered with. What is public and has no parameter is
/// never refused.
#[test]
fn every_route_has_an_event_that_succeeds_and_one_that_is_refused() {
    let mut seen = BTreeSet::new();
    for operation in routed() {
        for file in std::fs::read_dir(root().join("events").join(operation)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let event: serde_json::Value = read(&path).parse().unwrap();
            let key = event["routeKey"].as_str().unwrap().to_owned();
            seen.insert((key, name[..1].to_owned()));
        }
    }
    let mut faults = Vec::new();
    for route in ROUTES.iter().chain([&NOWHERE]) {
        let refusable = route.access != Access::Public || route.path.contains('{');
        for (class, what, wanted) in [("2", "succeeds", true), ("4", "is refused", refusable)] {
            if wanted && !seen.contains(&(route.key(), class.to_owned())) {
                faults.push(format!("{route:?} has no event that {what}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn every_directory_of_events_is_an_operation() {
    let known = routed();
    let strangers: Vec<_> = directories("events")
        .into_iter()
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    none(&strangers);
}
