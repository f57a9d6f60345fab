//! Rules about single calls: the clock, the environment, chance, `unsafe`, printing, tests left out, inexact
//! floats.
//!
//! Each ban is a row of `BANS`. A line that must break one carries the reason, on itself or just above:
//! `// tidy: allow <rule> because <reason>`. An allowance that allows nothing is itself a violation, so none
//! outlives its cause. What is matched is code only: words in comments and strings mean nothing.

use super::Violation;
use super::source::Source;

/// Crates whose results must depend on their arguments alone.
const PURE: &[&str] = &["table", "learn", "retain", "simulate"];
/// Crates whose numbers must be the same on every machine.
const NUMERIC: &[&str] = &["learn", "retain", "simulate"];

/// Where a ban holds.
enum Place {
    /// Every file.
    Everywhere,
    /// In these crates.
    In(&'static [&'static str]),
    /// In all but these crates and files; a path with a `/` in front is the end of a file's path.
    Except(&'static [&'static str]),
}

/// How the banned thing looks in code.
enum Form {
    /// Names and calls, matched as whole words.
    Words(&'static [&'static str]),
    /// Methods of floats, called (`x.ln()`) or passed on (`map(f64::ln)`).
    FloatMethods(&'static [&'static str]),
}

struct Ban {
    rule: &'static str,
    place: Place,
    /// Whether the ban holds in test code too.
    in_tests: bool,
    looks_like: Form,
    /// Why, and what to do instead.
    remedy: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        rule: "clock",
        place: Place::In(PURE),
        in_tests: true,
        looks_like: Form::Words(&["SystemTime", "Instant", "Timestamp::now", "Zoned::now"]),
        remedy: "the result would depend on when it runs; take the time as an argument",
    },
    Ban {
        rule: "environment",
        place: Place::In(PURE),
        // Tests look there for real data and for the file of skips.
        in_tests: false,
        looks_like: Form::Words(&[
            "std::env",
            "env::var",
            "env::var_os",
            "env::args",
            "env::temp_dir",
            "env::current_dir",
        ]),
        remedy: "the result would depend on the machine; take the setting as an argument",
    },
    Ban {
        rule: "randomness",
        place: Place::In(PURE),
        in_tests: true,
        looks_like: Form::Words(&[
            "thread_rng",
            "rand::rng",
            "rand::random",
            "getrandom",
            "OsRng",
            "SysRng",
            "from_os_rng",
            "from_entropy",
        ]),
        remedy: "the result could not be repeated; take a seed as an argument",
    },
    Ban {
        rule: "unsafe",
        place: Place::Except(&["kernels"]),
        in_tests: true,
        looks_like: Form::Words(&["unsafe"]),
        remedy: "only `winback-kernels` may; use a safe function, or put a kernel there",
    },
    Ban {
        rule: "print",
        // A build script speaks to cargo by printing.
        place: Place::Except(&["xtask", "benches", "/winback/src/printer.rs", "/build.rs"]),
        in_tests: true,
        looks_like: Form::Words(&["println!", "eprintln!", "print!", "eprint!"]),
        remedy: "only `printer.rs` of the binary prints; return the text, or hand over a printer",
    },
    Ban {
        rule: "left-out",
        place: Place::Everywhere,
        in_tests: true,
        looks_like: Form::Words(&["#[ignore", "should_panic", "todo!", "unimplemented!"]),
        remedy: "finish it, check the error, or let the test skip itself through `WINBACK_SKIPS`",
    },
    Ban {
        rule: "float",
        place: Place::In(NUMERIC),
        in_tests: true,
        looks_like: Form::FloatMethods(&[
            "exp", "exp2", "exp_m1", "ln", "ln_1p", "log", "log2", "log10", "powf", "powi", "cbrt", "hypot",
            "sin", "cos", "tan", "sin_cos", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
        ]),
        remedy: "its last digit differs between platforms; use `libm`, or multiply for a whole power",
    },
];

const ALLOWANCE: &str = "// tidy: allow ";

