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
        p { "The same history, settings and program give the same model to the byte, on any machine and with any number of threads. " code { "winback models show" } " says which version of the program registered it; it does not stand here, because a package that another version makes alike is the same package." }
        pre tabindex="0" { code { (command) } }
        div.scroll tabindex="0" role="region" aria-label="Where the model came from" {
            table { tbody { @for (name, fact) in &facts {
                tr { th scope="row" { (name) } td { span.code { (fact) } } }
            } } }
        }
        p { "The other files of this package hold the model itself, its schema, the measures with all their digits (" code { "metrics.json" } "), the importance of the columns and the profile of the training data. Curves, thresholds, groups and single effects are on this page alone." }
    };
    Section { id: "again", name: "Make it again", title: "How to make the same model again".to_owned(), body }
}
