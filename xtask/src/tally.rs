//! Counting tests from what their runners print.
//!
//! Four runners are understood: cargo's (`test result: ok. 3 passed; 0 failed; …`), Node's with its `spec`
//! reporter (`ℹ pass 3`, `ℹ fail 0`), Python's unittest (`Ran 3 tests in 0.1s`, `FAILED (errors=1)`) and
//! libFuzzer, whose target has passed when it ran for its whole time (`Done 1000 runs in 5 second(s)`).

/// Tests that passed, failed or were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u32,
    /// Tests that failed.
    pub(crate) failed: u32,
    /// Tests that did not run.
    pub(crate) skipped: u32,
}

impl Tally {
    /// Takes one line of a runner's output into account.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += before(result, " passed");
            self.failed += before(result, " failed");
            self.skipped += before(result, " ignored");
        } else if let Some(fact) = line.strip_prefix("ℹ ") {
            self.read_node(fact);
        } else if let Some(run) = line.strip_prefix("Ran ") {
            self.passed += before(run, " test");
        } else if line.starts_with("Done ") && line.ends_with(" second(s)") {
            self.passed += 1;
        } else if let Some(outcome) = line.strip_prefix("FAILED (").or_else(|| line.strip_prefix("OK (")) {
            self.read_unittest(outcome.trim_end_matches(')'));
        }
    }

    /// Adds another count to this one.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// How many tests were counted in all.
    pub(crate) fn total(self) -> u32 {
        self.passed + self.failed + self.skipped
    }

    fn read_node(&mut self, fact: &str) {
        let Some((name, count)) = fact.rsplit_once(' ') else {
            return;
        };
        let Ok(count) = count.parse::<u32>() else {
            return;
        };
        match name {
            "pass" => self.passed += count,
            "fail" | "cancelled" => self.failed += count,
            "skipped" | "todo" => self.skipped += count,
            _ => {}
        }
    }

    /// unittest first gives the number of tests it ran and then how many of these were not successes.
    fn read_unittest(&mut self, outcome: &str) {
        for part in outcome.split(", ") {
            let Some((kind, count)) = part.split_once('=') else {
                continue;
            };
            let count: u32 = count.parse().unwrap_or(0);
            self.passed = self.passed.saturating_sub(count);
            match kind {
                "skipped" | "expected failures" => self.skipped += count,
                _ => self.failed += count,
            }
        }
    }
}

/// The number right before `word`, 0 if there is none.
fn before(text: &str, word: &str) -> u32 {
    text.find(word).and_then(|end| text[..end].rsplit(' ').next()).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn cargo_results_of_several_crates_add_up() {
        let output = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 5 passed; 1 failed; 3 ignored; 0 measured; 0 filtered out; finished in 1s";
        let expected = Tally { passed: 7, failed: 1, skipped: 3 };
        assert_eq!(count(output), expected);
    }

    #[test]
    fn node_counts_cancelled_tests_as_failed() {
        let output = "ℹ tests 9\nℹ suites 2\nℹ pass 6\nℹ fail 1\nℹ cancelled 2\nℹ skipped 0\nℹ duration_ms 12.5";
        let expected = Tally { passed: 6, failed: 3, skipped: 0 };
        assert_eq!(count(output), expected);
    }

    #[test]
    fn unittest_failures_and_errors_are_taken_from_the_tests_it_ran() {
        let output = "Ran 10 tests in 0.532s\n\nFAILED (failures=2, errors=1, skipped=1)";
        let expected = Tally { passed: 6, failed: 3, skipped: 1 };
        assert_eq!(count(output), expected);
    }

    #[test]
    fn a_single_unittest_is_counted() {
        assert_eq!(count("Ran 1 test in 0.1s\n\nOK").passed, 1);
    }

    #[test]
    fn a_fuzz_target_counts_once() {
        assert_eq!(count("#2 INITED\nDone 1325355 runs in 6 second(s)\nstat::peak_rss_mb: 32").passed, 1);
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(count("3 passed\nfailed 2\nRan out of time\n# pass 3"), Tally::default());
    }
}
