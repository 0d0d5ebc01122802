//! What a measurement prints: Markdown for people and documents, JSON for programs.

use std::fmt::{self, Display, Write as _};

use serde::Serialize;

/// A table of figures. The first column is text, the others are aligned to the right.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    title: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// An empty one.
    pub(crate) fn new<'a>(title: &'static str, columns: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            title,
            columns: columns.into_iter().map(str::to_owned).collect(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a line.
    pub(crate) fn row<D: Display>(&mut self, cells: impl IntoIterator<Item = D>) {
        self.rows
            .push(cells.into_iter().map(|cell| cell.to_string()).collect());
    }

    /// Adds a sentence below the table.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Prints it, as Markdown or as JSON.
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    pub(crate) fn print(&self, json: bool) -> serde_json::Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            println!("{self}");
        }
        Ok(())
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        let mut rule = String::from("|---|");
        for _ in self.columns.iter().skip(1) {
            rule.push_str("---:|");
        }
        writeln!(f, "**{}**\n\n{}\n{rule}", self.title, line(&self.columns))?;
        for row in &self.rows {
            writeln!(f, "{}", line(row))?;
        }
        let mut notes = String::new();
        for note in &self.notes {
            write!(notes, "\n* {note}")?;
        }
        if notes.is_empty() {
            return Ok(());
        }
        writeln!(f, "{notes}")
    }
}

/// Says what is under way.
#[expect(clippy::print_stderr, reason = "long runs show their progress")]
pub(crate) fn progress(text: impl Display) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new("Sizes", ["function", "MB"]);
        table.row(["get-app", "4.9"]);
        table.note("stripped");
        assert_eq!(
            table.to_string(),
            "**Sizes**\n\n| function | MB |\n|---|---:|\n| get-app | 4.9 |\n\n* stripped\n"
        );
    }
}
