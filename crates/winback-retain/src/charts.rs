//! Charts as SVG text: one file a kind of chart, one look for all of them in `theme`.
//!
//! A chart draws what a report holds and computes nothing but places on paper. It carries a title and a description
//! for those who do not see it; captions, legends and tables beside it are the page's.

mod bands;
mod calibration;
mod curve;
mod dependence;
mod dumbbell;
mod forest;
mod importance;
mod small;
mod swarm;
mod theme;
mod ticks;

pub(crate) use bands::{BandRow, bands};
pub(crate) use calibration::calibration;
pub(crate) use curve::{CurveChart, Reading, curve};
pub(crate) use dependence::dependence;
pub(crate) use dumbbell::dumbbell;
pub(crate) use forest::{ForestRow, forest};
pub(crate) use importance::importance;
pub(crate) use small::{effect_bar, sparkline};
pub(crate) use swarm::swarm;
pub(crate) use theme::Described;
