/*
 * One page at work: the sheet's corners, its turn, what is to be blackened. Whatever a finger does on the picture is also
 * done by the buttons below, which stay in reach while the picture is looked at.
 */
package fr.mademande.revue

import android.content.Context
import android.content.Intent
import android.graphics.Bitmap
import android.os.Bundle
import android.view.Gravity
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.widget.LinearLayout
import fr.mademande.R
import fr.mademande.brouillon.CORNERS
import fr.mademande.brouillon.Page
import fr.mademande.brouillon.WHOLE
import fr.mademande.brouillon.moved
import fr.mademande.brouillon.newMask
import fr.mademande.brouillon.next
import fr.mademande.brouillon.plus
import fr.mademande.brouillon.resized
import fr.mademande.brouillon.toList
import fr.mademande.brouillon.uprightCorner
import fr.mademande.brouillon.uprightStep
import fr.mademande.brouillon.with
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Mask
import fr.mademande.ui.Screen
import fr.mademande.ui.Tone
import fr.mademande.ui.Weight
import fr.mademande.ui.button
import fr.mademande.ui.check
import fr.mademande.ui.dp
import fr.mademande.ui.iconButton
import fr.mademande.ui.notice
import fr.mademande.ui.side
import fr.mademande.ui.tell
import fr.mademande.ui.text
import java.io.IOException
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch

class PageActivity : Screen() {
    private val at: Int by lazy { intent.getIntExtra(AT, 0) }
    private var hiding = false
    private var resizing = false
    private var selected = 0

    /** The page of a PDF that is looked at, from 0. */
    private var leaf = 0
    private var picture: Bitmap? = null
    private var loading: Job? = null

