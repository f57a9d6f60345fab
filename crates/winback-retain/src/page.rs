//! Reports as pages: each a single file of HTML that loads nothing, is read on a phone and by a screen reader, prints
//! on A4, and follows the reader's choice of light or dark.
//!
//! Whatever comes from data is escaped by the templates. The style and the one script are named by their digests in
//! the page's security policy, so that nothing else can run or load even if something slipped through.

mod model;
mod parts;
mod profile;
mod scored;
mod words;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

pub use model::page as model;
pub use profile::page as profile;
pub use scored::page as scored;

const STYLE: &str = include_str!("page/style.css");
const SLIDER: &str = include_str!("page/slider.js");

/// A part of a page that the list of contents leads to.
struct Section {
    id: &'static str,
    /// In the list of contents.
    name: &'static str,
    /// The finding.
    title: String,
    body: Markup,
}

/// A page without its shell.
struct Content {
    /// What kind of report this is, and of what.
    kicker: String,
    /// The finding.
    title: String,
    /// What stands between title and sections.
    opening: Markup,
    sections: Vec<Section>,
    /// Whether the page has the slider.
    with_slider: bool,
}

fn shell(content: &Content) -> String {
    let script =
        if content.with_slider { format!("script-src '{}'; ", digest(SLIDER)) } else { String::new() };
    let policy = format!(
        "default-src 'none'; {script}style-src '{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE)
    );
    let Content { kicker, title, opening, sections, with_slider } = content;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                div.wrap {
                    header.top {
                        p.kicker { (kicker) }
                        h1 { (title) }
                        (opening)
                        nav aria-label="Contents" {
                            ul { @for section in sections { li { a href={ "#" (section.id) } { (section.name) } } } }
                        }
                    }
                    main {
                        @for section in sections {
                            section id=(section.id) aria-labelledby={ (section.id) "-heading" } {
                                h2 id={ (section.id) "-heading" } { (section.title) }
                                (section.body)
                            }
                        }
                    }
                    footer { "Made by Winback. This page is complete in itself and loads nothing." }
                }
                @if *with_slider { script { (PreEscaped(SLIDER)) } }
            }
        }
    };
    page.into_string()
}

/// The digest of an inline part, as a security policy names it.
fn digest(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text)))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, place| bits << 8 | u32::from(three.get(place).copied().unwrap_or(0)));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests;
