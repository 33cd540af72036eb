/*
 * Pages drawn for the screen, kept in the cache while they are looked at. The engine keeps the documents themselves and
 * draws a page again whenever it is wanted: what is here is only what need not be drawn twice in a row.
 */
package fr.mademande

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import fr.mademande.coeur.JustificatifId
import fr.mademande.coeur.apercuLocal
import java.io.File
import java.io.IOException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

class Apercus(private val folder: File) {
    /** Page [page] (from 1) of the document at [path]; null where it cannot be shown. */
    suspend fun page(piece: JustificatifId, path: String, page: UInt): Bitmap? = withContext(Dispatchers.IO) {
        folder.mkdirs()
        val drawn = File(folder, "$piece-$page.jpg")
        if (!drawn.exists()) {
            apercuLocal(path, page, SIDE_PIXELS_MAX, drawn.path)
            shrink(drawn)
        }
        BitmapFactory.decodeFile(drawn.path)
    }

    /** Forgets everything. */
    fun clear() {
        if (!folder.deleteRecursively()) throw IOException("the previews could not be erased")
    }

    /** Oldest first, until what is left fits; the page just drawn stays. */
    private fun shrink(drawn: File) {
        val files = folder.listFiles().orEmpty().filter { it != drawn }.sortedBy { it.lastModified() }
        var bytes = files.sumOf { it.length() } + drawn.length()
        for (file in files) {
            if (bytes <= CACHE_BYTES_MAX) return
            bytes -= file.length()
            file.delete()
        }
    }

    private companion object {
        /** Read at arm's length, enlarged twice: about the pixels of a phone's screen. */
        const val SIDE_PIXELS_MAX = 1_600u

        /** Some forty pages. */
        const val CACHE_BYTES_MAX = 10_000_000L
    }
}
