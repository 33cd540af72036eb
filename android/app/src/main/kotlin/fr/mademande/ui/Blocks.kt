/*
 * What screens are made of: each function adds one block to the column it is called on. Sizes are at least what a finger
 * hits, texts wrap instead of being cut, and every block says to a screen reader what it says to the eye.
 */
package fr.mademande.ui

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Typeface
import android.graphics.drawable.Drawable
import android.graphics.drawable.GradientDrawable
import android.graphics.drawable.RippleDrawable
import android.os.Build
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.view.View.IMPORTANT_FOR_ACCESSIBILITY_NO
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import fr.mademande.R

/** What a message or a status means, told by colour, icon and words: never by colour alone. */
enum class Tone(val color: Int, val surface: Int, val icon: Int) {
    NEUTRAL(R.color.neutral, R.color.neutral_surface, R.drawable.ic_dash),
    INFO(R.color.info, R.color.info_surface, R.drawable.ic_info),
    WAITING(R.color.info, R.color.info_surface, R.drawable.ic_clock),
    SUCCESS(R.color.success, R.color.success_surface, R.drawable.ic_check),
    WARNING(R.color.warning, R.color.warning_surface, R.drawable.ic_warning),
    ERROR(R.color.error, R.color.error_surface, R.drawable.ic_error),
    OFFLINE(R.color.neutral, R.color.neutral_surface, R.drawable.ic_offline),
}

/** How much a button is the thing to do. */
enum class Weight { PRIMARY, SECONDARY, TERTIARY }

fun Context.px(dimen: Int): Int = resources.getDimensionPixelSize(dimen)

/** A text in one of the sizes of dimens.xml. */
fun ViewGroup.text(
    text: CharSequence,
    size: Int = R.dimen.text,
    color: Int = R.color.text,
    bold: Boolean = false,
    above: Int = R.dimen.space_s,
): TextView = TextView(context).also { view ->
    view.text = text
    view.setTextSize(TypedValue.COMPLEX_UNIT_PX, resources.getDimension(size))
    view.setTextColor(context.getColor(color))
    view.setLineSpacing(0f, LINE_SPACING)
    if (bold) view.setTypeface(view.typeface, Typeface.BOLD)
    addBlock(view, above)
}

/** A heading inside a screen. */
fun ViewGroup.heading(text: CharSequence, size: Int = R.dimen.text_m): TextView =
    text(text, size, R.color.title, bold = true, above = R.dimen.space_l).also(::markHeading)

/** A fact under its name: "Date de dépôt" above "12 mars 2024". Read as one. */
fun ViewGroup.fact(name: CharSequence, value: CharSequence) = column(R.dimen.space_s) {
    text(name, R.dimen.text_s, R.color.mention, above = 0)
    text(value, R.dimen.text, R.color.title, bold = true, above = 0)
    readAsOne(this)
}

/** A column within the column. */
fun ViewGroup.column(above: Int = R.dimen.space_s, fill: LinearLayout.() -> Unit): LinearLayout =
    LinearLayout(context).also {
        it.orientation = LinearLayout.VERTICAL
        addBlock(it, above)
        it.fill()
    }

/** A framed group. */
fun ViewGroup.card(surface: Int = R.color.surface, fill: LinearLayout.() -> Unit): LinearLayout =
    column(R.dimen.space) {
        background = box(context, surface, R.color.border)
        pad(R.dimen.space)
        fill()
    }

/** A message that stands in the page, with what can be done about it. */
fun ViewGroup.notice(
    tone: Tone,
    title: CharSequence?,
    message: CharSequence,
    actions: LinearLayout.() -> Unit = {},
): LinearLayout = LinearLayout(context).also { row ->
    row.background = box(context, tone.surface, tone.color)
    row.pad(R.dimen.space)
    addBlock(row, R.dimen.space)
    row.icon(tone.icon, tone.color, R.dimen.icon)
    val words = LinearLayout(context)
    words.orientation = LinearLayout.VERTICAL
    row.addView(words, LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f).apply {
        marginStart = context.px(R.dimen.space_s)
    })
    if (title != null) markHeading(words.text(title, R.dimen.text, tone.color, bold = true, above = 0))
    words.text(message, R.dimen.text, R.color.title, above = if (title == null) 0 else R.dimen.space_s)
    words.actions()
}

