//! Photos of pages, made: a page drawn by the engine's own renderer of PDF, laid on a table, lit, and seen by a lens that may
//! be out of focus or move. Only light and dark: nothing here is measured on colours.

use std::path::Path;

use document::{Mask, PagePlan, Plan, Point};
use image::RgbImage;
use lopdf::{Object, Stream, dictionary};

use crate::common::{carry_out, file, pdf_document, read_picture, save};

/// Width and height of a photo, in pixels: as prepared.
pub(crate) const SIZE: (usize, usize) = (1512, 2016);

/// Width and height of a page's picture: so that a photo always has less of it.
const PAGE: (usize, usize) = (2828, 4000);

/// Light and dark, from 0 to 255, row by row.
pub(crate) struct Light {
    pub(crate) width: usize,
    pub(crate) values: Vec<f32>,
}

impl Light {
    pub(crate) fn new((width, height): (usize, usize), value: impl Fn(f32, f32) -> f32) -> Self {
        let at = |index: usize, side: usize| (index as f32 + 0.5) / side as f32;
        let values =
            (0..width * height).map(|index| value(at(index % width, width), at(index / width, height)));
        Self { width, values: values.collect() }
    }

    fn height(&self) -> usize {
        self.values.len() / self.width
    }

    /// The value at a place in fractions, of the nearest pixel; `None` outside.
    fn at(&self, x: f32, y: f32) -> Option<f32> {
        if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
            return None;
        }
        let (column, row) = ((x * self.width as f32) as usize, (y * self.height() as f32) as usize);
        self.values.get(row * self.width + column).copied()
    }

    /// Each pixel becomes the sum of others, at these steps from it, weighted. Beyond the edges the edge goes on.
    fn spread(&self, taps: &[((isize, isize), f32)]) -> Self {
        let reach = taps.iter().map(|((across, _), _)| across.unsigned_abs()).max().unwrap_or(0);
        let height = self.height();
        let mut wide = vec![0.0; self.width + 2 * reach];
        let mut values = vec![0.0; self.values.len()];
        for (row, sums) in values.chunks_exact_mut(self.width).enumerate() {
            for &((across, down), weight) in taps {
                let from = row.saturating_add_signed(down).min(height - 1) * self.width;
                let source = &self.values[from..from + self.width];
                wide[reach..reach + self.width].copy_from_slice(source);
                wide[..reach].fill(source[0]);
                wide[reach + self.width..].fill(source[self.width - 1]);
                let shifted = &wide[reach.saturating_add_signed(across)..];
                sums.iter_mut().zip(shifted).for_each(|(sum, value)| *sum += weight * value);
            }
        }
        Self { width: self.width, values }
    }

    /// Out of focus: a Gaussian of this deviation, in pixels.
    pub(crate) fn blurred(&self, deviation: f32) -> Self {
        let reach = (3.0 * deviation).ceil() as isize;
        let weight = |step: isize| (-(step as f32 / deviation).powi(2) / 2.0).exp();
        let sum: f32 = (-reach..=reach).map(weight).sum();
        let taps = |along: fn(isize) -> (isize, isize)| {
            (-reach..=reach).map(|step| (along(step), weight(step) / sum)).collect::<Vec<_>>()
        };
        self.spread(&taps(|step| (step, 0))).spread(&taps(|step| (0, step)))
    }

    /// Out of focus as a lens is: a point becomes a disc of this radius, in pixels, its rim in part.
    pub(crate) fn defocused(&self, radius: f32) -> Self {
        let reach = radius.ceil() as isize;
        let cover =
            |across: isize, down: isize| (radius + 0.5 - (across as f32).hypot(down as f32)).clamp(0.0, 1.0);
        let places = (-reach..=reach).flat_map(|down| (-reach..=reach).map(move |across| (across, down)));
        let taps = places.map(|(across, down)| ((across, down), cover(across, down)));
        let taps: Vec<_> = taps.filter(|(_, weight)| *weight > 0.0).collect();
        let sum: f32 = taps.iter().map(|(_, weight)| weight).sum();
        self.spread(&taps.into_iter().map(|(step, weight)| (step, weight / sum)).collect::<Vec<_>>())
    }

    /// Moved while it was taken: along an arc of so many pixels that begins in this direction and turns by so much (radians).
    pub(crate) fn moved(&self, pixels: f32, direction: f32, turn: f32) -> Self {
        let steps = (pixels * 2.0).ceil() as usize;
        let (mut x, mut y, mut places) = (0.0_f32, 0.0_f32, vec![(0.0, 0.0)]);
        for step in 0..steps {
            let angle = direction + turn * step as f32 / steps as f32;
            x += pixels / steps as f32 * angle.cos();
            y += pixels / steps as f32 * angle.sin();
            places.push((x, y));
        }
        let weight = 1.0 / places.len() as f32;
        let step =
            |(at_x, at_y): (f32, f32)| ((at_x - x / 2.0).round() as isize, (at_y - y / 2.0).round() as isize);
        self.spread(&places.into_iter().map(|place| (step(place), weight)).collect::<Vec<_>>())
    }

    /// With light and shade, in fractions of the picture: a factor, and what a lamp adds.
    pub(crate) fn lit(mut self, light: impl Fn(f32, f32) -> (f32, f32)) -> Self {
        let lights = Self::new((self.width, self.height()), |x, y| light(x, y).0);
        let lamps = Self::new((self.width, self.height()), |x, y| light(x, y).1);
        for ((value, factor), more) in self.values.iter_mut().zip(lights.values).zip(lamps.values) {
            *value = value.min(255.0) * factor + more;
        }
        self
    }

    /// As a camera gives it: a little grain, and edges made steeper.
    pub(crate) fn developed(&self, dice: &mut Dice, grain: f32) -> RgbImage {
        let soft = self.blurred(0.8);
        RgbImage::from_fn(self.width as u32, self.height() as u32, |column, row| {
            let index = row as usize * self.width + column as usize;
            let (value, around) = (self.values[index], soft.values[index]);
            let seen = value + 0.6 * (value - around) + grain * (dice.roll() + dice.roll() - 1.0) * 2.0;
            image::Rgb([seen.clamp(0.0, 255.0) as u8; 3])
        })
    }
}

