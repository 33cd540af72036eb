//! What Android's C library offers to an app since API 24: the names of ours, and no more. A symbol that a phone does not
//! have is found only when the library is loaded there, and the app dies; so the names are listed, the stand-ins that
//! libraries are linked against are made of the list, and what is packed is compared with it again.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

/// Names read in bionic's public version scripts (`libc.map.txt`, `libm.map.txt`, `libdl.map.txt`, `liblog.map.txt`).
const LIST: &str = include_str!("bionic-api24.txt");

/// Android's libraries that an app may ask for, as far as ours do.
pub(crate) const LIBRARIES: [&str; 4] = ["libc", "libdl", "liblog", "libm"];

/// The allow-list.
#[derive(Debug)]
pub(crate) struct Bionic {
    /// Each name's library and whether it may be missing on the phone.
    names: BTreeMap<&'static str, (&'static str, Presence)>,
}

/// Whether every phone has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Yes.
    Always,
    /// Newer ones: only a weak reference, which is zero where it is missing, may name it.
    Weak,
}

impl Bionic {
    /// Reads the list that stands beside this file.
    pub(crate) fn read() -> Result<Self> {
        Self::parse(LIST)
    }

    fn parse(list: &'static str) -> Result<Self> {
        let mut library = None;
        let mut names = BTreeMap::new();
        for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_suffix(':') {
                library = Some(name);
                continue;
            }
            let library = library.with_context(|| format!("« {line} » stands before any library"))?;
            let (name, presence) = match line.split_once(' ') {
                None => (line, Presence::Always),
                Some((name, "weak")) => (name, Presence::Weak),
                Some(_) => bail!("« {line} » is not a name"),
            };
            if names.insert(name, (library, presence)).is_some() {
                bail!("« {name} » stands there twice");
            }
        }
        Ok(Self { names })
    }

    /// Whether phones have it; nothing for a name that is not listed.
    pub(crate) fn presence(&self, name: &str) -> Option<Presence> {
        self.names.get(name).map(|(_, presence)| *presence)
    }

    /// The names of one library.
    pub(crate) fn names_of(&self, library: &str) -> impl Iterator<Item = &str> {
        self.names.iter().filter(move |(_, (of, _))| *of == library).map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_library_and_a_presence() {
        let list = Bionic::parse("# notes\nlibc:\nmalloc\ngetrandom weak\n\nlibm:\npowf\n").unwrap();
        assert_eq!(list.presence("malloc"), Some(Presence::Always));
        assert_eq!(list.presence("getrandom"), Some(Presence::Weak));
        assert_eq!(list.presence("explicit_bzero"), None);
        assert_eq!(list.names_of("libm").collect::<Vec<_>>(), ["powf"]);
    }

    #[test]
    fn a_list_with_a_mistake_is_refused() {
        for wrong in ["malloc\n", "libc:\nmalloc\nmalloc\n", "libc:\nmalloc strong\n"] {
            assert!(Bionic::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn of_what_the_engine_asks_for_only_getrandom_may_be_missing() {
        let list = Bionic::read().unwrap();
        let weak = list
            .names
            .iter()
            .filter(|(name, (_, presence))| *presence == Presence::Weak && !name.starts_with("__"));
        assert_eq!(weak.map(|(name, _)| *name).collect::<Vec<_>>(), ["getrandom"]);
    }
}
