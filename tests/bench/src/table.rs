//! Medians, and ratios to the floor.

use std::fmt;

/// All figures of a run.
pub(crate) struct Table {
    contenders: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    of: String,
    // One list for each contender.
    values: Vec<Vec<f64>>,
}

impl Table {
    /// A table for the given contenders, the one that others are compared to first.
    pub(crate) fn new(contenders: Vec<String>) -> Self {
        Self { contenders, rows: Vec::new() }
    }

    /// Adds a figure.
    pub(crate) fn add(&mut self, of: &str, contender: &str, value: f64) {
        let Some(column) = self.contenders.iter().position(|name| name == contender) else {
            return;
        };
        let known = self.rows.iter().position(|row| row.of == of);
        let row = known.unwrap_or_else(|| {
            self.rows.push(Row { of: of.to_owned(), values: vec![Vec::new(); self.contenders.len()] });
            self.rows.len() - 1
        });
        self.rows[row].values[column].push(value);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:<44}", "median (least - most)")?;
        for name in &self.contenders {
            write!(formatter, " {name:>24}")?;
        }
        for name in self.contenders.iter().skip(1) {
            write!(formatter, " {:>18}", format!("{name} / {}", self.contenders[0]))?;
        }
        writeln!(formatter)?;
        for row in &self.rows {
            write!(formatter, "{:<44}", row.of)?;
            let medians: Vec<Option<f64>> = row.values.iter().map(|values| median(values)).collect();
            for (values, median) in row.values.iter().zip(&medians) {
                write!(formatter, " {:>24}", spread(values, *median))?;
            }
            let floor = medians.first().copied().flatten();
            for median in medians.iter().skip(1) {
                let ratio = median.zip(floor).map(|(value, floor)| value / floor);
                let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
                write!(formatter, " {ratio:>18}")?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

fn spread(values: &[f64], median: Option<f64>) -> String {
    let Some(median) = median else {
        return "-".to_owned();
    };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{median:.2} ({least:.2} - {most:.2})")
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted.get(middle).copied()
    } else {
        Some((sorted.get(middle.checked_sub(1)?)? + sorted.get(middle)?) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_row_shows_the_ratio_to_the_floor() {
        let mut table = Table::new(vec!["floor".to_owned(), "other".to_owned()]);
        for (contender, value) in [("floor", 2.0), ("other", 3.0), ("floor", 2.0), ("other", 5.0)] {
            table.add("something", contender, value);
        }
        let text = table.to_string();
        let row = text.lines().nth(1).unwrap();
        assert!(row.contains("4.00 (3.00 - 5.00)"), "{row}");
        assert!(row.trim_end().ends_with("2.00"), "{row}");
    }
}
