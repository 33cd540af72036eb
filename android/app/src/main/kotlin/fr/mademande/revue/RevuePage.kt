/* The piece before it leaves, drawn. */
package fr.mademande.revue

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Bitmap
import android.view.View
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import fr.mademande.R
import fr.mademande.brouillon.Brouillon
import fr.mademande.brouillon.Page
import fr.mademande.brouillon.Preparation
import fr.mademande.coeur.Avertissement
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Phrase
import fr.mademande.ui.Tone
import fr.mademande.ui.Weight
import fr.mademande.ui.button
import fr.mademande.ui.card
import fr.mademande.ui.dp
import fr.mademande.ui.empty
import fr.mademande.ui.heading
import fr.mademande.ui.iconButton
import fr.mademande.ui.link
import fr.mademande.ui.notice
import fr.mademande.ui.px
import fr.mademande.ui.say
import fr.mademande.ui.side
import fr.mademande.ui.size
import fr.mademande.ui.text
import fr.mademande.ui.waiting

/** What the page shows. */
data class RevueState(
    val brouillon: Brouillon,
    val what: What?,
    /** Files are being looked at. */
    val looking: Boolean = false,
    val failure: Echec? = null,
) {
    /** What the piece is, in the person's language; [french] is what the agent will read. */
    data class What(val type: String, val rubrique: String, val who: String, val french: String)
}

/** Where the page leads. */
class RevueActions(
    val camera: () -> Unit,
    val gallery: () -> Unit,
    val pdf: () -> Unit,
    val choose: () -> Unit,
    val edit: (Int) -> Unit,
    val turn: (Int) -> Unit,
    val move: (Int, Int) -> Unit,
    val remove: (Int) -> Unit,
    val understood: () -> Unit,
)

/** The bar and the words that follow a preparation. */
class PreparationProgress(private val bar: ProgressBar, private val words: TextView) {
    fun show(state: Preparation.State.Running) {
        bar.max = maxOf(state.total, 1)
        bar.progress = state.done
        words.text = words.resources.getString(R.string.revue_preparing_step, state.done, state.total)
    }
}

fun ViewGroup.revue(state: RevueState, pictures: Map<String, Bitmap>, actions: RevueActions) {
    what(state, actions)
    state.failure?.let { failure ->
        notice(Tone.ERROR, context.getString(R.string.revue_failed), context.say(failure)) {
            button(context.getString(R.string.understood), Weight.SECONDARY, act = actions.understood)
        }
    }
    val pages = state.brouillon.pages
    if (pages.isEmpty() && !state.looking) {
        empty(R.drawable.ic_document, context.getString(R.string.revue_empty), context.getString(R.string.revue_advice))
    }
    pages.forEachIndexed { at, page -> page(at, page, pages.size, pictures[page.file], actions) }
    if (state.looking) waiting(context.getString(R.string.revue_looking))
    sources(pages.isEmpty(), actions)
    if (pages.isNotEmpty()) {
        text(context.getString(R.string.revue_size, context.size(state.brouillon.estimate)), R.dimen.text, R.color.title, bold = true, above = R.dimen.space)
        text(context.getString(R.string.revue_size_help), R.dimen.text_s, R.color.mention, above = 0)
    }
}

/** A preparation under way. */
fun ViewGroup.preparing(state: Preparation.State.Running, cancel: () -> Unit): PreparationProgress {
    text(context.getString(R.string.revue_preparing), R.dimen.text_m, R.color.title, bold = true).accessibilityLiveRegion =
        View.ACCESSIBILITY_LIVE_REGION_POLITE
    val words = text("", R.dimen.text, R.color.mention)
    val bar = progressBar()
    button(context.getString(R.string.cancel), Weight.SECONDARY, act = cancel)
    return PreparationProgress(bar, words).also { it.show(state) }
}

/** A bar whose end is known. Said by the words beside it. */
fun ViewGroup.progressBar(): ProgressBar {
    val bar = ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal)
    bar.progressTintList = ColorStateList.valueOf(context.getColor(R.color.action))
    bar.importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO
    addView(bar, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = context.px(R.dimen.space_s) })
    return bar
}

private fun ViewGroup.what(state: RevueState, actions: RevueActions) {
    val what = state.what
    if (what == null) {
        if (!state.brouillon.placed) notice(Tone.INFO, null, context.getString(R.string.revue_unplaced))
        return
    }
    card(R.color.surface_alt) {
        text(what.type, R.dimen.text_m, R.color.title, bold = true, above = 0)
        text("${what.rubrique} · ${what.who}", R.dimen.text_s, R.color.mention, above = 0)
        link(context.getString(R.string.revue_change), act = actions.choose)
    }
    for (suggestion in state.brouillon.pages.mapNotNull { it.suggestion }.distinct()) {
        text(context.getString(R.string.revue_suggestion, suggestion), R.dimen.text_s, R.color.mention)
    }
}

private fun ViewGroup.sources(first: Boolean, actions: RevueActions) {
    if (!first) heading(context.getString(R.string.revue_more))
    button(context.getString(R.string.revue_camera), if (first) Weight.PRIMARY else Weight.SECONDARY, R.drawable.ic_camera, actions.camera)
    button(context.getString(R.string.revue_gallery), Weight.SECONDARY, R.drawable.ic_image, actions.gallery)
    button(context.getString(R.string.revue_pdf), Weight.SECONDARY, R.drawable.ic_document, actions.pdf)
}

private fun ViewGroup.page(at: Int, page: Page, count: Int, picture: Bitmap?, actions: RevueActions) = card {
    val name = context.pageName(at, page, count)
    text(name, R.dimen.text, R.color.title, bold = true, above = 0)
    picture(page, picture, name)
    for (warning in page.warnings) notice(Tone.WARNING, null, context.say(warning))
    side {
        iconButton(R.drawable.ic_edit, context.getString(R.string.page_edit, at + 1)) { actions.edit(at) }
        iconButton(R.drawable.ic_rotate, context.getString(R.string.page_turn, at + 1)) { actions.turn(at) }
        if (count > 1) {
            iconButton(R.drawable.ic_up, context.getString(R.string.page_up, at + 1), enabled = at > 0) { actions.move(at, -1) }
            iconButton(R.drawable.ic_down, context.getString(R.string.page_down, at + 1), enabled = at < count - 1) { actions.move(at, 1) }
        }
        iconButton(R.drawable.ic_delete, context.getString(R.string.page_remove, at + 1)) { actions.remove(at) }
    }
}

private fun ViewGroup.picture(page: Page, picture: Bitmap?, name: String) {
    val view = PageView(context)
    view.bitmap = picture
    view.rotation = page.rotation
    view.corners = page.corners
    view.masks = page.masks.filter { it.page == 0u }
    view.contentDescription = context.getString(R.string.page_picture, name)
    addView(view, LinearLayout.LayoutParams(MATCH_PARENT, context.dp(PICTURE_DP)).apply { topMargin = context.px(R.dimen.space_s) })
}

private fun Context.pageName(at: Int, page: Page, count: Int): String = if (page.pdf) {
    resources.getQuantityString(R.plurals.page_name_pdf, page.count, at + 1, count, page.count)
} else {
    getString(R.string.page_name_photo, at + 1, count)
}

/** A warning of the engine, in the person's language. */
fun Context.say(warning: Avertissement): String = say(Phrase(warning.code, warning.phrase))

private const val PICTURE_DP = 220