/** The word for where something stands. */
fun ViewGroup.chip(tone: Tone, word: CharSequence, above: Int = R.dimen.space_s): TextView =
    text(word, R.dimen.text_s, tone.color, bold = true, above = above).also { view ->
        view.background = box(context, tone.surface, null, CHIP_RADIUS_DP)
        view.setPaddingRelative(context.px(R.dimen.space_s), context.dp(3), context.px(R.dimen.space_s), context.dp(3))
        val icon = context.getDrawable(tone.icon)?.mutate()
        val side = context.px(R.dimen.icon_s)
        icon?.setTint(context.getColor(tone.color))
        icon?.setBounds(0, 0, side, side)
        view.setCompoundDrawablesRelative(icon, null, null, null)
        view.compoundDrawablePadding = context.dp(4)
        view.gravity = Gravity.CENTER_VERTICAL
        view.layoutParams = LinearLayout.LayoutParams(WRAP_CONTENT, WRAP_CONTENT).apply {
            topMargin = (view.layoutParams as LinearLayout.LayoutParams).topMargin
        }
    }

/** A button as wide as the column: reached with either thumb. */
fun ViewGroup.button(label: CharSequence, weight: Weight = Weight.PRIMARY, icon: Int? = null, act: () -> Unit): View {
    val row = LinearLayout(context)
    row.gravity = Gravity.CENTER
    row.minimumHeight = context.px(R.dimen.target)
    row.setPaddingRelative(context.px(R.dimen.space), context.dp(6), context.px(R.dimen.space), context.dp(6))
    val content = if (weight == Weight.PRIMARY) R.color.on_action else R.color.action
    if (icon != null) row.icon(icon, content, R.dimen.icon)
    val text = row.text(label, R.dimen.text, content, bold = true, above = 0)
    text.gravity = Gravity.CENTER
    text.layoutParams = LinearLayout.LayoutParams(WRAP_CONTENT, WRAP_CONTENT).apply {
        if (icon != null) marginStart = context.px(R.dimen.space_s)
    }
    row.background = touchable(
        when (weight) {
            Weight.PRIMARY -> box(context, R.color.action, null)
            Weight.SECONDARY -> box(context, R.color.surface, R.color.action)
            Weight.TERTIARY -> null
        },
        context,
    )
    markButton(row, label)
    row.setOnClickListener { act() }
    addBlock(row, R.dimen.space)
    return row
}

/** A line that leads to another screen. */
fun ViewGroup.link(label: CharSequence, detail: CharSequence? = null, icon: Int? = null, act: () -> Unit): View =
    row(label, { if (detail != null) text(detail, R.dimen.text_s, R.color.mention, above = 0) }, icon, R.color.action, act)

/** One thing of a list, touched as a whole: its name, what [below] adds under it, and an arrow. */
fun ViewGroup.row(
    name: CharSequence,
    below: LinearLayout.() -> Unit,
    icon: Int? = null,
    color: Int = R.color.title,
    act: () -> Unit,
): View {
    val row = LinearLayout(context)
    row.gravity = Gravity.CENTER_VERTICAL
    row.minimumHeight = context.px(R.dimen.target)
    row.setPaddingRelative(0, context.px(R.dimen.space_s), 0, context.px(R.dimen.space_s))
    row.background = touchable(null, context)
    if (icon != null) row.icon(icon, R.color.action, R.dimen.icon)
    val words = LinearLayout(context)
    words.orientation = LinearLayout.VERTICAL
    row.addView(words, LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f).apply {
        marginStart = if (icon == null) 0 else context.px(R.dimen.space)
    })
    words.text(name, R.dimen.text, color, bold = true, above = 0)
    words.below()
    row.icon(R.drawable.ic_next, R.color.action, R.dimen.icon)
    markButton(row, texts(words).joinToString(". "))
    row.setOnClickListener { act() }
    addBlock(row, 0)
    return row
}

/** A thin line between two things of a list. */
fun ViewGroup.divider(above: Int = 0) {
    val line = View(context)
    line.setBackgroundColor(context.getColor(R.color.border))
    addBlock(line, above)
    line.layoutParams = line.layoutParams.apply { height = context.px(R.dimen.line) }
}

