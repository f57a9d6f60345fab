//! The pipelines, each written once, as data. What the steps do is told by `components`.

use winback_flow::{Pipeline, Source, Step, Type};

/// Something in the world that a step may wait for: there is a champion.
pub(crate) const CHAMPION: &str = "champion";

/// All pipelines.
pub(crate) fn all() -> Vec<Pipeline> {
    vec![train(), deploy(), score(), measure(), weekly()]
}

/// The pipeline of that name.
pub(crate) fn find(name: &str) -> Option<Pipeline> {
    all().into_iter().find(|pipeline| pipeline.name == name)
}

/// History in, a model version out. Nothing is learnt anew while history, settings and program are what they were.
fn train() -> Pipeline {
    let files = || Source::output("history", "files");
    let schema = || Source::output("ingest", "schema");
    Pipeline::new("train", "learn from the history, and make a model version of it")
        .step(Step::new("history", "history").always())
        .step(Step::new("ingest", "ingest").with("files", files()))
        .step(Step::new("check", "check").with("files", files()).with("schema", schema()))
        .step(
            Step::new("fit", "fit")
                .with("files", files())
                .with("schema", schema())
                .with("findings", Source::output("check", "findings")),
        )
        .step(
            Step::new("register", "register")
                .with("package", Source::output("fit", "package"))
                .with("out_of_fold", Source::output("fit", "out_of_fold"))
                .with("evidence", Source::output("fit", "evidence"))
                .with("findings", Source::output("fit", "findings"))
                .with("history", Source::output("fit", "history"))
                .always(),
        )
}

/// A model version in, champion or not.
fn deploy() -> Pipeline {
    let (model, digest) = (|| Source::input("model"), || Source::output("verify", "digest"));
    Pipeline::new("deploy", "verify a model version, and make it champion where no gate stands closed")
        .takes("model", Type::Text)
        .step(Step::new("verify", "verify").with("model", model()).always())
        .step(Step::new("smoke", "smoke").with("model", model()).with("digest", digest()))
        .step(Step::new("history", "history").after("smoke").always().may_fail())
        .step(
            Step::new("gates", "gates")
                .with("model", model())
                .with("digest", digest())
                .with("files", Source::if_given("history", "files"))
                .after("smoke")
                .always(),
        )
        .step(
            Step::new("promote", "promote")
                .with("model", model())
                .with("digest", digest())
                .with("closed", Source::output("gates", "closed"))
                .with("champion", Source::if_given("gates", "champion"))
                .with("smoke", Source::output("smoke", "rows"))
                .always(),
        )
}

/// A weekly file in, every customer scored and explained out; or the file into quarantine, with the reason.
fn score() -> Pipeline {
    let (file, name) = (|| Source::input("file"), || Source::input("name"));
    let chosen = |output: &str| Source::output("choose", output);
    let scored = |output: &str| Source::output("score", output);
    Pipeline::new("score", "score and explain a weekly file with the champion")
        .takes("file", Type::file("customers"))
        .takes("name", Type::Text)
        .step(Step::new("choose", "choose").waits_for(CHAMPION).always())
        .step(
            Step::new("score", "score")
                .with("file", file())
                .with("name", name())
                .with("model", chosen("model"))
                .with("digest", chosen("digest"))
                .with("warning", Source::if_given("choose", "warning"))
                .with("challenger", Source::if_given("choose", "challenger")),
        )
        .step(Step::new("drift", "drift").with("week", scored("week")).may_fail())
        .step(
            Step::new("publish", "publish")
                .with("file", file())
                .with("name", name())
                .with("scores", scored("scores"))
                .with("page", scored("page"))
                .with("rejected", Source::if_given("score", "rejected"))
                .with("summary", scored("summary"))
                .with("model", chosen("model"))
                .with("digest", chosen("digest"))
                .with("warning", Source::if_given("choose", "warning"))
                .with("drift", Source::if_given("drift", "findings"))
                .with("asks_for_training", Source::if_given("drift", "asks_for_training"))
                .with("shadow", Source::if_given("score", "shadow"))
                .with("status", Source::Status)
                .always(),
        )
        .step(
            Step::new("close", "close")
                .with("file", file())
                .with("name", name())
                .with("status", Source::Status)
                .exit()
                .always(),
        )
}

/// What became of customers in, kept for what measures campaigns.
fn measure() -> Pipeline {
    Pipeline::new("measure", "keep what became of customers")
        .takes("file", Type::file("outcomes"))
        .takes("name", Type::Text)
        .step(Step::new("record", "record").with("file", Source::input("file")))
}

/// The main pipeline: a weekly file appears, a model is learnt if anything about it is new, and deployed if it may be, and
/// the file is scored by whoever is champion then. What fails before scoring does not stop scoring.
fn weekly() -> Pipeline {
    let undecided = || Source::output("train/register", "undecided");
    let given = [("model", Source::output("train/register", "model"))];
    let file = [("file", Source::input("file")), ("name", Source::input("name"))];
    Pipeline::new("weekly", "keep the model up to date, and score a weekly file with the champion")
        .takes("file", Type::file("customers"))
        .takes("name", Type::Text)
        .include(&train(), &[], Step::may_fail)
        .include(&deploy(), &given, |step| step.when(undecided(), true).may_fail())
        .include(&score(), &file, |step| {
            let is_first = step.name == "score/choose";
            if is_first { step.after("deploy/promote") } else { step }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::components;
    use crate::config::Settings;

    #[test]
    fn every_pipeline_is_sound() {
        let settings = Settings::parse("", std::path::Path::new("winback.toml")).unwrap();
        let components = components(&settings);
        for pipeline in all() {
            pipeline.check(&components).unwrap();
            assert_eq!(find(&pipeline.name), Some(pipeline));
        }
    }
}
