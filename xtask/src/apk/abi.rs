//! The processors of the phones that the app is made for.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::folder;

/// One kind of processor, under the names that each tool has for it.
#[derive(Debug)]
pub(crate) struct Abi {
    /// In an APK: `lib/<android>/`.
    pub(crate) android: &'static str,
    /// Rust's target.
    pub(crate) rust: &'static str,
    /// clang's target; the number is the interface that everything is checked against.
    pub(crate) clang: &'static str,
    /// lld's emulation.
    pub(crate) lld: &'static str,
}

/// Phones of the last ten years; older and cheaper ones; emulators and some tablets.
pub(crate) const ABIS: [Abi; 3] = [
    Abi {
        android: "arm64-v8a",
        rust: "aarch64-linux-android",
        clang: "aarch64-linux-android24",
        lld: "aarch64linux",
    },
    Abi {
        android: "armeabi-v7a",
        rust: "armv7-linux-androideabi",
        clang: "armv7a-linux-androideabi24",
        lld: "armelf_linux_eabi",
    },
    Abi {
        android: "x86_64",
        rust: "x86_64-linux-android",
        clang: "x86_64-linux-android24",
        lld: "elf_x86_64",
    },
];

impl Abi {
    /// The one of that name in an APK.
    pub(crate) fn named(name: &str) -> Result<&'static Self> {
        let known = || ABIS.map(|abi| abi.android).join(", ");
        ABIS.iter()
            .find(|abi| abi.android == name)
            .with_context(|| format!("ABI inconnue ; il y a {}", known()))
    }

    /// Where what is made for it lies.
    pub(crate) fn folder(&self) -> PathBuf {
        folder().join(self.android)
    }
}