/** Something goes on whose end nobody knows. */
fun ViewGroup.waiting(words: CharSequence): LinearLayout = column(R.dimen.space_l) {
    gravity = Gravity.CENTER_HORIZONTAL
    val wheel = ProgressBar(context)
    wheel.indeterminateTintList = ColorStateList.valueOf(context.getColor(R.color.action))
    wheel.importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO
    addView(wheel, LinearLayout.LayoutParams(WRAP_CONTENT, WRAP_CONTENT))
    text(words).gravity = Gravity.CENTER
    accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
}

/** Nothing is there, and that is all right. */
fun ViewGroup.empty(icon: Int, title: CharSequence, message: CharSequence): LinearLayout = column(R.dimen.space_l) {
    gravity = Gravity.CENTER_HORIZONTAL
    icon(icon, R.color.mention, R.dimen.target)
    text(title, R.dimen.text_m, R.color.title, bold = true, above = R.dimen.space).gravity = Gravity.CENTER
    text(message).gravity = Gravity.CENTER
}

/** A picture that says nothing that the words beside it do not say. */
fun ViewGroup.icon(drawable: Int, color: Int, side: Int): ImageView = ImageView(context).also { view ->
    view.setImageResource(drawable)
    view.imageTintList = ColorStateList.valueOf(context.getColor(color))
    view.importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO
    addView(view, LinearLayout.LayoutParams(context.px(side), context.px(side)))
}

/** A filled rectangle with a border, square like everything here. */
fun box(context: Context, surface: Int, border: Int?, radiusDp: Int = 0): GradientDrawable = GradientDrawable().apply {
    setColor(context.getColor(surface))
    cornerRadius = context.dp(radiusDp).toFloat()
    if (border != null) setStroke(context.px(R.dimen.line), context.getColor(border))
}

/** What shows that it was touched. */
fun touchable(background: Drawable?, context: Context): RippleDrawable = RippleDrawable(
    ColorStateList.valueOf(context.getColor(R.color.ripple)),
    background,
    if (background == null) box(context, R.color.surface, null) else null,
)

/** Says to a screen reader that this is a button, and what it is called. */
fun markButton(view: View, label: CharSequence) {
    view.isClickable = true
    view.isFocusable = true
    view.contentDescription = label
    view.accessibilityDelegate = ButtonRole
    if (view is ViewGroup) hideChildren(view)
}

/** Lets a screen reader jump from heading to heading, where Android can. */
fun markHeading(view: View) {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) markHeadingSince28(view)
}

@SinceApi(Build.VERSION_CODES.P)
private fun markHeadingSince28(view: View) {
    view.isAccessibilityHeading = true
}

/** One stop of the screen reader for what belongs together. */
fun readAsOne(group: ViewGroup) {
    group.contentDescription = texts(group).joinToString(". ")
    group.isFocusable = false
    group.importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_YES
    hideChildren(group)
}

/** All the words inside a view, in order. */
fun texts(view: View): List<CharSequence> = when (view) {
    is TextView -> listOf(view.text).filter { it.isNotEmpty() }
    is ViewGroup -> (0 until view.childCount).flatMap { texts(view.getChildAt(it)) }
    else -> emptyList()
}

fun View.pad(dimen: Int) {
    val space = context.px(dimen)
    setPaddingRelative(space, space, space, space)
}

fun Context.dp(value: Int): Int = (value * resources.displayMetrics.density).toInt()

private fun ViewGroup.addBlock(view: View, above: Int) {
    val params = LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT)
    params.topMargin = if (above == 0) 0 else context.px(above)
    addView(view, params)
}

private fun hideChildren(group: ViewGroup) {
    for (at in 0 until group.childCount) {
        group.getChildAt(at).importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO_HIDE_DESCENDANTS
    }
}

private object ButtonRole : View.AccessibilityDelegate() {
    override fun onInitializeAccessibilityNodeInfo(host: View, info: android.view.accessibility.AccessibilityNodeInfo) {
        super.onInitializeAccessibilityNodeInfo(host, info)
        info.className = "android.widget.Button"
    }
}

private const val LINE_SPACING = 1.15f
private const val CHIP_RADIUS_DP = 4
