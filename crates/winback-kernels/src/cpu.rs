//! What the machine has: a value that can only be had for instructions that are there.

use std::sync::OnceLock;

use crate::x86::Isa;

static CHOSEN: OnceLock<Cpu> = OnceLock::new();

/// Which variant of the kernels runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu(Option<Isa>);

/// A name that is no variant, or one that this machine cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCpu {
    /// The name asked for.
    pub name: String,
}

impl std::fmt::Display for UnknownCpu {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = Cpu::all().into_iter().map(Cpu::name).collect();
        write!(formatter, "this machine has no kernels called `{}`; it has {}", self.name, names.join(", "))
    }
}

impl std::error::Error for UnknownCpu {}

impl Cpu {
    /// The fastest variant that this machine can run.
    #[must_use]
    pub fn best() -> Self {
        Self(Isa::all().last().copied())
    }

    /// The variant that this process uses: the one it was told to by [`Cpu::choose`], else the best.
    #[must_use]
    pub fn chosen() -> Self {
        *CHOSEN.get_or_init(Self::best)
    }

    /// Makes this the variant that the process uses, if none was used yet; answers whether it is.
    pub fn choose(self) -> bool {
        *CHOSEN.get_or_init(|| self) == self
    }

    /// The variant that every machine can run.
    #[must_use]
    pub const fn portable() -> Self {
        Self(None)
    }

    /// Every variant that this machine can run, the fastest last.
    #[must_use]
    pub fn all() -> Vec<Self> {
        std::iter::once(Self::portable()).chain(Isa::all().iter().map(|isa| Self(Some(*isa)))).collect()
    }

    /// The variant of a name: `portable`, `avx2`, `avx512`.
    ///
    /// # Errors
    /// When there is no such variant, or this machine cannot run it.
    pub fn named(name: &str) -> Result<Self, UnknownCpu> {
        let unknown = || UnknownCpu { name: name.to_owned() };
        Self::all().into_iter().find(|cpu| cpu.name() == name).ok_or_else(unknown)
    }

    /// The variant's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.map_or("portable", Isa::name)
    }

    pub(crate) fn isa(self) -> Option<Isa> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_is_found_by_its_name() {
        for cpu in Cpu::all() {
            assert_eq!(Cpu::named(cpu.name()), Ok(cpu));
        }
        let message = Cpu::named("abacus").unwrap_err().to_string();
        assert!(message.contains("`abacus`") && message.contains("portable"), "{message}");
    }
}
