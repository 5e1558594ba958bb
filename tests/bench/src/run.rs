//! The course of a run: round by round, measure by measure, the contenders in turn.

use crate::Failure;
use crate::contender::Contender;
use crate::measure::Measure;
use crate::options::Options;
use crate::table::Table;

/// Measures and prints the table.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let contenders = Contender::all(options);
    let measures = Measure::chosen(options)?;
    let names = contenders.iter().map(|contender| contender.name().to_owned()).collect();
    let mut table = Table::new(names);
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        for measure in &measures {
            take_turns(*measure, round, &contenders, options, &mut table).await?;
        }
    }
    println!("\n{table}");
    Ok(())
}

/// Who goes first changes with the round, so that a machine that warms up or slows down favours nobody.
async fn take_turns(
    measure: Measure,
    round: usize,
    contenders: &[Contender],
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    for turn in 0..contenders.len() {
        let contender = &contenders[(turn + round) % contenders.len()];
        let figures = measure
            .take(contender, options)
            .await
            .map_err(|failure| Failure::new(format!("{}, {measure:?}: {failure}", contender.name())))?;
        for figure in figures {
            println!("  {:<44} {:<12} {:>9.2}", figure.of, contender.name(), figure.value);
            table.add(&figure.of, contender.name(), figure.value);
        }
    }
    Ok(())
}
