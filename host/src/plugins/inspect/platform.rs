//! Operating systems and processors.

use std::fmt;

/// The format of an operating system's libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Linux.
    Elf,
    /// macOS.
    MachO,
}

/// What a library must be built for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// The format.
    pub format: Format,
    /// The processor, as Rust names it: `x86_64`, `aarch64`.
    pub processor: String,
}

impl Platform {
    /// The platform of this process.
    pub fn current() -> Self {
        let format = if cfg!(target_vendor = "apple") { Format::MachO } else { Format::Elf };
        Self { format, processor: std::env::consts::ARCH.to_owned() }
    }

    /// Linux on a processor.
    pub fn linux(processor: &str) -> Self {
        Self { format: Format::Elf, processor: processor.to_owned() }
    }

    /// macOS on a processor.
    pub fn macos(processor: &str) -> Self {
        Self { format: Format::MachO, processor: processor.to_owned() }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = match self.format {
            Format::Elf => "Linux",
            Format::MachO => "macOS",
        };
        write!(f, "{system} {}", self.processor)
    }
}
