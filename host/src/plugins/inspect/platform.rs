//! Operating systems and processors.

use std::fmt;
use std::str::FromStr;

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

impl Platform {
    /// One word, for files and command lines: `linux-x86_64`, `macos-aarch64`. [`FromStr`] reads it.
    pub fn word(&self) -> String {
        self.to_string().replace(' ', "-").to_ascii_lowercase()
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

/// A word that names no platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no platform, such as linux-x86_64 or macos-aarch64")]
pub struct NoPlatform;

impl FromStr for Platform {
    type Err = NoPlatform;

    fn from_str(word: &str) -> Result<Self, NoPlatform> {
        let (system, processor) = word.split_once('-').ok_or(NoPlatform)?;
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if processor.is_empty() || processor.len() > 32 || !processor.bytes().all(is_word) {
            return Err(NoPlatform);
        }
        match system {
            "linux" => Ok(Self::linux(processor)),
            "macos" => Ok(Self::macos(processor)),
            _ => Err(NoPlatform),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_one_word_and_back() {
        for platform in [Platform::current(), Platform::linux("x86_64"), Platform::macos("aarch64")] {
            assert_eq!(platform.word().parse(), Ok(platform));
        }
        for wrong in ["", "linux", "linux-", "Linux-x86_64", "linux x86_64", "windows-x86_64", "linux-x86/64"] {
            assert_eq!(wrong.parse::<Platform>(), Err(NoPlatform), "{wrong:?}");
        }
    }
}
