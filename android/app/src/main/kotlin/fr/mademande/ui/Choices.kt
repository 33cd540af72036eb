/* What is switched on or off. */
package fr.mademande.ui

import android.content.res.ColorStateList
import android.util.TypedValue
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.CheckBox
import android.widget.CompoundButton
import android.widget.LinearLayout
import android.widget.Switch
import fr.mademande.R

/** A setting that applies at once. */
fun ViewGroup.switch(label: CharSequence, on: Boolean, change: (Boolean) -> Unit): Switch =
    Switch(context).also { set(it, label, on, change) }

/** A choice within what is being filled in. */
fun ViewGroup.check(label: CharSequence, on: Boolean, change: (Boolean) -> Unit): CheckBox =
    CheckBox(context).also { set(it, label, on, change) }

private fun ViewGroup.set(view: CompoundButton, label: CharSequence, on: Boolean, change: (Boolean) -> Unit) {
    view.text = label
    view.setTextSize(TypedValue.COMPLEX_UNIT_PX, resources.getDimension(R.dimen.text))
    view.setTextColor(context.getColor(R.color.text))
    view.minimumHeight = context.px(R.dimen.target)
    view.isChecked = on
    if (view !is Switch) view.buttonTintList = ColorStateList.valueOf(context.getColor(R.color.action))
    view.setOnCheckedChangeListener { _, now -> change(now) }
    addView(view, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = context.px(R.dimen.space_s) })
}