pub(super) fn check(source: &Source) -> Vec<Violation> {
    let first_test_line = if source.is_test_file() { 0 } else { source.lines_before_tests() };
    let allowances = Allowances::read(source);
    let mut violations = allowances.broken.clone();
    let mut used = Vec::new();
    for ban in BANS.iter().filter(|ban| ban.place.covers(source)) {
        for (line_idx, line) in source.lines.iter().enumerate() {
            if !ban.in_tests && first_test_line <= line_idx {
                break;
            }
            let Some(word) = ban.looks_like.find(&line.code) else { continue };
            if let Some(allowance) = allowances.find(ban.rule, line_idx) {
                used.push(allowance);
                continue;
            }
            violations.push((line_idx, ban.rule, format!("`{word}` is banned here: {}", ban.remedy)));
        }
    }
    for (allowance_idx, (line_idx, rule)) in allowances.rows.iter().enumerate() {
        if !used.contains(&allowance_idx) {
            let message = format!("nothing breaks the rule `{rule}` here; remove the comment");
            violations.push((*line_idx, "allowance", message));
        }
    }
    violations
        .into_iter()
        .map(|(line_idx, rule, message)| Violation {
            path: source.path.clone(),
            line: line_idx + 1,
            rule,
            message,
        })
        .collect()
}

impl Place {
    fn covers(&self, source: &Source) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(rooms) => rooms.contains(&source.room.as_str()),
            Self::Except(places) => !places.iter().any(|place| {
                source.room == *place || (place.starts_with('/') && source.path.ends_with(place))
            }),
        }
    }
}

impl Form {
    /// The banned thing that stands in this code, as one would call it.
    fn find(&self, code: &str) -> Option<String> {
        match self {
            Self::Words(words) => {
                words.iter().find(|word| contains_word(code, word)).map(|word| (*word).to_owned())
            }
            Self::FloatMethods(names) => names.iter().find_map(|name| {
                let forms = [format!(".{name}("), format!("f64::{name}"), format!("f32::{name}")];
                forms.into_iter().find(|form| contains_word(code, form))
            }),
        }
    }
}

/// The comments of one file that allow something.
#[derive(Default)]
struct Allowances {
    /// Line index and rule.
    rows: Vec<(usize, &'static str)>,
    /// Comments that cannot be understood: line index, rule, message.
    broken: Vec<(usize, &'static str, String)>,
    /// Whether a line has no code: then its comment speaks of the line below.
    is_bare: Vec<bool>,
}

impl Allowances {
    fn read(source: &Source) -> Self {
        let mut allowances = Self::default();
        for (line_idx, line) in source.lines.iter().enumerate() {
            allowances.is_bare.push(line.code.trim().is_empty());
            let Some(text) = line.comment.trim_start().strip_prefix(ALLOWANCE) else { continue };
            let (name, reason) = text.split_once(" because ").unwrap_or((text, ""));
            let rule = BANS.iter().map(|ban| ban.rule).find(|rule| *rule == name.trim());
            match rule {
                Some(rule) if !reason.trim().is_empty() => allowances.rows.push((line_idx, rule)),
                _ => {
                    let message =
                        "the comment is not understood; write `tidy: allow <rule> because <reason>`";
                    allowances.broken.push((line_idx, "allowance", message.to_owned()));
                }
            }
        }
        allowances
    }

    /// The index of the comment that allows breaking `rule` on a line.
    fn find(&self, rule: &str, line_idx: usize) -> Option<usize> {
        self.rows.iter().position(|(allowed_idx, allowed_rule)| {
            let is_above = allowed_idx + 1 == line_idx && self.is_bare[*allowed_idx];
            *allowed_rule == rule && (*allowed_idx == line_idx || is_above)
        })
    }
}

/// Whether `word` stands in `code` and is not part of a longer name.
fn contains_word(code: &str, word: &str) -> bool {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word).any(|(start, _)| {
        let goes_on_before = word.starts_with(is_name) && code[..start].ends_with(is_name);
        let goes_on_after = word.ends_with(is_name) && code[start + word.len()..].starts_with(is_name);
        !goes_on_before && !goes_on_after
    })
}

#[cfg(test)]
mod tests;
