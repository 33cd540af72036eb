//! The text of a page, in the order in which it is drawn, with a line for each line: enough to look for a number in
//! it, not to read it aloud.
//!
//! The library's own extraction runs neighbouring cells of a table together and passes over forms, which is where
//! numbers stand; so the drawing is followed here, with the place of each text. Everything is bounded: bytes
//! decompressed, operations followed, letters kept, depth of forms in forms.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Encoding, Object, Stream, content::Content, decode_text_string};

use crate::pdf::PageRef;

/// Most bytes of drawing that are read of one document, decompressed: a hundred pages of dense text have about 10 MB.
const DRAWING_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most bytes of one font's table of letters, decompressed; the largest of ordinary files has 100 kB.
const FONT_BYTES_MAX: usize = 1024 * 1024;

/// Most letters kept of one page.
const TEXT_BYTES_MAX: usize = 512 * 1024;

/// Deepest nesting of forms in forms; ordinary pages have 1 or 2.
const FORM_DEPTH_MAX: usize = 8;

/// Deepest nesting of saved graphics states that is remembered.
const STATES_MAX: usize = 64;

/// A shift between two pieces of a text that is a space to the eye, in thousandths of the font's size: a space is 200
/// to 300 wide.
const SPACE_SHIFT: f64 = -180.0;

/// How far apart two lines are at least, in points: less is a raised letter or a rounding.
const LINE_SHIFT: f64 = 2.0;

/// Reads pages of one document within one budget.
pub(super) struct Reader<'a> {
    document: &'a Document,
    budget: usize,
    fonts: HashMap<FontKey, Option<Encoding<'a>>>,
}

/// What is drawn of one page.
struct Drawing {
    text: String,
    /// Where the last text was drawn, on the page.
    last: Option<(f64, f64)>,
}

/// A change of coordinates (ISO 32000-1, 8.3.3): where the two directions and the origin come to lie.
#[derive(Clone, Copy)]
struct Matrix {
    along: (f64, f64),
    up: (f64, f64),
    origin: (f64, f64),
}

impl Matrix {
    const IDENTITY: Self = Self::shift(0.0, 0.0);

    fn of(operands: &[Object]) -> Option<Self> {
        let [along_x, along_y, up_x, up_y, x, y] = operands else { return None };
        let pair =
            |x: &Object, y: &Object| Some((f64::from(x.as_float().ok()?), f64::from(y.as_float().ok()?)));
        Some(Self { along: pair(along_x, along_y)?, up: pair(up_x, up_y)?, origin: pair(x, y)? })
    }

    const fn shift(x: f64, y: f64) -> Self {
        Self { along: (1.0, 0.0), up: (0.0, 1.0), origin: (x, y) }
    }

