/*
 * A piece being put together: what it is for, and its pages in the order in which the agent will see them. Written down
 * after every change, the camera's target even before the camera opens: a phone short of memory ends this process while
 * the photo is taken, and nothing of it may be lost.
 */
package fr.mademande.brouillon

import fr.mademande.ajout.Slot
import fr.mademande.coeur.Avertissement
import fr.mademande.coeur.Corners
import fr.mademande.coeur.Mask
import fr.mademande.coeur.PagePlan
import fr.mademande.coeur.Plan
import fr.mademande.coeur.Rotation
import java.io.File

data class Brouillon(
    val slot: Slot = Slot(),
    val pages: List<Page> = emptyList(),
    /** The file that the camera was asked to fill. */
    val photo: String? = null,
) {
    /** Whether it is known what the piece is for. */
    val placed: Boolean get() = slot.rubrique != null && slot.typePiece != null

    /** Bytes of what will be sent, about. */
    val estimate: Long get() = pages.sumOf { it.estimate }

    fun withPage(at: Int, change: (Page) -> Page): Brouillon =
        copy(pages = pages.mapIndexed { index, page -> if (index == at) change(page) else page })

    /** The page at [at] moved by [by] places, where there is room. */
    fun moved(at: Int, by: Int): Brouillon {
        if (at !in pages.indices || at + by !in pages.indices) return this
        return copy(pages = pages.toMutableList().apply { add(at + by, removeAt(at)) })
    }

    fun without(at: Int): Brouillon = copy(pages = pages.filterIndexed { index, _ -> index != at })

    /** What the engine is to make of it; the files lie in [folder]. */
    fun plan(folder: File): Plan = Plan(
        pages.map {
            PagePlan(
                source = File(folder, it.file).path,
                rotation = it.rotation,
                corners = it.corners,
                clean = it.clean,
                masks = it.masks,
            )
        },
    )
}

/** One photo, or one PDF with all its pages. */
data class Page(
    /** Its file's name in the draft's folder. */
    val file: String,
    val pdf: Boolean,
    /** Pages of the PDF; 1 for a photo. */
    val count: Int = 1,
    val rotation: Rotation = Rotation.AUCUNE,
    /** Where the sheet is cut out of the photo; the whole photo without it. */
    val corners: Corners? = null,
    /** Where the engine saw a sheet. */
    val found: Corners? = null,
    val clean: Boolean = false,
    val masks: List<Mask> = emptyList(),
    val warnings: List<Avertissement> = emptyList(),
    /** What the document says it is, by its 2D-Doc. */
    val suggestion: String? = null,
    /** Bytes once prepared, about. */
    val estimate: Long = 0,
)

/** A quarter further, clockwise. */
fun Rotation.next(): Rotation = Rotation.entries[(ordinal + 1) % Rotation.entries.size]