/// Numbers that look like chance and are the same each time (xorshift, G. Marsaglia 2003).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Between 0 and 1.
    pub(crate) fn roll(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    pub(crate) fn between(&mut self, least: f32, most: f32) -> f32 {
        least + self.roll() * (most - least)
    }
}

/// One line of a page: font of the standard fourteen, size in points, place in points from the bottom left, text.
pub(crate) type Line = (&'static str, f32, (f32, f32), String);

/// The picture of an A4 page with these lines. A quarter of it is drawn at a time, as large as a whole page would be.
pub(crate) fn page(lines: &[Line]) -> Light {
    let directory = tempfile::tempdir().unwrap();
    let mut document = pdf_document(&["", "", "", ""]);
    let drawn = lines
        .iter()
        .map(|(font, size, (x, y), text)| format!("BT /{font} {size} Tf {x} {y} Td ({text}) Tj ET\n"));
    let contents = document.add_object(Stream::new(
        dictionary! {},
        drawn.collect::<String>().chars().map(|c| c as u8).collect(),
    ));
    let mut fonts = lopdf::Dictionary::new();
    for (font, ..) in lines {
        let known = dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => Object::Name((*font).into()),
            "Encoding" => "WinAnsiEncoding",
        };
        fonts.set(*font, known);
    }
    let resources = dictionary! { "Font" => fonts };
    let (half_width, half_height) = (297.5, 421.0);
    for (number, id) in document.get_pages() {
        let left = if number % 2 == 0 { half_width } else { 0.0 };
        let bottom = if number > 2 { 0.0 } else { half_height };
        let corners = [left, bottom, left + half_width, bottom + half_height];
        let page = document.get_object_mut(id).and_then(Object::as_dict_mut).unwrap();
        page.set("MediaBox", corners.map(Object::from).to_vec());
        page.set("Contents", contents);
        page.set("Resources", resources.clone());
    }
    let source = file(directory.path(), "page.pdf", &save(document));
    let quarters = [0, 1, 2, 3].map(|page| quarter(&source, page, directory.path()));
    Light::new(PAGE, |x, y| {
        let quarter = &quarters[usize::from(x >= 0.5) + 2 * usize::from(y >= 0.5)];
        let (width, height) = quarter.dimensions();
        let (x, y) = ((2.0 * x).fract() * width as f32, (2.0 * y).fract() * height as f32);
        // The corner that was masked so that the page is drawn is paper again.
        if x < 9.0 && y < 9.0 { 255.0 } else { f32::from(quarter.get_pixel(x as u32, y as u32).0[1]) }
    })
}

fn quarter(source: &Path, page: u32, directory: &Path) -> RgbImage {
    let out = directory.join(format!("{page}.pdf"));
    let mut plan = PagePlan::new(source);
    plan.page = Some(page);
    plan.masks = vec![Mask { page: 0, from: Point { x: 0.0, y: 0.0 }, to: Point { x: 0.001, y: 0.001 } }];
    carry_out(&Plan::new(vec![plan]), &out).unwrap();
    let document = lopdf::Document::load(&out).unwrap();
    let id = document.get_pages()[&1];
    let images = document.get_page_images(id).unwrap();
    read_picture(&file(directory, "quarter.jpg", images[0].content))
}

/// How a page lies in a photo.
#[derive(Clone, Copy)]
pub(crate) struct Pose {
    /// The page's height, in heights of the photo.
    pub(crate) height: f32,
    /// The page's middle, in fractions of the photo.
    pub(crate) middle: (f32, f32),
    /// How it is turned, in degrees.
    pub(crate) turn: f32,
    /// How much narrower its far edge is, as a share.
    pub(crate) lean: f32,
}

/// What a lens sees of a page on a table.
pub(crate) fn seen(
    page: &Light,
    pose: Pose,
    paper: impl Fn(f32, f32) -> f32,
    table: impl Fn(f32, f32) -> f32,
) -> Light {
    let (width, height) = (SIZE.0 as f32, SIZE.1 as f32);
    let long = pose.height * height;
    let (sine, cosine) = pose.turn.to_radians().sin_cos();
    let look = |x: f32, y: f32| {
        let (x, y) = ((x - pose.middle.0) * width / long, (y - pose.middle.1) * height / long);
        let (across, down) = (x * cosine + y * sine, y * cosine - x * sine);
        // The nearer its foot, the wider the page is.
        let depth = 1.0 + pose.lean * down;
        let (across, down) = (across / depth * (297.0 / 210.0) + 0.5, down + 0.5);
        page.at(across, down).map_or_else(|| table(x, y), |ink| ink / 255.0 * paper(across, down))
    };
    // Four places in each pixel.
    let (fine_x, fine_y) = (0.25 / width, 0.25 / height);
    Light::new(SIZE, |x, y| {
        let places = [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)];
        places.iter().map(|(i, j)| look(x + i * fine_x, y + j * fine_y)).sum::<f32>() / 4.0
    })
}
