//! Sweeps: a test that measures a limit prints what it measured as a table, then asserts it.

use std::fmt;

/// A table with a title, named columns and rows of text; columns line up to the right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(title: &str, columns: &[&str]) -> Self {
        Self { title: title.to_owned(), rows: vec![columns.iter().map(|&c| c.to_owned()).collect()] }
    }

    /// Appends a row.
    pub fn row(&mut self, cells: &[&dyn fmt::Display]) {
        self.rows.push(cells.iter().map(ToString::to_string).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| self.rows.iter().filter_map(|r| r.get(c)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        writeln!(f, "{}", self.title)?;
        for row in &self.rows {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "  {cell:>width$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn lines_up() {
        let mut table = Table::new("Twist", &["twist dB", "found"]);
        table.row(&[&4, &format!("{:.1} %", 100.0)]);
        table.row(&[&-12.5, &0]);
        assert_eq!(table.to_string(), "Twist\n  twist dB    found\n         4  100.0 %\n     -12.5        0\n");
    }
}
