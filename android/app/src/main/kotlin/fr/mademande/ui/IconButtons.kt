/* Buttons that are a picture, for what is done again and again; their name is said to screen readers. */
package fr.mademande.ui

import android.view.View
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.ImageView
import android.widget.LinearLayout
import fr.mademande.R

/** Things side by side. */
fun ViewGroup.side(fill: LinearLayout.() -> Unit): LinearLayout = LinearLayout(context).also {
    it.orientation = LinearLayout.HORIZONTAL
    addView(it, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = context.px(R.dimen.space_s) })
    it.fill()
}

/** A button with a picture; those of a row share its width. */
fun LinearLayout.iconButton(icon: Int, label: CharSequence, chosen: Boolean = false, enabled: Boolean = true, act: () -> Unit): View {
    val button = ImageView(context)
    button.setImageResource(icon)
    button.scaleType = ImageView.ScaleType.CENTER
    val tint = when {
        !enabled -> R.color.on_disabled
        chosen -> R.color.on_action
        else -> R.color.action
    }
    button.setColorFilter(context.getColor(tint))
    button.background = touchable(box(context, if (chosen) R.color.action else R.color.surface, R.color.border), context)
    button.minimumHeight = context.px(R.dimen.target)
    markButton(button, label)
    button.isSelected = chosen
    button.isEnabled = enabled
    button.setOnClickListener { act() }
    addView(button, LinearLayout.LayoutParams(0, context.px(R.dimen.target), 1f))
    return button
}
