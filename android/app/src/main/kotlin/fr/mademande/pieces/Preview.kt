/* The pages of a document, one at a time. */
package fr.mademande.pieces

import android.graphics.Bitmap
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.ImageView
import android.widget.LinearLayout
import fr.mademande.R
import fr.mademande.ui.Tone
import fr.mademande.ui.Weight
import fr.mademande.ui.box
import fr.mademande.ui.button
import fr.mademande.ui.notice
import fr.mademande.ui.px
import fr.mademande.ui.text
import fr.mademande.ui.waiting

/** What is shown of the pages. */
sealed interface Preview {
    data object Unasked : Preview

    data object Asking : Preview

    /** Page [at] of [count]. */
    class Page(val image: Bitmap, val at: UInt, val count: UInt) : Preview

    class Failed(val message: String) : Preview
}

fun ViewGroup.preview(preview: Preview, size: String, open: () -> Unit, turn: (UInt) -> Unit) {
    when (preview) {
        Preview.Unasked -> button(context.getString(R.string.preview_open, size), Weight.SECONDARY, act = open)
        Preview.Asking -> waiting(context.getString(R.string.preview_asking))
        is Preview.Failed -> notice(Tone.ERROR, null, preview.message) {
            button(context.getString(R.string.retry), Weight.SECONDARY, act = open)
        }
        is Preview.Page -> page(preview, turn)
    }
}

private fun ViewGroup.page(page: Preview.Page, turn: (UInt) -> Unit) {
    val words = context.getString(R.string.preview_page, page.at.toInt(), page.count.toInt())
    val image = ImageView(context)
    image.setImageBitmap(page.image)
    image.adjustViewBounds = true
    image.background = box(context, R.color.surface, R.color.border)
    val line = context.px(R.dimen.line)
    image.setPadding(line, line, line, line)
    image.contentDescription = context.getString(R.string.preview_described, words)
    addView(image, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = context.px(R.dimen.space_s) })
    if (page.count == 1u) return
    text(words, R.dimen.text_s, R.color.mention)
    if (page.at > 1u) button(context.getString(R.string.preview_before), Weight.SECONDARY) { turn(page.at - 1u) }
    if (page.at < page.count) button(context.getString(R.string.preview_after), Weight.SECONDARY) { turn(page.at + 1u) }
}
