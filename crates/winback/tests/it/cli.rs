//! The command line itself: help, exit codes, who is told what, where settings come from.

use crate::run::{Bench, see};

#[test]
fn help_is_data_and_names_the_commands() {
    let bench = Bench::new();
    let seen = bench.run(&["--help"]);
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    for word in ["init", "simulate", "--config", "--json", "--threads", "WINBACK_TRAIN_SEED"] {
        assert!(seen.stdout.contains(word), "{word}: {}", seen.stdout);
    }
    for command in ["init", "simulate"] {
        let help = bench.run(&[command, "--help"]).stdout;
        assert!(help.contains(&format!("Example: winback {command} ")), "{help}");
    }
    assert!(bench.run(&["--version"]).stdout.starts_with("winback 0."));
}

#[test]
fn a_wrong_command_line_is_the_users_fault() {
    let bench = Bench::new();
    for wrong in
        [&["trian"][..], &[], &["init"], &["simulate", "--customers", "0"], &["simulate", "--threads", "0"]]
    {
        let seen = bench.run(wrong);
        assert_eq!((seen.code, seen.stdout.as_str()), (Some(1), ""), "{wrong:?}");
        assert!(!seen.stderr.is_empty());
    }
}

#[test]
fn the_environment_says_what_flags_do_not() {
    let bench = Bench::new();
    let seen = see(bench.command(&["simulate", "--customers", "10"]).env("WINBACK_THREADS", "none"));
    assert_eq!(seen.code, Some(1));
    assert_eq!(seen.stderr, "error: `WINBACK_THREADS` is `none`, not a number above 0\n");
    bench.write("a.csv", "id,churn\na,0\nb,1\n");
    let seen = see(bench.command(&["init", "a.csv"]).env("WINBACK_CONFIG", "other.toml"));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(bench.path().join("other.toml").is_file() && !bench.path().join("winback.toml").exists());
}

#[test]
fn quiet_leaves_the_result_alone() {
    let bench = Bench::new();
    let seen = bench.run(&["simulate", "--customers", "50", "--weeks", "0", "--quiet"]);
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    assert!(seen.stdout.contains("history.csv"));
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_is_no_error() {
    let bench = Bench::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_winback"));
    command.current_dir(bench.path()).args(["simulate", "--customers", "50", "--weeks", "1", "--quiet"]);
    let output = command.stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}
