"""Pillow as a careful programmer uses it: decoded near the size wanted, turned, resampled, optimised.

    pillow_thumbnail.py PHOTO OUT SIDE QUALITY
"""

import sys

from PIL import Image, ImageOps

photo, out, side, quality = sys.argv[1:]
with Image.open(photo) as image:
    image.thumbnail((int(side), int(side)), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(image).convert("RGB").save(out, "JPEG", quality=int(quality), optimize=True)
