//! What machines of the x86-64 kind may have beyond its baseline: the portable code compiled for more, and, where that
//! is not enough, code for the instructions themselves.
#![expect(unsafe_code, reason = "code for more than the baseline may only run where the machine has it")]

mod avx2;
mod avx512;

use crate::{Borders, Draw, LEAVES, Packed, Question, Scale, portable};

/// An instruction set beyond the baseline. There is a value only where the machine has it: [`Isa::all`] makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isa {
    /// AVX2: eight lanes of 32 bits.
    Avx2,
    /// AVX-512, foundation and the parts for bytes, double words and counting: sixteen lanes.
    Avx512,
}

impl Isa {
    /// Those that this machine has, the fastest last.
    pub(crate) fn all() -> &'static [Self] {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt");
        let avx512 = avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        match (avx2, avx512) {
            (true, true) => &[Self::Avx2, Self::Avx512],
            (true, false) => &[Self::Avx2],
            _ => &[],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

/// One function for each kernel: it goes to the code of the instruction set that the machine is known to have.
macro_rules! dispatched {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            pub(crate) fn $name(isa: Isa, $($argument: $type),*) {
                match isa {
                    // SAFETY: there is an `Isa::Avx2` only where the machine has AVX2.
                    Isa::Avx2 => unsafe { avx2::$name($($argument),*) },
                    // SAFETY: there is an `Isa::Avx512` only where the machine has these parts of AVX-512.
                    Isa::Avx512 => unsafe { avx512::$name($($argument),*) },
                }
            }
        )*
    };
}

dispatched! {
    bins(borders: &Borders, values: &[f32], bins: &mut [u8]);
    leaves(questions: &[Question<'_>], leaves: &mut [u8]);
    add_table(table: &[i32; LEAVES], leaves: &[u8], sums: &mut [i32]);
    gradients(margins: &[i32], labels: &[bool], gradients: &mut [i32], hessians: &mut [i32]);
    draw(draw: Draw, first: u32, gradients: &[i32], drawn: &mut [u8]);
    gains(histogram: &[Packed], total: Packed, scale: Scale, gains: &mut [f32]);
}

/// The portable code of a kernel, compiled for an instruction set.
macro_rules! compiled {
    ($features:literal: $($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            #[target_feature(enable = $features)]
            pub(super) fn $name($($argument: $type),*) {
                super::portable::$name($($argument),*);
            }
        )*
    };
}
use compiled;
