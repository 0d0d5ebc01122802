//! Where campaigns leave what they have counted.

use std::{env, fs, path::Path, str::FromStr};

/// Writes a section of the report, and prints it.
pub(crate) fn section(name: &str, text: &str) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults");
    fs::create_dir_all(&directory).unwrap();
    let (_, title) = name.split_once(' ').unwrap();
    let text = format!("## {title}\n\n{text}");
    fs::write(directory.join(format!("{name}.md")), &text).unwrap();
    println!("{text}");
}

/// How much a campaign is to do: a number in the environment, else `usual`.
pub(crate) fn size<T: FromStr>(name: &str, usual: T) -> T {
    let set = env::var(name).ok().and_then(|text| text.parse().ok());
    set.unwrap_or(usual)
}
