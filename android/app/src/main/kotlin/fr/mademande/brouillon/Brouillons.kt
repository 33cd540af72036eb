/*
 * The one draft, on the disk. Its folder holds the files of its pages and `brouillon.json`, replaced atomically. A file
 * that the draft no longer names is erased; a draft that cannot be read is given up with its files: the documents
 * themselves are still where the person took them from.
 */
package fr.mademande.brouillon

import android.util.AtomicFile
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.util.UUID
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

class Brouillons(val folder: File) {
    private val journal = AtomicFile(File(folder, "brouillon.json"))
    private val current = MutableStateFlow(load())

    val state: StateFlow<Brouillon> = current.asStateFlow()

    init {
        sweep(current.value)
    }

    /** Applies a change; it is on the disk when this returns. */
    @Synchronized
    @Throws(IOException::class)
    fun update(change: (Brouillon) -> Brouillon) {
        val before = current.value
        val after = change(before)
        if (after == before) return
        write(after)
        current.value = after
        for (gone in before.files() - after.files()) file(gone).delete()
    }

    /** Gives everything up; never fails, since erasing needs no room. */
    @Synchronized
    fun clear() {
        journal.delete()
        current.value = Brouillon()
        sweep(current.value)
    }

    /** Erases a file unless the draft names it as a page, and no longer expects it from the camera. */
    @Synchronized
    fun drop(name: String) {
        if (current.value.pages.any { it.file == name }) return
        file(name).delete()
        update { if (it.photo == name) it.copy(photo = null) else it }
    }

    /** A name for a new file of the draft. */
    fun newName(): String = UUID.randomUUID().toString()

    fun file(name: String): File = File(folder, name)

    private fun write(brouillon: Brouillon) {
        folder.mkdirs()
        val out = journal.startWrite()
        try {
            out.write(brouillon.toJson().toByteArray())
            journal.finishWrite(out)
        } catch (failure: IOException) {
            journal.failWrite(out)
            throw failure
        }
    }

    private fun load(): Brouillon = try {
        readBrouillon(journal.readFully().decodeToString()) ?: Brouillon()
    } catch (_: FileNotFoundException) {
        Brouillon()
    } catch (_: IOException) {
        Brouillon()
    }

    private fun sweep(brouillon: Brouillon) {
        val kept = brouillon.files() + journal.baseFile.name
        for (file in folder.listFiles().orEmpty()) if (file.name !in kept) file.delete()
    }

    private fun Brouillon.files(): Set<String> = (pages.map { it.file } + listOfNotNull(photo)).toSet()
}
