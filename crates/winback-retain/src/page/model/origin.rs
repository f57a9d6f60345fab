//! How to make the same model again.

use maud::html;

use super::super::words::count;
use super::Section;
use crate::report::ModelReport;

pub(super) fn section(report: &ModelReport) -> Section {
    let origin = &report.origin;
    let command = format!("winback train --learner {} --seed {}", origin.learner, origin.seed);
    let facts = [
        ("History (SHA-256 of its files)", origin.history.clone()),
        ("Schema (fingerprint)", origin.schema.clone()),
        ("Rows and leavers", format!("{} and {}", count(report.report.rows), count(report.report.positives))),
        ("Label", report.label.clone()),
        ("Judged by", report.report.split.clone()),
    ];
    let body = html! {
        p { "The same history, settings and program give the same model to the byte, on any machine and with any number of threads." }
        pre tabindex="0" { code { (command) } }
        div.scroll tabindex="0" role="region" aria-label="Where the model came from" {
            table { tbody { @for (name, fact) in &facts {
                tr { th scope="row" { (name) } td { span.code { (fact) } } }
            } } }
        }
        p { "The other files of this package hold the model itself, its schema, every figure above with all its digits, and the profile of the training data." }
    };
    Section { id: "again", name: "Make it again", title: "How to make the same model again".to_owned(), body }
}
