/* Photos that only the platform reads (HEIC, AVIF) become upright JPEGs, where Android can: from version 9. */
package fr.mademande.brouillon

import android.graphics.Bitmap
import android.graphics.ImageDecoder
import android.os.Build
import android.util.Size
import fr.mademande.ui.SinceApi
import java.io.File
import java.io.IOException

/** Replaces the photo by a JPEG; false where this phone cannot read it. */
fun decodeToJpeg(file: File): Boolean {
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P) return false
    val bitmap = try {
        decode(file)
    } catch (_: IOException) {
        return false
    }
    file.outputStream().use { bitmap.compress(Bitmap.CompressFormat.JPEG, QUALITY, it) }
    bitmap.recycle()
    return true
}

@SinceApi(Build.VERSION_CODES.P)
private fun decode(file: File): Bitmap = ImageDecoder.decodeBitmap(ImageDecoder.createSource(file), Bounded)

/** Software, since the pixels are to be read; so large and no larger, since a phone has little memory. */
@SinceApi(Build.VERSION_CODES.P)
private object Bounded : ImageDecoder.OnHeaderDecodedListener {
    override fun onHeaderDecoded(decoder: ImageDecoder, info: ImageDecoder.ImageInfo, source: ImageDecoder.Source) {
        decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
        val size = bounded(info.size)
        decoder.setTargetSize(size.width, size.height)
    }
}

private fun bounded(size: Size): Size {
    val long = maxOf(size.width, size.height)
    if (long <= SIDE_PIXELS_MAX) return size
    return Size(maxOf(1, size.width * SIDE_PIXELS_MAX / long), maxOf(1, size.height * SIDE_PIXELS_MAX / long))
}

/** What the engine keeps of a photo at most, and 36 MB of pixels. */
private const val SIDE_PIXELS_MAX = 3_000

/** The engine encodes again: nothing should be lost before. */
private const val QUALITY = 95
