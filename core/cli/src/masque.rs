//! `--masque`: a rectangle to blacken, as a person measures it on the page.

use document::{Mask, Point};

/// Reads « page:gauche,haut,largeur,hauteur », in percent of the page from its top left corner. What is not wholly on the
/// page is refused: somebody may have meant something else, and believes it hidden.
pub(crate) fn read(typed: &str) -> Result<Mask, String> {
    let read = || {
        let (page, rectangle) = typed.split_once(':')?;
        let page: u32 = page.trim().parse().ok()?;
        let numbers = rectangle.split(',').map(|number| number.trim().parse::<f32>());
        let numbers: Vec<f32> = numbers.collect::<Result<_, _>>().ok()?;
        let [left, top, width, height] = numbers[..] else { return None };
        let within = |from: f32, length: f32| from >= 0.0 && length > 0.0 && from + length <= 100.0;
        let on_page = within(left, width) && within(top, height);
        on_page.then_some(Mask {
            page: page.checked_sub(1)?,
            from: Point { x: left / 100.0, y: top / 100.0 },
            to: Point { x: (left + width) / 100.0, y: (top + height) / 100.0 },
        })
    };
    read().ok_or_else(|| {
        "écrivez le numéro de la page (à partir de 1), deux-points, puis la distance à gauche, la distance en haut, la \
         largeur et la hauteur du rectangle, en pour cent de la page, par exemple 1:10,25,30,4 ; le rectangle doit tenir \
         dans la page"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_is_read_in_percent_from_page_1() {
        let mask = Mask { page: 1, from: Point { x: 0.125, y: 0.5 }, to: Point { x: 0.375, y: 1.0 } };
        assert_eq!(read("2:12.5,50,25,50"), Ok(mask));
        assert_eq!(read(" 2 : 12.5, 50, 25, 50 "), Ok(mask));
    }

    #[test]
    fn what_is_no_rectangle_of_a_page_is_refused() {
        for typed in [
            "",
            "1",
            "1:",
            "10,10,10,10",
            "0:10,10,10,10",
            "-1:10,10,10,10",
            "1:10,10,10",
            "1:10,10,10,10,10",
            "1:a,10,10,10",
            "1:NaN,10,10,10",
            "1:inf,10,10,10",
            "1:-1,10,10,10",
            "1:10,10,0,10",
            "1:10,10,91,10",
            "1:10,95,10,6",
        ] {
            assert!(read(typed).is_err(), "{typed}");
        }
    }
}
