package fr.mademande.ui

import android.app.Activity
import android.content.Intent
import android.graphics.Bitmap
import android.os.Looper
import android.view.View
import android.widget.ScrollView
import fr.mademande.R
import java.io.File
import org.junit.Assert.assertEquals
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf

/**
 * Opens a screen in every variant, lets [prepare] bring it where it is to be seen, walks all of it, and writes what is
 * seen of it first as `name-variant.png` into the folder of screenshots.
 */
inline fun <reified A : Activity> inEveryVariant(name: String, intent: Intent? = null, prepare: (A) -> Unit = {}) {
    for (variant in Variant.entries) {
        variant.apply()
        Robolectric.buildActivity(A::class.java, intent).use { controller ->
            val activity = controller.setup().get()
            prepare(activity)
            idle()
            assertEquals("as $variant reads", variant.direction, activity.window.decorView.layoutDirection)
            shoot(activity, "$name-${variant.name.lowercase()}")
            stretch(activity)
            walk(activity)
        }
    }
}

/** Runs what waits for the main thread. */
fun idle() = shadowOf(Looper.getMainLooper()).idle()

/** Writes what is seen. */
fun shoot(activity: Activity, name: String) {
    val folder = File(checkNotNull(System.getProperty("ecrans.dir"))).apply { mkdirs() }
    File(folder, "$name.png").outputStream().use {
        draw(activity.window.decorView).compress(Bitmap.CompressFormat.PNG, 100, it)
    }
}

/** Makes the window as high as its page, so that what lies below the fold is walked too. */
fun stretch(activity: Activity) {
    val decor = activity.window.decorView
    val scroll = activity.findViewById<ScrollView>(R.id.screen_scroll) ?: return
    val hidden = scroll.getChildAt(0).height - scroll.height
    scroll.scrollTo(0, 0)
    if (hidden > 0) layOut(decor, decor.width, decor.height + hidden)
}

private fun layOut(view: View, width: Int, height: Int) {
    view.measure(exactly(width), exactly(height))
    view.layout(0, 0, width, height)
}

private fun exactly(size: Int) = View.MeasureSpec.makeMeasureSpec(size, View.MeasureSpec.EXACTLY)
