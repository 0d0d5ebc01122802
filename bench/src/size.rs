//! What the binaries weigh: stripped, and zipped as they are uploaded.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;
use flate2::{Compression, write::DeflateEncoder};

use crate::{
    Outcome,
    programs::{self, FLOOR, WITH_MASTER},
    report::Table,
    stats,
};

/// Headers and directory of a zip file with the one member `bootstrap`.
const ZIP_HEADERS: usize = 30 + 46 + 22 + 2 * "bootstrap".len();

/// What to weigh.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Take the programs from this directory instead of building them
    #[arg(long)]
    programs: Option<PathBuf>,
}

/// Weighs every function.
pub(crate) fn run(options: &Options) -> Outcome<Table> {
    let mut names = programs::functions()?;
    names.push(FLOOR.into());
    let directory = programs::directory(options.programs.as_deref(), &names)?;
    let mut table = Table::new(
        "Binaries, stripped",
        ["function", "master secret", "MB", "MB zipped", "× floor"],
    );
    let floor = std::fs::metadata(directory.join(FLOOR))?.len();
    for name in names {
        let (whole, zipped) = sizes(&directory.join(&name))?;
        table.row([
            format!("`{name}`"),
            if WITH_MASTER.contains(&name.as_str()) {
                "yes"
            } else {
                ""
            }
            .to_owned(),
            format!("{:.2}", stats::mb(whole)),
            format!("{:.2}", stats::mb(zipped)),
            format!("{:.2}", stats::mb(whole) / stats::mb(floor)),
        ]);
    }
    Ok(table)
}

fn sizes(program: &Path) -> Outcome<(u64, u64)> {
    let bytes = std::fs::read(program).map_err(|e| format!("{}: {e}", program.display()))?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    let zipped = encoder.finish()?.len() + ZIP_HEADERS;
    Ok((bytes.len().try_into()?, zipped.try_into()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_weighed_plain_and_zipped() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![7; 1_000_000]).unwrap();
        let (whole, zipped) = sizes(file.path()).unwrap();
        assert_eq!(whole, 1_000_000);
        assert!((100..5_000).contains(&zipped), "{zipped}");
    }
}
