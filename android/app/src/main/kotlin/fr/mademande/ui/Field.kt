/* A field to type in, with its name above, help below, and room for what is wrong with it. */
package fr.mademande.ui

import android.content.res.ColorStateList
import android.graphics.drawable.InsetDrawable
import android.graphics.drawable.LayerDrawable
import android.text.InputFilter
import android.util.TypedValue
import android.view.View
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.EditText
import android.widget.LinearLayout
import fr.mademande.R

/** Adds a field; [id] must come from ids.xml, so that what was typed survives a rotation and the death of the process. */
fun ViewGroup.field(
    id: Int,
    name: CharSequence,
    help: CharSequence?,
    charsMax: Int,
    setUp: EditText.() -> Unit,
): EditText {
    lateinit var edit: EditText
    column(R.dimen.space) {
        val label = text(name, R.dimen.text, R.color.title, bold = true, above = 0)
        label.labelFor = id
        if (help != null) text(help, R.dimen.text_s, R.color.mention, above = 0)
        edit = EditText(context)
        edit.id = id
        edit.filters = arrayOf(InputFilter.LengthFilter(charsMax))
        edit.setTextSize(TypedValue.COMPLEX_UNIT_PX, resources.getDimension(R.dimen.text_m))
        edit.setTextColor(context.getColor(R.color.title))
        edit.minimumHeight = context.px(R.dimen.target)
        edit.setPaddingRelative(context.px(R.dimen.space), context.px(R.dimen.space_s), context.px(R.dimen.space), context.px(R.dimen.space_s))
        edit.background = underlined(edit)
        edit.textCursorDrawable(context.getColor(R.color.action))
        edit.setUp()
        addView(edit, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = context.px(R.dimen.space_s) })
    }
    return edit
}

private fun underlined(view: View): LayerDrawable {
    val line = view.context.px(R.dimen.line) * UNDERLINE_LINES
    val under = box(view.context, R.color.border_field, null, FIELD_RADIUS_DP)
    val over = InsetDrawable(box(view.context, R.color.surface_field, null, FIELD_RADIUS_DP), 0, 0, 0, line)
    return LayerDrawable(arrayOf(under, over))
}

private fun EditText.textCursorDrawable(color: Int) {
    highlightColor = context.getColor(R.color.ripple)
    backgroundTintList = null
    compoundDrawableTintList = ColorStateList.valueOf(color)
}

private const val UNDERLINE_LINES = 2
private const val FIELD_RADIUS_DP = 4