    /// First this, then `next`.
    fn then(self, next: Self) -> Self {
        let turned =
            |(x, y): (f64, f64)| (x * next.along.0 + y * next.up.0, x * next.along.1 + y * next.up.1);
        let (x, y) = turned(self.origin);
        Self {
            along: turned(self.along),
            up: turned(self.up),
            origin: (x + next.origin.0, y + next.origin.1),
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self { document, budget: DRAWING_BYTES_MAX, fonts: HashMap::new() }
    }

    /// The text of a page and of the fields that are filled in on it; as much as the budget leaves.
    pub(super) fn page(&mut self, page: &'a PageRef) -> String {
        let mut drawing = Drawing { text: String::new(), last: None };
        let Ok(own) = self.document.get_dictionary(page.id) else { return drawing.text };
        let resources =
            [own, &page.inherited].into_iter().find_map(|node| self.dictionary(node, b"Resources"));
        if let Ok(bytes) = self.document.get_page_content_with_limit(page.id, self.budget) {
            self.budget = self.budget.saturating_sub(bytes.len());
            self.draw(&bytes, resources, Matrix::IDENTITY, 0, &mut drawing);
        }
        for field in self.document.get_page_annotations(page.id).unwrap_or_default() {
            drawing.line();
            drawing.push(&self.value_of(field).unwrap_or_default());
        }
        drawing.text
    }

    /// Follows the operations of a page or form.
    fn draw(
        &mut self,
        operations: &[u8],
        resources: Option<&'a Dictionary>,
        place: Matrix,
        depth: usize,
        drawing: &mut Drawing,
    ) {
        let mut state = State { place, font: None };
        let mut saved = Vec::new();
        let mut text = TextPlace { here: Matrix::IDENTITY, line: Matrix::IDENTITY, leading: 0.0 };
        for operation in Content::decode_iter(operations).map_while(Result::ok) {
            let operands = operation.operands.as_slice();
            match operation.operator.as_str() {
                "q" if saved.len() < STATES_MAX => saved.push(state),
                "Q" => state = saved.pop().unwrap_or(state),
                "cm" => state.place = Matrix::of(operands).map_or(state.place, |m| m.then(state.place)),
                "Do" if depth < FORM_DEPTH_MAX => {
                    let form = operands.first().and_then(|name| self.form(resources?, name));
                    if let Some(form) = form {
                        self.draw_form(form, resources, state.place, depth, drawing);
                    }
                }
                "Tf" => state.font = operands.first().and_then(|name| self.font(resources?, name)),
                "BT" => text.set(Matrix::IDENTITY),
                "Tm" => text.set(Matrix::of(operands).unwrap_or(Matrix::IDENTITY)),
                "Td" => text.shift(operands),
                "TD" => {
                    text.leading = -number(operands.get(1));
                    text.shift(operands);
                }
                "TL" => text.leading = number(operands.first()),
                "T*" => text.next_line(),
                "Tj" | "TJ" => self.show(operands, state.font, text.here.then(state.place), drawing),
                "'" | "\"" => {
                    text.next_line();
                    let shown = operands.last().map(std::slice::from_ref).unwrap_or_default();
                    self.show(shown, state.font, text.here.then(state.place), drawing);
                }
                _ => {}
            }
        }
    }

    /// Follows the operations of a form (ISO 32000-1, 8.10).
    fn draw_form(
        &mut self,
        form: &'a Stream,
        resources: Option<&'a Dictionary>,
        place: Matrix,
        depth: usize,
        drawing: &mut Drawing,
    ) {
        let Ok(bytes) = form.decompressed_content_with_limit(self.budget) else { return };
        // A form drawn a thousand times is read a thousand times, so each time counts.
        self.budget = self.budget.saturating_sub(bytes.len().max(64));
        let own = form.dict.get_deref(b"Matrix", self.document).and_then(Object::as_array);
        let place = own.ok().and_then(|m| Matrix::of(m)).map_or(place, |own| own.then(place));
        let resources = self.dictionary(&form.dict, b"Resources").or(resources);
        self.draw(&bytes, resources, place, depth + 1, drawing);
    }

    /// Writes what one operation shows.
    fn show(&self, operands: &[Object], font: Option<FontKey>, place: Matrix, drawing: &mut Drawing) {
        let Some(Some(encoding)) = font.and_then(|font| self.fonts.get(&font)) else { return };
        drawing.go_to(place);
        for operand in operands {
            let parts = match operand {
                Object::Array(parts) => parts.as_slice(),
                single => std::slice::from_ref(single),
            };
            for part in parts {
                match part {
                    Object::String(bytes, _) => {
                        drawing.push(&encoding.bytes_to_string(bytes).unwrap_or_default());
                    }
                    shift if number(Some(shift)) < SPACE_SHIFT => drawing.space(),
                    _ => {}
                }
            }
        }
    }

    /// The form of this name, if it is one.
    fn form(&self, resources: &'a Dictionary, name: &Object) -> Option<&'a Stream> {
        let forms = self.dictionary(resources, b"XObject")?;
        let stream = forms.get_deref(name.as_name().ok()?, self.document).ok()?.as_stream().ok()?;
        let is_form = stream.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Form");
        is_form.then_some(stream)
    }

    /// The font of this name; its letters are read once.
    fn font(&mut self, resources: &'a Dictionary, name: &Object) -> Option<FontKey> {
        let fonts = self.dictionary(resources, b"Font")?;
        let font = self.dictionary(fonts, name.as_name().ok()?)?;
        let key = std::ptr::from_ref(font);
        let document = self.document;
        self.fonts
            .entry(key)
            .or_insert_with(|| font.get_font_encoding_with_limit(document, FONT_BYTES_MAX).ok());
        Some(key)
    }

    /// What is filled in to a field, or to the field that it is a part of.
    fn value_of(&self, field: &Dictionary) -> Option<String> {
        let parent = field.get_deref(b"Parent", self.document).and_then(Object::as_dict);
        let value = field
            .get_deref(b"V", self.document)
            .or_else(|_| parent.and_then(|parent| parent.get_deref(b"V", self.document)))
            .ok()?;
        decode_text_string(value).ok()
    }

    fn dictionary(&self, of: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
        of.get_deref(key, self.document).ok()?.as_dict().ok()
    }
}

/// A font, by where its dictionary lies in the document.
type FontKey = *const Dictionary;

/// What `q` saves and `Q` restores.
#[derive(Clone, Copy)]
struct State {
    place: Matrix,
    font: Option<FontKey>,
}

/// Where the next text goes (ISO 32000-1, 9.4.2).
struct TextPlace {
    here: Matrix,
    line: Matrix,
    leading: f64,
}

impl TextPlace {
    fn set(&mut self, place: Matrix) {
        (self.here, self.line) = (place, place);
    }

    fn shift(&mut self, operands: &[Object]) {
        let shift = Matrix::shift(number(operands.first()), number(operands.get(1)));
        self.set(shift.then(self.line));
    }

    fn next_line(&mut self) {
        self.set(Matrix::shift(0.0, -self.leading).then(self.line));
    }
}

impl Drawing {
    /// The next text is drawn from here: after a space if it is on the same line as the last, on a new line otherwise.
    fn go_to(&mut self, place: Matrix) {
        let (along, here) = (place.along, place.origin);
        if let Some(last) = self.last
            && last != here
        {
            // Across the direction of writing, whichever way the page is turned.
            let length = along.0.hypot(along.1);
            let across = ((here.0 - last.0) * along.1 - (here.1 - last.1) * along.0) / length;
            if length > 0.0 && across.abs() < LINE_SHIFT { self.space() } else { self.line() }
        }
        self.last = Some(here);
    }

    fn push(&mut self, text: &str) {
        if self.text.len() + text.len() <= TEXT_BYTES_MAX {
            self.text.push_str(text);
        }
    }

    fn space(&mut self) {
        self.push(" ");
    }

    fn line(&mut self) {
        self.push("\n");
    }
}

fn number(object: Option<&Object>) -> f64 {
    object.and_then(|object| object.as_float().ok()).map_or(0.0, f64::from)
}
