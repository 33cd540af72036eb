/*
 * Files of others become pages of the draft. Whatever is handed over (a content provider may return a pipe, a file that
 * grows for ever, or a door into our own storage) is streamed at once into a private file, so far and no further, and only
 * that copy is looked at. Goes on when the screen is turned.
 *
 * What can go wrong: the file is of no use (the engine says why), cannot be read at all, or there are more than a person
 * can look through: then none is taken, and the person is told, since a page that is missing unseen is asked for again.
 */
package fr.mademande.brouillon

import android.content.ContentResolver
import android.content.Context
import android.net.Uri
import fr.mademande.R
import fr.mademande.coeur.Echec
import fr.mademande.coeur.MediaType
import fr.mademande.coeur.Phrase
import fr.mademande.coeur.inspecter
import fr.mademande.coeur.limites
import fr.mademande.coeur.proposer
import java.io.File
import java.io.IOException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

class Imports(private val context: Context, private val brouillons: Brouillons, private val scope: CoroutineScope) {
    /** How many files are being looked at, and what was wrong with the last that could not be taken. */
    data class State(val running: Int = 0, val failure: Echec? = null)

    private val current = MutableStateFlow(State())
    private val oneByOne = Mutex()

    val state: StateFlow<State> = current.asStateFlow()

    /** Takes files of other apps, in this order. */
    fun start(uris: List<Uri>) {
        if (uris.size > FILES_MAX) return launch { throw tooMany() }
        for (uri in uris) {
            val name = brouillons.newName()
            launch(name) {
                copy(uri, brouillons.file(name))
                look(name)
            }
        }
    }

    /** Takes what the camera has left where it was told to; an empty file means that no photo was taken. */
    fun startPhoto() {
        val name = brouillons.state.value.photo ?: return
        launch(name) { if (brouillons.file(name).length() > 0) look(name) }
    }

    /** The person has read it. */
    fun forgetFailure() {
        current.value = current.value.copy(failure = null)
    }

    /** Works on the file [name]; what did not become a page is erased, even when the session ends meanwhile. */
    private fun launch(name: String? = null, work: suspend () -> Unit) {
        current.value = State(current.value.running + 1)
        scope.launch {
            var failure: Echec? = null
            try {
                oneByOne.withLock { work() }
            } catch (refusal: Echec) {
                failure = refusal
            } catch (_: IOException) {
                failure = unreadable()
            } finally {
                current.value = State(current.value.running - 1, failure ?: current.value.failure)
                try {
                    name?.let(brouillons::drop)
                } catch (_: IOException) {
                    // The disk is full: the draft still expects the photo, and its next opening finds that there is none.
                }
            }
        }
    }

    private suspend fun look(name: String) {
        val page = page(name, brouillons.file(name))
        brouillons.update { it.copy(pages = it.pages + page, photo = it.photo.takeIf { photo -> photo != name }) }
    }

    private suspend fun page(name: String, file: File): Page {
        val inspection = try {
            inspecter(file.path)
        } catch (refusal: Echec.ADecoder) {
            if (!withContext(Dispatchers.IO) { decodeToJpeg(file) }) throw refusal
            inspecter(file.path)
        }
        val proposition = proposer(file.path)
        val found = proposition.corners
        return Page(
            file = name,
            pdf = inspection.mediaType == MediaType.PDF,
            count = inspection.pages.toInt(),
            corners = found?.corners.takeIf { found?.sure == true },
            found = found?.corners,
            warnings = proposition.avertissements,
            suggestion = proposition.suggestion?.document,
            estimate = proposition.tailleEstimee.toLong(),
        )
    }

    /** One byte more than may be looked at is enough: the engine then says that it is too much. */
    private suspend fun copy(uri: Uri, to: File) = withContext(Dispatchers.IO) {
        if (uri.scheme != ContentResolver.SCHEME_CONTENT || uri.authority == context.getString(R.string.photo_authority)) throw unreadable()
        val most = limites().sourceBytesMax.toLong() + 1
        try {
            val input = context.contentResolver.openInputStream(uri) ?: throw unreadable()
            brouillons.folder.mkdirs()
            input.use { from ->
                to.outputStream().use { out ->
                    val buffer = ByteArray(BUFFER_BYTES)
                    var left = most
                    while (left > 0) {
                        val read = from.read(buffer, 0, minOf(left, buffer.size.toLong()).toInt())
                        if (read < 0) break
                        out.write(buffer, 0, read)
                        left -= read
                    }
                }
            }
        } catch (_: RuntimeException) {
            // The other app's provider may throw anything: no permission any more, or a fault of its own.
            throw unreadable()
        }
    }

    private fun tooMany() = Echec.Appareil(Phrase("trop_de_fichiers", context.getString(R.string.import_too_many, FILES_MAX)))

    private fun unreadable() = Echec.Appareil(Phrase("source_illisible", context.getString(R.string.import_unreadable)))

    companion object {
        /** Files taken at once: as many as a person looks through; more are a slip of the finger. */
        const val FILES_MAX = 20

        private const val BUFFER_BYTES = 64 * 1024
    }
}
