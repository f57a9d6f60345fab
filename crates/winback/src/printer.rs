//! The only file that prints: stdout is data, stderr is talk.
//!
//! A command hands its result over twice, as text ([`Printer::data`], [`Printer::table`]) and as JSON
//! ([`Printer::json`]); what the user did not ask for is left out, so that commands need not ask. A reader that goes
//! away (`winback … | head`) ends the output, not the program.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) use winback_table::parted as count;

use crate::error::{self, Result};

/// How the user wants to be spoken to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    result: ResultAs,
    quiet: bool,
    colour: bool,
    bars: bool,
}

/// In which form the result is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResultAs {
    Text,
    Json,
    /// Not at all: the command is a part of another, whose result is wanted.
    Nothing,
}

/// On which side the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A bar or a spinner on stderr; it goes away when dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Printer {
    /// `colour` is what the environment allows; it is used only where stderr is a terminal.
    pub(crate) fn new(json: bool, quiet: bool, colour: bool) -> Self {
        let result = if json { ResultAs::Json } else { ResultAs::Text };
        Self { result, quiet, colour: colour && io::stderr().is_terminal(), bars: true }
    }

    /// The same for a part of a larger command: where JSON is wanted, it is the larger command's.
    pub(crate) fn for_part(self) -> Self {
        match self.result {
            ResultAs::Text => self,
            ResultAs::Json | ResultAs::Nothing => Self { result: ResultAs::Nothing, quiet: true, ..self },
        }
    }

    /// The same without progress bars: for work that nobody waits for.
    pub(crate) fn without_bars(self) -> Self {
        Self { bars: false, ..self }
    }

    /// A line, or lines, of the result, unless JSON is wanted.
    pub(crate) fn data(&self, text: &str) -> Result<()> {
        if self.result == ResultAs::Text { write_line(text) } else { Ok(()) }
    }

    /// A result that is JSON however it is wanted.
    pub(crate) fn result(&self, json: &str) -> Result<()> {
        if self.result == ResultAs::Nothing { Ok(()) } else { write_line(json) }
    }

    /// The result as JSON, if that is wanted.
    pub(crate) fn json(&self, value: &serde_json::Value) -> Result<()> {
        if self.result == ResultAs::Json { write_line(&format!("{value:#}")) } else { Ok(()) }
    }

    /// Rows under a header, as part of the result, unless JSON is wanted. It fits the terminal if there is one.
    pub(crate) fn table(&self, columns: &[(&str, Align)], rows: Vec<Vec<String>>) -> Result<()> {
        self.data(&table(columns, rows))
    }

    /// Talk: what was done, what comes next.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            talk(&harmless(text));
        }
    }

    /// Something the user should look at, though the work was done.
    pub(crate) fn warn(&self, text: &str) {
        talk(&format!("{} {}", self.painted("warning:", "33"), harmless(text)));
    }

    /// The chain of causes, each once, then the hints.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        let said = harmless(&error.to_string());
        let mut lines = vec![format!("{} {said}", self.painted("error:", "31"))];
        for cause in error::each_once(error.chain().map(ToString::to_string)).iter().skip(1) {
            lines.push(format!("  caused by: {}", harmless(cause.trim_end()).replace('\n', "\n  ")));
        }
        let hints = error::hints(error).into_iter();
        lines.extend(hints.map(|hint| format!("{} {}", self.painted("hint:", "36"), harmless(hint))));
        talk(&lines.join("\n"));
    }

    /// Work of `total` units, or of unknown length; hidden where nobody watches.
    pub(crate) fn progress(&self, what: &str, unit: &str, total: Option<u64>) -> Progress {
        if !self.bars || self.quiet || self.result != ResultAs::Text || !io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let template = match total {
            Some(_) => "{msg} {wide_bar} {percent:>3} %  {eta} left".to_owned(),
            None => format!("{{spinner}} {{msg}} {{human_pos}} {unit}"),
        };
        let style = ProgressStyle::with_template(&template).expect("the templates above are well formed");
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr()).with_style(style);
        Progress(bar.with_message(what.to_owned()))
    }

    fn painted(&self, word: &str, colour: &str) -> String {
        if self.colour { format!("\u{1b}[1;{colour}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}

impl Progress {
    /// So many of so many units are done.
    pub(crate) fn set_of(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// So many units are done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// How many characters a line of the terminal holds; nothing where the result goes elsewhere.
pub(crate) fn width() -> Option<u16> {
    Table::new().width()
}

/// Help, version, or what is wrong with the command line, in clap's words.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Help that cannot be printed has no one to complain to.
    let _unread = error.print();
    ExitCode::from(u8::from(error.use_stderr()))
}

/// Counts as a row of blocks, the largest one full; a count of zero stands lower than any other.
pub(crate) fn sparkline(counts: &[u64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = u128::from(counts.iter().copied().max().unwrap_or(0).max(1));
    let block = |count: &u64| BLOCKS[(u128::from(*count) * 7).div_ceil(most) as usize];
    counts.iter().map(block).collect()
}

/// A number as a bar of at most `width`; all bars of a chart share `largest`.
pub(crate) fn bar(value: f64, largest: f64, width: usize) -> String {
    let share = if largest > 0.0 { value.abs() / largest } else { 0.0 };
    "█".repeat(((share * width as f64).round() as usize).min(width))
}

/// The same on either side of a middle: negative numbers to its left.
pub(crate) fn two_sided_bar(value: f64, largest: f64, width: usize) -> String {
    let blocks = bar(value, largest, width);
    if value < 0.0 { format!("{blocks:>width$}│") } else { format!("{:>width$}│{blocks}", "") }
}

/// A part of a whole in percent: `16.1 %`.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

fn table(columns: &[(&str, Align)], rows: Vec<Vec<String>>) -> String {
    let rule = LineStyle::none().fill('─');
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(rule));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|(name, _)| *name));
    table.add_rows(rows);
    for (column, (_, align)) in table.column_iter_mut().zip(columns) {
        if *align == Align::Right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Text from files must not move the cursor or change the colours of a terminal.
fn harmless(text: &str) -> String {
    text.replace(|character: char| character.is_control() && character != '\n', "\u{fffd}")
}

fn write_line(text: &str) -> Result<()> {
    let text = harmless(text);
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

fn talk(text: &str) {
    // Nobody can be told that stderr is gone.
    let _unheard = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_proportions_and_gaps() {
        assert_eq!(sparkline(&[0, 1, 50, 100]), "▁▂▅█");
        assert_eq!(sparkline(&[u64::MAX, 0]), "█▁");
        assert_eq!(sparkline(&[0, 0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn a_part_of_a_whole_is_in_percent() {
        assert_eq!(percent(1627, 10_127), "16.1 %");
        assert_eq!(percent(0, 0), "0.0 %");
    }

    #[test]
    fn what_comes_from_files_cannot_steer_a_terminal() {
        assert_eq!(harmless("a\u{1b}]0;x\u{7}\r\nb"), "a\u{fffd}]0;x\u{fffd}\u{fffd}\nb");
    }

    #[test]
    fn a_table_is_plain_text() {
        let rows = vec![vec!["a".to_owned(), "1".to_owned()], vec!["bb".to_owned(), "22".to_owned()]];
        let text = table(&[("name", Align::Left), ("rows", Align::Right)], rows);
        assert_eq!(text, " name  rows\n────────────\n a        1\n bb      22");
    }
}
