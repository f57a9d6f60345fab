//! Tests of the bans on made files: what breaks which rule, where it is allowed, and what a comment can
//! allow.

/// The rules that a file breaks, with their lines.
fn check(path: &str, text: &str, expected: &[(usize, &str)]) {
    let source = super::Source::new(path, text.to_owned());
    let violations = super::check(&source);
    let mut seen: Vec<(usize, &str)> =
        violations.iter().map(|violation| (violation.line, violation.rule)).collect();
    seen.sort_unstable();
    assert_eq!(seen, expected, "{path}: {text}");
}

const TABLE: &str = "crates/winback-table/src/a.rs";
const LEARN: &str = "crates/winback-learn/src/a.rs";
const FLOW: &str = "crates/winback-flow/src/a.rs";

#[test]
fn pure_crates_know_no_clock_environment_or_chance() {
    check(TABLE, "fn a() {\n    SystemTime::now();\n}\n", &[(2, "clock")]);
    check(TABLE, "use std::time::Instant;\n", &[(1, "clock")]);
    check(TABLE, "use std::env;\n", &[(1, "environment")]);
    check(TABLE, "use std::{env, fs};\nfn a() { env::var(\"B\"); }\n", &[(2, "environment")]);
    check(LEARN, "let a = rand::rng();\n", &[(1, "randomness")]);
    check(LEARN, "getrandom::fill(&mut a);\n", &[(1, "randomness")]);
    check(FLOW, "SystemTime::now(); std::env::var(\"A\"); getrandom::fill(&mut a);\n", &[]);
}

#[test]
fn seeded_generators_are_welcome() {
    check(LEARN, "use rand::rngs::Pcg; let a = RandomState::new();\n", &[]);
}

#[test]
fn tests_may_look_at_the_environment_but_not_at_the_clock() {
    let text = "#[cfg(test)]\nmod tests {\n    std::env::var_os(\"A\");\n    SystemTime::now();\n}\n";
    check(TABLE, text, &[(4, "clock")]);
    check("crates/winback-table/tests/it/main.rs", "std::env::var_os(\"A\");\n", &[]);
}

#[test]
fn unsafe_lives_in_kernels() {
    check(TABLE, "unsafe { a() }\n", &[(1, "unsafe")]);
    check("crates/winback-kernels/src/a.rs", "unsafe { a() }\n", &[]);
    check(TABLE, "#![forbid(unsafe_code)]\n", &[]);
}

#[test]
fn only_the_printer_prints() {
    check(FLOW, "println!(\"a\");\n", &[(1, "print")]);
    check("crates/winback/src/commands/score.rs", "eprintln!(\"a\");\n", &[(1, "print")]);
    check("crates/winback/src/printer.rs", "println!(\"a\");\n", &[]);
    check("crates/winback-flow/src/printer.rs", "println!(\"a\");\n", &[(1, "print")]);
    check("xtask/src/printer.rs", "println!(\"a\");\n", &[]);
    check("crates/winback/build.rs", "println!(\"a\");\n", &[]);
}

#[test]
fn nothing_is_left_out() {
    let text = "#[ignore]\n#[ignore = \"slow\"]\n#[should_panic]\ntodo!();\nunimplemented!()\n";
    let expected: Vec<(usize, &str)> = (1..=5).map(|line| (line, "left-out")).collect();
    check(FLOW, text, &expected);
}

#[test]
fn inexact_floats_are_banned_where_numbers_are_promised() {
    check(LEARN, "let a = b.exp();\nlet c = d\n    .powf(2.5);\n", &[(1, "float"), (3, "float")]);
    check(LEARN, "a.iter().map(f64::ln)\n", &[(1, "float")]);
    check(LEARN, "libm::exp(a) + b.sqrt() + c.abs() + d.expect(\"e\")\n", &[]);
    check(TABLE, "a.exp()\n", &[]);
}

#[test]
fn comments_and_strings_break_nothing() {
    check(TABLE, "// SystemTime is banned\nlet a = \"unsafe\";\n", &[]);
}

#[test]
fn longer_names_break_nothing() {
    check(TABLE, "struct InstantOffer; let my_unsafe = 1;\n", &[]);
}

#[test]
fn a_reason_allows_one_line() {
    check(LEARN, "let a = b.exp(); // tidy: allow float because it is only drawn\n", &[]);
    let above = "// tidy: allow float because it is only drawn\nlet a = b.exp();\nlet c = d.exp();\n";
    check(LEARN, above, &[(3, "float")]);
    let wrong = "let a = b.exp(); // tidy: allow clock because it is only drawn\n";
    check(LEARN, wrong, &[(1, "allowance"), (1, "float")]);
}

#[test]
fn an_allowance_must_be_understood_and_needed() {
    check(LEARN, "b.exp(); // tidy: allow float\n", &[(1, "allowance"), (1, "float")]);
    check(LEARN, "b.exp(); // tidy: allow floats because\n", &[(1, "allowance"), (1, "float")]);
    check(LEARN, "b.sqrt(); // tidy: allow float because it is only drawn\n", &[(1, "allowance")]);
}
