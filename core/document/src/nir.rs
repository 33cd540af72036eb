//! Finds a numéro de sécurité sociale (NIR) in the text of a PDF, so that the person can hide it before sending: a
//! guichet must not file it.
//!
//! What can go wrong: a false alarm teaches people to ignore the warning, so digits count only where the number's own
//! key holds and they are grouped as it is printed, or where a word beside them says what they are. And a number may be
//! missed: in a scan there is no text, and some fonts do not say which letters they draw. Nothing here keeps, returns or
//! logs the number: only the page is told.

mod texte;

use crate::{Avertissement, pdf};

/// The warning about a PDF that shows a NIR in its text. None about a file that is no PDF, or cannot be read: others
/// tell.
pub(crate) fn warning(pdf: &[u8]) -> Option<Avertissement> {
    let document = pdf::open(pdf).ok()?;
    let pages = pdf::pages(&document).ok()?;
    let mut reader = texte::Reader::new(&document);
    let mut showing =
        (0..).zip(&pages).filter(|(_, page)| contains(&reader.page(page))).map(|(index, _)| index);
    let page = showing.next()?;
    Some(Avertissement::NirVisible { page, autres: u32::try_from(showing.count()).unwrap_or(u32::MAX) })
}

/// Characters of a NIR: 13, and then a key of 2.
const NUMBER: usize = 13;
const WITH_KEY: usize = 15;

/// The ways in which a NIR with its key is printed: all at once, before its key, or by what each part means.
const GROUPINGS: [&[usize]; 3] = [&[15], &[13, 2], &[1, 2, 2, 2, 3, 3, 2]];

/// How far before the number a word that announces it may stand, in characters: a label and what lies between two columns.
const LABEL_BEFORE: usize = 80;

/// And how far after it, for the word « clé ».
const LABEL_AFTER: usize = 12;

/// Words that announce a NIR, in the simple letters of [`simplified`].
const LABELS: [&str; 6] = [" securite sociale ", " secu ", " nir ", " ss ", " insee ", " cle "];

/// Whether there is a NIR in `text`. A number stays on one line.
pub(crate) fn contains(text: &str) -> bool {
    let mut start = 0;
    text.split_inclusive('\n').any(|line| {
        let before = text.get(..start).unwrap_or_default();
        start += line.len();
        let after = text.get(start..).unwrap_or_default();
        runs(line).iter().any(|run| in_run(run, before, line, after))
    })
}

/// A word of digits: where it starts in its line, and what it says.
#[derive(Debug, Clone, Copy)]
struct Group<'a> {
    at: usize,
    digits: &'a str,
}

/// Groups of digits that only light punctuation separates.
fn runs(line: &str) -> Vec<Vec<Group<'_>>> {
    let mut runs: Vec<Vec<Group<'_>>> = vec![Vec::new()];
    let mut rest = line;
    while let Some(from) = rest.find(char::is_alphanumeric) {
        let (gap, tail) = rest.split_at(from);
        let (word, after) = tail.split_at(tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len()));
        let at = line.len() - tail.len();
        rest = after;
        let joined = !gap.is_empty()
            && gap
                .chars()
                .all(|c| matches!(c, ' ' | '\t' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '.' | '-' | '|'));
        if !joined {
            runs.push(Vec::new());
        }
        if is_of_digits(word) {
            if let Some(run) = runs.last_mut() {
                run.push(Group { at, digits: word });
            }
        } else {
            runs.push(Vec::new());
        }
    }
    runs
}

/// Digits, with at most the letter of a Corsican département (2A, 2B) among them.
fn is_of_digits(word: &str) -> bool {
    let letters = word.bytes().filter(|byte| !byte.is_ascii_digit()).count();
    word.len() <= WITH_KEY && (letters == 0 || letters == 1 && (word.contains("2A") || word.contains("2B")))
}

/// Whether whole groups of this run make a NIR.
fn in_run(run: &[Group<'_>], before: &str, line: &str, after: &str) -> bool {
    (0..run.len()).any(|first| {
        let mut number = String::new();
        run.iter()
            .enumerate()
            .skip(first)
            .map_while(|(last, group)| {
                number.push_str(group.digits);
                (number.len() <= WITH_KEY).then(|| {
                    let chosen = run.get(first..=last).unwrap_or_default();
                    let labelled = || is_labelled(chosen, before, line, after);
                    match number.len() {
                        NUMBER => is_plausible(&number) && labelled(),
                        WITH_KEY => {
                            let grouped = GROUPINGS.iter().any(|lengths| {
                                chosen.iter().map(|g| g.digits.len()).eq(lengths.iter().copied())
                            });
                            is_plausible(&number)
                                && key_holds(&number)
                                && (grouped || chosen.len() == run.len() || labelled())
                        }
                        _ => false,
                    }
                })
            })
            .any(|found| found)
    })
}

/// What a NIR says of itself: sex (7 and 8 while it is provisional), month of birth (20 and above where it is unknown),
/// département, commune and rank, none of them 0.
fn is_plausible(number: &str) -> bool {
    let part = |from: usize, to: usize| number.get(from..to).and_then(|part| part.parse::<u16>().ok());
    let department = number.get(5..7).unwrap_or_default();
    matches!(part(0, 1), Some(1 | 2 | 7 | 8))
        && part(1, 3).is_some()
        && matches!(part(3, 5), Some(1..=12 | 20 | 30..=42 | 50..=99))
        && (matches!(department, "2A" | "2B") || matches!(part(5, 7), Some(1..=99)))
        && matches!(part(7, 10), Some(1..=990))
        && matches!(part(10, 13), Some(1..=999))
}

/// Whether the key is 97 less the rest of the number by 97, the letters of Corsica counted as 19 and 18.
fn key_holds(number: &str) -> bool {
    let (number, key) = number.split_at_checked(NUMBER).unwrap_or_default();
    let number = number.replacen("2A", "19", 1).replacen("2B", "18", 1).parse::<u64>();
    matches!((number, key.parse::<u64>()), (Ok(number), Ok(key)) if key == 97 - number % 97)
}

/// Whether a word beside these groups announces a NIR.
fn is_labelled(groups: &[Group<'_>], before: &str, line: &str, after: &str) -> bool {
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let here = line.get(..first.at).unwrap_or_default();
    let mut near: String = here.chars().rev().chain(before.chars().rev()).take(LABEL_BEFORE).collect();
    near = near.chars().rev().collect();
    let there = line.get(last.at + last.digits.len()..).unwrap_or_default();
    near.push(' ');
    near.extend(there.chars().chain(after.chars()).take(LABEL_AFTER));
    let near = simplified(&near);
    LABELS.iter().any(|label| near.contains(label))
}

/// Lower case without accents, words between single spaces.
fn simplified(text: &str) -> String {
    let mut simple = String::from(" ");
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'é' | 'è' | 'ê' => simple.push('e'),
            c if c.is_alphanumeric() => simple.push(c),
            // « N°SS », « S.S. » and « sécurité  sociale » alike.
            '.' => {}
            _ if simple.ends_with(' ') => {}
            _ => simple.push(' '),
        }
    }
    simple.push(' ');
    simple
}

#[cfg(test)]
mod tests;
