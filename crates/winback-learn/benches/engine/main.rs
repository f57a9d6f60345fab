//! Our side of the engine's contests: learning, scoring and explaining a wide table.
//!
//! `cargo xtask bench engine` runs it beside other programs' (`testdata/bench`). Each call does one piece of work and
//! prints one JSON object. Data lie in a folder as `train.parquet` and `test.parquet`; they are made by `data`.
//! Only `large` makes its own.
#![expect(clippy::print_stdout, reason = "this program's output is its result")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

mod data;
mod large;
mod learning;
mod using;

use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "tell what to do: data, train, onnx, score, explain or interactions, and the folder of the data; or large";

fn main() -> Result<()> {
    // Cargo adds an argument of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (work, folder, rest) = match arguments.as_slice() {
        ["large", rest @ ..] => ("large", PathBuf::new(), rest),
        [work, folder, rest @ ..] => (*work, PathBuf::from(folder), rest),
        _ => return Err(USAGE.into()),
    };
    let asked = |name: &str| rest.iter().position(|word| *word == name).and_then(|at| rest.get(at + 1));
    let number = |name: &str, usual: f64| -> Result<f64> {
        Ok(asked(name).map(|text| text.parse()).transpose()?.unwrap_or(usual))
    };
    let threads = number("--threads", 1.0)? as usize;
    if let Some(cpu) = asked("--cpu") {
        winback_kernels::Cpu::named(cpu)?.choose();
    }
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let line = match work {
        "large" => large::train(number("--rows", 1e7)? as u64)?,
        "data" => {
            data::write(&folder, number("--rows", 1e6)? as u64, number("--test-rows", 250_000.0)? as u64)?
        }
        "train" => learning::train(&folder, number("--loss", 0.0)?, number("--trees", 1000.0)? as usize)?,
        "onnx" => using::onnx(&folder)?,
        "score" => using::score(&folder)?,
        "explain" => using::explain(&folder)?,
        "interactions" => using::interactions(&folder)?,
        other => return Err(format!("`{other}` is nothing to do; {USAGE}").into()),
    };
    println!("{line}");
    Ok(())
}

/// Both files of a folder.
fn files(folder: &Path) -> [PathBuf; 2] {
    ["train.parquet", "test.parquet"].map(|name| folder.join(name))
}
