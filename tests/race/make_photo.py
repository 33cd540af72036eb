"""Makes a photo as a phone takes it of a page on a table: perspective, uneven light, a hand's shadow, a soft lens,
a sensor's noise, sharpening, EXIF orientation 6 and a position.

    make_photo.py PAGE.png WIDTH HEIGHT SEED OUT.jpg
"""

import sys

import cv2
import numpy as np
from PIL import Image

MARGIN = 0.07
# The sensitivity of the sizes below: they are given for a photo of 12 megapixels, upright 3024 wide.
WIDTH_OF_12_MEGAPIXELS = 3024


def scene(page, width, height, rng):
    """The page on the table, lit, in floats."""
    page_height, page_width = page.shape[:2]
    corners = np.float32([
        [width * (MARGIN + 0.02), height * (MARGIN + 0.01)],
        [width * (1 - MARGIN - 0.03), height * (MARGIN - 0.01)],
        [width * (1 - MARGIN + 0.015), height * (1 - MARGIN + 0.005)],
        [width * (MARGIN - 0.02), height * (1 - MARGIN - 0.01)],
    ])
    flat = np.float32([[0, 0], [page_width, 0], [page_width, page_height], [0, page_height]])
    to_photo = cv2.getPerspectiveTransform(flat, corners)
    reduction = max(page_width / width, 1.0)
    if reduction > 1.1:
        page = cv2.GaussianBlur(page, (0, 0), 0.45 * reduction)
    paper = np.array([228, 236, 240], np.float32) / 255
    sheet = cv2.warpPerspective(page, to_photo, (width, height), flags=cv2.INTER_CUBIC).astype(np.float32) * paper
    fibres = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 2.2) * 4
    grain = rng.normal(0, 1, (height // 64 + 1, width // 6 + 1)).astype(np.float32)
    grain = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    white = np.full((page_height, page_width), 255, np.uint8)
    covered = cv2.warpPerspective(white, to_photo, (width, height)).astype(np.float32) / 255
    light = illumination(width, height)
    for channel, wood in enumerate((60, 92, 130)):
        on_table = wood + 9 * grain
        sheet[..., channel] = light * ((sheet[..., channel] + fibres) * covered + on_table * (1 - covered))
    return sheet


def illumination(width, height):
    """A lamp at the upper left, and the shadow of a hand over the lower right."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x /= width
    y /= height
    lamp = 0.62 + 0.38 * np.exp(-((x - 0.3) ** 2 + (y - 0.25) ** 2) / 0.55)
    shadow = 1 / (1 + np.exp(-((x * 0.8 + y * 0.6) - 1.02) * 26))
    return lamp * (1 - 0.42 * shadow)


def camera(image, scale, rng):
    """Lens, sensor, and the phone's own sharpening."""
    image = cv2.GaussianBlur(image, (0, 0), 0.75 * scale)
    noise = cv2.GaussianBlur(rng.normal(0, 1, image.shape).astype(np.float32), (0, 0), 0.6) * 1.6
    image += noise * (1.1 + np.sqrt(np.clip(image, 0, 255)) * 0.16)
    del noise
    image += 0.6 * (image - cv2.GaussianBlur(image, (0, 0), 1.4 * scale))
    return np.clip(image, 0, 255).astype(np.uint8)


def main():
    page, width, height, seed, out = sys.argv[1:]
    # Stored lying, shown standing.
    width, height = int(height), int(width)
    rng = np.random.default_rng(int(seed))
    image = camera(scene(cv2.imread(page, cv2.IMREAD_COLOR), width, height, rng), width / WIDTH_OF_12_MEGAPIXELS, rng)
    photo = Image.fromarray(image[..., ::-1]).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation
    exif[0x010F] = "Essai"  # Make
    exif.get_ifd(0x8825).update({1: "N", 2: (45.0, 45.0, 24.12), 3: "E", 4: (4.0, 50.0, 15.12)})  # GPS
    photo.save(out, "JPEG", quality=93, subsampling="4:2:0", exif=exif)


main()