    private val page: Page? get() = container.brouillons.state.value.pages.getOrNull(at)

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val page = page ?: return finish()
        hiding = savedInstanceState?.getBoolean(HIDING) ?: page.pdf
        leaf = savedInstanceState?.getInt(LEAF) ?: 0
        draw()
        load()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putBoolean(HIDING, hiding)
        state.putInt(LEAF, leaf)
    }

    private fun load() {
        val page = page ?: return
        loading?.cancel()
        loading = scope.launch {
            picture = try {
                container.apercus.page(page.file, container.brouillons.file(page.file).path, (leaf + 1).toUInt())
            } catch (_: Echec) {
                null
            }
            draw()
        }
    }

    private fun draw() {
        val page = page ?: return finish()
        show(
            getString(if (hiding) R.string.page_hide_title else R.string.page_title),
            footer = { controls(page) },
        ) {
            picture(page)
            if (page.pdf && page.count > 1) leaves(page)
            if (hiding) maskList(page) else sheet(page)
        }
    }

    private fun LinearLayout.picture(page: Page) {
        val view = PageView(context)
        view.touch = if (hiding) PageView.Touch.MASKS else PageView.Touch.CORNERS
        view.bitmap = picture
        view.rotation = page.rotation
        view.masks = page.shownMasks()
        view.corners = if (hiding || page.pdf) null else page.corners ?: WHOLE
        view.selected = if (hiding) selected else uprightCorner(selected, page.rotation)
        view.onCorners = { corners, corner ->
            selected = (corner + page.rotation.ordinal) % CORNERS
            change { it.copy(corners = corners) }
        }
        view.onMask = { mask -> addMask(mask.copy(page = leaf.toUInt())) }
        view.contentDescription = getString(if (hiding) R.string.page_hide_picture else R.string.page_corners_picture)
        addView(view, LinearLayout.LayoutParams(MATCH_PARENT, dp(PICTURE_DP)))
    }

    private fun LinearLayout.leaves(page: Page) = side {
        iconButton(R.drawable.ic_left, getString(R.string.leaf_before), enabled = leaf > 0) { turnTo(leaf - 1) }
        text(getString(R.string.leaf_of, leaf + 1, page.count), above = 0).apply {
            gravity = Gravity.CENTER
            layoutParams = LinearLayout.LayoutParams(0, MATCH_PARENT, 2f)
        }
        iconButton(R.drawable.ic_right, getString(R.string.leaf_next), enabled = leaf < page.count - 1) { turnTo(leaf + 1) }
    }

    private fun turnTo(next: Int) {
        leaf = next
        selected = 0
        picture = null
        draw()
        load()
    }

    private fun LinearLayout.sheet(page: Page) {
        if (page.pdf) return
        text(getString(R.string.page_corners_help), R.dimen.text_s, R.color.mention)
        page.found?.takeIf { it != page.corners }?.let { found ->
            button(getString(R.string.page_found), Weight.SECONDARY) { change { it.copy(corners = found) } }
        }
        if (page.corners != null) button(getString(R.string.page_whole), Weight.SECONDARY) { change { it.copy(corners = null) } }
        check(getString(R.string.page_clean), page.clean) { clean -> change { it.copy(clean = clean) } }
    }

    private fun LinearLayout.maskList(page: Page) {
        text(getString(R.string.page_hide_help), R.dimen.text_s, R.color.mention)
        for (warning in page.warnings.filter { it.code.startsWith(NIR) }) notice(Tone.WARNING, null, say(warning))
        button(getString(R.string.mask_add), Weight.SECONDARY) { addMask(newMask(leaf.toUInt())) }
        if (page.shownMasks().isNotEmpty()) {
            button(getString(R.string.mask_remove, selected + 1), Weight.SECONDARY) { removeMask() }
        }
    }

    /** What stays in the thumb's reach. */
    private fun LinearLayout.controls(page: Page) {
        if (hiding) maskControls(page) else if (!page.pdf) cornerControls()
        side {
            iconButton(R.drawable.ic_rotate, getString(R.string.page_turn, at + 1)) { change { it.copy(rotation = it.rotation.next()) } }
            if (!page.pdf) {
                val label = getString(if (hiding) R.string.page_title else R.string.page_hide_title)
                iconButton(if (hiding) R.drawable.ic_edit else R.drawable.ic_hide, label) {
                    hiding = !hiding
                    selected = 0
                    draw()
                }
            }
            iconButton(R.drawable.ic_check, getString(R.string.page_done), chosen = true) { finish() }
        }
    }

    private fun LinearLayout.cornerControls() {
        side {
            for (corner in 0 until CORNERS) {
                iconButton(CORNER_ICONS[corner], getString(CORNER_NAMES[corner]), chosen = corner == selected) {
                    selected = corner
                    draw()
                }
            }
        }
        arrows()
    }

    private fun LinearLayout.maskControls(page: Page) {
        val masks = page.shownMasks()
        if (masks.isEmpty()) return
        side {
            iconButton(R.drawable.ic_next, getString(R.string.mask_next), enabled = masks.size > 1) {
                selected = (selected + 1) % masks.size
                draw()
            }
            iconButton(R.drawable.ic_move, getString(R.string.mask_move), chosen = !resizing) {
                resizing = false
                draw()
            }
            iconButton(R.drawable.ic_resize, getString(R.string.mask_resize), chosen = resizing) {
                resizing = true
                draw()
            }
        }
        arrows()
    }

    private fun LinearLayout.arrows() = side {
        iconButton(R.drawable.ic_left, getString(R.string.step_left)) { step(-STEP, 0f) }
        iconButton(R.drawable.ic_up, getString(R.string.step_up)) { step(0f, -STEP) }
        iconButton(R.drawable.ic_down, getString(R.string.step_down)) { step(0f, STEP) }
        iconButton(R.drawable.ic_right, getString(R.string.step_right)) { step(STEP, 0f) }
    }

    private fun step(dx: Float, dy: Float) = change { page ->
        val step = uprightStep(dx, dy, page.rotation)
        if (hiding) {
            val chosen = page.shownMasks().getOrNull(selected)
            page.copy(masks = page.masks.map { if (it !== chosen) it else if (resizing) it.resized(step) else it.moved(step) })
        } else {
            val sheet = page.corners ?: WHOLE
            val corner = uprightCorner(selected, page.rotation)
            page.copy(corners = sheet.with(corner, sheet.toList()[corner] + step))
        }
    }

    private fun addMask(mask: Mask) {
        selected = page?.shownMasks().orEmpty().size
        change { it.copy(masks = it.masks + mask) }
    }

    private fun removeMask() {
        val gone = page?.shownMasks()?.getOrNull(selected)
        selected = 0
        change { page -> page.copy(masks = page.masks.filter { it !== gone }) }
    }

    private fun Page.shownMasks(): List<Mask> = masks.filter { it.page == leaf.toUInt() }

    private fun change(change: (Page) -> Page) {
        try {
            container.brouillons.update { it.withPage(at, change) }
        } catch (_: IOException) {
            tell(getString(R.string.storage_failed))
        }
        draw()
    }

    companion object {
        private const val AT = "at"
        private const val HIDING = "hiding"
        private const val LEAF = "leaf"
        private const val PICTURE_DP = 320

        /** What a touch of an arrow moves: a hundredth of the page. */
        private const val STEP = 0.01f

        /** What the engine's warnings about a numéro de sécurité sociale begin with. */
        private const val NIR = "nir_"

        private val CORNER_NAMES =
            intArrayOf(R.string.corner_top_left, R.string.corner_top_right, R.string.corner_bottom_right, R.string.corner_bottom_left)
        private val CORNER_ICONS =
            intArrayOf(R.drawable.ic_corner_tl, R.drawable.ic_corner_tr, R.drawable.ic_corner_br, R.drawable.ic_corner_bl)

        /** To work on the draft's page at [at]. */
        fun intent(context: Context, at: Int): Intent = Intent(context, PageActivity::class.java).putExtra(AT, at)
    }
}
