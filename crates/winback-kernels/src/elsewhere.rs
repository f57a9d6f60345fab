//! What `x86` is on machines of another kind: no variants. They run the portable code, which was not measured there.

use crate::{Borders, Draw, LEAVES, Packed, Question, Scale};

/// An instruction set beyond the baseline, of which there is none here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isa {}

impl Isa {
    pub(crate) fn all() -> &'static [Self] {
        &[]
    }

    pub(crate) fn name(self) -> &'static str {
        match self {}
    }
}

pub(crate) fn bins(isa: Isa, _: &Borders, _: &[f32], _: &mut [u8]) {
    match isa {}
}

pub(crate) fn leaves(isa: Isa, _: &[Question<'_>], _: &mut [u8]) {
    match isa {}
}

pub(crate) fn add_table(isa: Isa, _: &[i32; LEAVES], _: &[u8], _: &mut [i32]) {
    match isa {}
}

pub(crate) fn gradients(isa: Isa, _: &[i32], _: &[bool], _: &mut [i32], _: &mut [i32]) {
    match isa {}
}

pub(crate) fn draw(isa: Isa, _: Draw, _: u32, _: &[i32], _: &mut [u8]) {
    match isa {}
}

pub(crate) fn gains(isa: Isa, _: &[Packed], _: Packed, _: Scale, _: &mut [f32]) {
    match isa {}
}
