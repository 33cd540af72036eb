/*
 * Walks a screen as a screen reader does, over its AccessibilityNodeInfos, and as an eye does, over its drawn pixels.
 * Says everything that would keep somebody out: no name, a target that a finger misses, an order that jumps, letters that
 * melt into what is behind them, words that are cut.
 */
package fr.mademande.ui

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Rect
import android.text.Layout
import android.view.View
import android.view.ViewGroup
import android.view.accessibility.AccessibilityNodeInfo
import android.widget.EditText
import android.widget.TextView
import org.junit.Assert.fail

/** Fails with all that is wrong on this screen. */
fun walk(activity: Activity) {
    val faults = Walker(activity.window.decorView).faults()
    if (faults.isNotEmpty()) fail(faults.joinToString("\n", prefix = "${activity.javaClass.simpleName}:\n"))
}

/** All faults of what is drawn under [root]. */
class Walker(private val root: View) {
    private class Stop(val view: View, val info: AccessibilityNodeInfo, val name: String, val place: Rect)

    private val dp = root.resources.displayMetrics.density
    private val drawn = draw(root)

    fun faults(): List<String> {
        val views = visible(root)
        val stops = views.filter { it.isImportantForAccessibility }.mapNotNull(::stop)
        return listOf(
            stops.flatMap(::faultsOfStop),
            faultsOfOrder(stops),
            views.filterIsInstance<TextView>().flatMap(::faultsOfText),
            if (stops.none { it.info.isHeading }) listOf("no heading") else emptyList(),
            if (stops.none { it.view.isClickable || it.info.text != null }) listOf("nothing to read") else emptyList(),
        ).flatten()
    }

    private fun stop(view: View): Stop? {
        val info = view.createAccessibilityNodeInfo()
        val name = (info.contentDescription ?: info.text ?: info.hintText ?: "").toString()
        if (name.isEmpty() && !info.isClickable && !info.isFocusable) return null
        if (view is ViewGroup && name.isEmpty() && !info.isClickable) return null
        return Stop(view, info, name, place(view))
    }

    private fun faultsOfStop(stop: Stop): List<String> = buildList {
        val what = "${stop.view.javaClass.simpleName} « ${stop.name} »"
        val acts = stop.info.isClickable || stop.info.isLongClickable || stop.view is EditText
        if (acts && stop.name.isBlank() && label(stop.view) == null) add("$what: acts and has no name")
        val least = TARGET_DP * dp - 1
        if (acts && (stop.place.width() < least || stop.place.height() < least)) {
            add("$what: ${(stop.place.width() / dp).toInt()} × ${(stop.place.height() / dp).toInt()} dp is too small to touch")
        }
        if (stop.place.left < 0 || stop.place.right > root.width) add("$what: beyond the edge of the screen")
    }

    private fun label(edit: View): TextView? =
        visible(root).filterIsInstance<TextView>().firstOrNull { it.labelFor == edit.id && edit.id != View.NO_ID }

    /** The reader goes down the tree; the eye goes down the page. */
    private fun faultsOfOrder(stops: List<Stop>): List<String> = stops.zipWithNext().mapNotNull { (before, after) ->
        val jumpsUp = after.place.bottom <= before.place.top
        if (jumpsUp) "« ${after.name} » is read after « ${before.name} », which stands below it" else null
    }

    private fun faultsOfText(view: TextView): List<String> = buildList {
        val layout = view.layout ?: return@buildList
        val what = "« ${view.text.ifEmpty { view.hint ?: "" }} »"
        if (view.text.isEmpty() && view.hint.isNullOrEmpty()) return@buildList
        val room = view.height - view.compoundPaddingTop - view.compoundPaddingBottom
        if (layout.height > room + 1 && view !is EditText) add("$what: cut below")
        val wide = (0 until layout.lineCount).maxOf { layout.getLineMax(it) }
        if (wide > view.width - view.compoundPaddingLeft - view.compoundPaddingRight + 1 && view !is EditText) {
            add("$what: wider than its place")
        }
        if ((0 until layout.lineCount).any { layout.getParagraphDirection(it) != Layout.DIR_LEFT_TO_RIGHT }) add("$what: read backwards")
        if ((0 until layout.lineCount).any { layout.getEllipsisCount(it) > 0 }) add("$what: shortened by dots")
        contrastFault(view)?.let { add("$what: $it") }
    }

    private fun contrastFault(view: TextView): String? {
        if (!view.isEnabled) return null
        val behind = background(place(view)) ?: return null
        val color = if (view.text.isEmpty()) view.currentHintTextColor else view.currentTextColor
        val ratio = contrast(blend(color, behind), behind)
        val large = view.textSize >= LARGE_DP * dp || (view.typeface?.isBold == true && view.textSize >= LARGE_BOLD_DP * dp)
        val least = if (large) CONTRAST_LARGE else CONTRAST
        return if (ratio < least) "contrast %.1f, at least %.1f".format(ratio, least) else null
    }

    /** The most frequent colour in a place: letters cover less than what is behind them. */
    private fun background(place: Rect): Int? {
        val seen = Rect(place)
        if (!seen.intersect(0, 0, drawn.width, drawn.height) || seen.height() < 2) return null
        val pixels = IntArray(seen.width() * seen.height())
        drawn.getPixels(pixels, 0, seen.width(), seen.left, seen.top, seen.width(), seen.height())
        return pixels.toList().groupingBy { it }.eachCount().maxByOrNull { it.value }?.key
    }

    private fun place(view: View): Rect {
        val at = IntArray(2)
        view.getLocationInWindow(at)
        return Rect(at[0], at[1], at[0] + view.width, at[1] + view.height)
    }

    private companion object {
        const val TARGET_DP = 48

        /** WCAG 2.1, 1.4.3; large is 18 points, or 14 in bold. */
        const val CONTRAST = 4.5
        const val CONTRAST_LARGE = 3.0
        const val LARGE_DP = 24f
        const val LARGE_BOLD_DP = 18.66f
    }
}

/** All views that are shown, parents first, as they are read. */
fun visible(view: View): List<View> = when {
    view.visibility != View.VISIBLE -> emptyList()
    view is ViewGroup -> listOf(view) + (0 until view.childCount).flatMap { visible(view.getChildAt(it)) }
    else -> listOf(view)
}

/** What the screen looks like. */
fun draw(view: View): Bitmap {
    val bitmap = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
    view.draw(Canvas(bitmap))
    return bitmap
}

/** The ratio of WCAG 2.1 between two opaque colours, 1 to 21. */
fun contrast(one: Int, other: Int): Double {
    val (dark, light) = listOf(luminance(one), luminance(other)).sorted()
    return (light + 0.05) / (dark + 0.05)
}

private fun luminance(color: Int): Double {
    fun part(value: Int): Double {
        val share = value / 255.0
        return if (share <= 0.04045) share / 12.92 else Math.pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * part(Color.red(color)) + 0.7152 * part(Color.green(color)) + 0.0722 * part(Color.blue(color))
}

private fun blend(color: Int, behind: Int): Int {
    val share = Color.alpha(color) / 255f
    fun mix(a: Int, b: Int) = (a * share + b * (1 - share)).toInt()
    return Color.rgb(
        mix(Color.red(color), Color.red(behind)),
        mix(Color.green(color), Color.green(behind)),
        mix(Color.blue(color), Color.blue(behind)),
    )
}
