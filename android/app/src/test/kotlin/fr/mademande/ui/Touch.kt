package fr.mademande.ui

import android.app.Activity
import android.view.View
import android.view.ViewGroup

/** Presses what is called, or begins with, one of [names]. */
fun Activity.press(vararg names: String) {
    val found = visible(window.decorView).firstOrNull { view ->
        view.isClickable && names.any { name(view).startsWith(it) }
    }
    checkNotNull(found) { "nothing is called ${names.toList()} among: ${words()}" }.performClick()
    idle()
}

/** All that is written on the screen. */
fun Activity.words(): String = visible(window.decorView).flatMap { view ->
    if (view is ViewGroup) emptyList() else texts(view)
}.joinToString("\n")

private fun name(view: View): String =
    view.contentDescription?.toString() ?: texts(view).joinToString(" ")
