//! The message in a 2D-Doc: a header of fixed places, data one after the other, each after the two characters that
//! name it, and a signature. A datum of fixed length ends by itself; another ends at its greatest length, at a group
//! separator, or at a record separator where it was cut short.

/// A header and its data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// The kind of document: two characters.
    pub(super) kind: &'a str,
    /// When the document was issued, where the header says it: days since 2000-01-01, hexadecimal.
    pub(super) issued: Option<&'a str>,
    /// The known data, in their order.
    pub(super) data: Vec<Datum<'a>>,
    /// Authority and certificate of who signed it.
    pub(super) emetteur: &'a str,
    /// What was signed: header and data.
    pub(super) signed: &'a str,
    /// The signature; empty where there is none.
    pub(super) signature: &'a str,
}

/// A datum that the specification knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Datum<'a> {
    /// What it is used for here, or nothing.
    pub(super) usage: &'static str,
    /// Its characters.
    pub(super) value: &'a str,
}

const GROUP_SEPARATOR: char = '\u{1D}';
const RECORD_SEPARATOR: char = '\u{1E}';
const UNIT_SEPARATOR: char = '\u{1F}';

/// The perimeter whose data we know: ANTS. Versions 1 and 2 had no other.
const PERIMETER: &str = "01";

/// Most data read of one message. The largest symbol holds 2,335 characters.
const DATA_MAX: usize = 500;

/// Where the data begin, by the header's version.
fn header_length(version: &str) -> Option<usize> {
    match version {
        "01" | "02" => Some(22),
        "03" => Some(24),
        "04" => Some(26),
        _ => None,
    }
}

impl<'a> Message<'a> {
    /// Reads a message; none where it has no header of ours. A datum that is unknown is passed over up to the next
    /// separator.
    pub(super) fn parse(content: &'a str, specification: &Specification) -> Option<Self> {
        let header = content.get(..header_length(content.strip_prefix("DC")?.get(..2)?)?)?;
        if !header.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let kind = header.get(20..22)?;
        if header.get(22..24).is_some_and(|perimeter| perimeter != PERIMETER) {
            return None;
        }
        let (signed, signature) = content.split_once(UNIT_SEPARATOR).unwrap_or((content, ""));
        let body = signed.get(header.len()..)?;
        let mut data = Vec::new();
        let mut rest = body.trim_start_matches(SEPARATORS);
        while let Some((code, after)) = split_at_char(rest, 2)
            && data.len() < DATA_MAX
        {
            let known = specification.datum(code);
            let end = after.find(SEPARATORS).unwrap_or(after.len());
            let most = known.and_then(|datum| datum.most);
            let length = most
                .and_then(|most| split_at_char(after, most))
                .map_or(end, |(value, _)| value.len().min(end));
            let (value, tail) = after.split_at_checked(length).unwrap_or((after, ""));
            data.extend(known.map(|datum| Datum { usage: datum.usage, value }));
            rest = tail.trim_start_matches(SEPARATORS);
        }
        let issued = header.get(12..16).filter(|day| *day != "FFFF");
        Some(Self { kind, issued, data, emetteur: header.get(4..12)?, signed, signature })
    }
}

const SEPARATORS: [char; 2] = [GROUP_SEPARATOR, RECORD_SEPARATOR];

/// The first `count` characters and the rest, where there are as many.
fn split_at_char(text: &str, count: usize) -> Option<(&str, &str)> {
    let at = text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(count)?;
    text.split_at_checked(at)
}

/// The year of a day counted in hexadecimal from 2000-01-01. Years begin 365 or, every fourth of them, 366 days apart: up
/// to 2099, where the count ends, no other rule applies.
pub(super) fn year(day: &str) -> Option<i32> {
    let mut days = u32::from_str_radix(day, 16).ok()?;
    let mut year = 2000;
    loop {
        let length = if year % 4 == 0 { 366 } else { 365 };
        if days < length {
            return Some(year);
        }
        days -= length;
        year += 1;
    }
}

/// The kinds of document and the data that are known.
#[derive(Debug)]
pub(super) struct Specification {
    documents: Vec<KnownDocument>,
    data: Vec<KnownDatum>,
}

/// A kind of document.
#[derive(Debug)]
pub(super) struct KnownDocument {
    code: &'static str,
    /// Its name, in French.
    pub(super) name: &'static str,
    /// Code of the rubrique that it proves, or nothing.
    pub(super) rubrique: &'static str,
    /// Code of its type of piece, or nothing.
    pub(super) type_piece: &'static str,
}

/// A kind of datum.
#[derive(Debug)]
struct KnownDatum {
    code: &'static str,
    /// Greatest length, in characters; none where it has no limit.
    most: Option<usize>,
    usage: &'static str,
}

impl Specification {
    /// Reads the table that the program carries. Lines of another form are remarks.
    pub(super) fn read(table: &'static str) -> Self {
        let mut read = Self { documents: Vec::new(), data: Vec::new() };
        for line in table.lines() {
            match line.split(';').collect::<Vec<_>>().as_slice() {
                ["document", code, name, rubrique, type_piece] => {
                    read.documents.push(KnownDocument { code, name, rubrique, type_piece });
                }
                ["donnee", code, _least, most, usage] => {
                    read.data.push(KnownDatum { code, most: most.parse().ok(), usage });
                }
                _ => {}
            }
        }
        read
    }

    /// The kind of document of this code.
    pub(super) fn document(&self, code: &str) -> Option<&KnownDocument> {
        self.documents.iter().find(|document| document.code == code)
    }

    fn datum(&self, code: &str) -> Option<&KnownDatum> {
        self.data.iter().find(|datum| datum.code == code)
    }

    /// Every kind of document.
    #[cfg(test)]
    pub(super) fn documents(&self) -> &[KnownDocument] {
        &self.documents
    }
}
