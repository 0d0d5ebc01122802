//! What is said of money: the same everywhere, and as it adds up.

use api::routes::{Access, ROUTES};
use serde_json::Value;

use crate::{
    documents::between,
    template::{self, parsed, same, updating, write},
    workspace::read,
};

const OPERATIONS: &str = "docs/OPERATIONS.md";
/// A day's seconds.
const DAY: f64 = 86_400.0;

/// The columns of the rows of `Dollars per million` in PERFORMANCE.md that are dollars, and their sum.
fn dollars(operation: &str) -> (Vec<f64>, f64) {
    let text = read("docs/PERFORMANCE.md");
    let row = text
        .lines()
        .find(|line| line.starts_with(&format!("| {operation} |")) && line.contains("**"))
        .unwrap_or_else(|| panic!("PERFORMANCE.md has no price of: {operation}"));
    let cells: Vec<_> = row.split('|').map(str::trim).collect();
    let at = cells.iter().position(|cell| cell.starts_with("**"));
    let (parts, rest) = cells.split_at(at.unwrap());
    let number = |cell: &str| cell.trim_matches('*').parse::<f64>().unwrap();
    // Behind the operation, its processor time and what is billed of it.
    let parts = parts.iter().skip(4).map(|cell| number(cell)).collect();
    (parts, number(rest.first().unwrap()))
}

#[test]
fn prices_add_up_and_the_readme_has_the_same() {
    let readme = read("README.md");
    let operations = [
        "client-credentials token",
        "one-item read",
        "native app creation",
    ];
    let [token, read, creation] = operations.map(|operation| {
        let (parts, sum) = dollars(operation);
        let added: f64 = parts.iter().sum();
        assert_eq!(parts.len(), 5, "{operation}: {parts:?}");
        assert!((added - sum).abs() < 0.01, "{operation}: {added} is {sum}");
        sum
    });
    for said in [
        format!("about ${token:.2} a million tokens"),
        format!("| ${token:.2} | Cognito"),
        format!("| ${read:.2} / ${creation:.2} |"),
    ] {
        assert!(readme.contains(&said), "README.md does not say: {said}");
    }
}

/// A whole number below a million, as the documents write it: 5 550.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    match digits.split_at_checked(digits.len().saturating_sub(3)) {
        Some((thousands, rest)) if !thousands.is_empty() => format!("{thousands} {rest}"),
        _ => digits,
    }
}

/// The dearest day: every route at its throttle, at a token's price.
fn worst_day() -> String {
    let template = parsed(template::FILE);
    let rate = |name: &str| {
        let default = template.pointer(&format!("/Parameters/{name}/Default"));
        default.and_then(Value::as_f64).unwrap()
    };
    let (open, other) = (rate("OpenThrottlingRate"), rate("ThrottlingRate"));
    let wants_token = ROUTES
        .iter()
        .filter(|route| matches!(route.access, Access::Scope(..)));
    let wanting = u32::try_from(wants_token.count()).unwrap();
    // And `$default`, which is in no table.
    let free = u32::try_from(ROUTES.len()).unwrap() + 1 - wanting;
    let (_, price) = dollars("client-credentials token");
    let second = f64::from(free) * open + f64::from(wanting) * other;
    let day = |requests: f64| requests * DAY / 1e6;
    format!(
        "**The worst day**, as the throttles stand: {free} routes × {open} + {wanting} routes × {other} = {} requests a\n\
         second × 86 400 s = {:.0} million requests, and at ${price:.2} a million **${:.0}**. An attack on the token endpoint alone\n\
         is {:.1} million, ${:.2} a day.\n",
        grouped(second),
        day(second),
        day(second) * price,
        day(open),
        day(open) * price,
    )
}

/// With `UPDATE_TEMPLATE=1` in the environment it is written instead of compared.
#[test]
fn the_worst_day_is_what_the_throttles_leave() {
    let text = read(OPERATIONS);
    let written = between(&text, "worst-day");
    let (open, close) = ("<!-- worst-day -->\n", "<!-- /worst-day -->");
    let expected = text.replace(
        &format!("{open}{written}{close}"),
        &format!("{open}{}{close}", worst_day()),
    );
    if updating() {
        write(OPERATIONS, &expected);
    } else {
        same(OPERATIONS, &text, &expected);
    }
}
