/*
 * What all screens share. One Activity is one screen: Android keeps their order, animates the way back and brings them
 * back after the death of the process; each then reads its state again from the engine, so nothing is lost with memory.
 *
 * Edge to edge: the window reaches under the system's bars and the page keeps clear of them, of the cutout and of the
 * keyboard. What is personal is on nearly every screen: none can be photographed by another app or shown among the
 * recent ones.
 */
package fr.mademande.ui

import android.app.Activity
import android.content.Context
import android.graphics.Rect
import android.os.Build
import android.os.Bundle
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.view.WindowInsets
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import android.widget.FrameLayout
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ScrollView
import fr.mademande.App
import fr.mademande.AppContainer
import fr.mademande.R
import fr.mademande.coeur.Echec
import fr.mademande.connexion.ConnexionActivity
import java.time.Instant
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch

/** What else can be done from the bar. */
class BarAction(val label: Int, val act: () -> Unit)

abstract class Screen : Activity() {
    protected val container: AppContainer get() = (application as App).container

    /** Ends with the screen. */
    protected val scope: CoroutineScope = MainScope()

    override fun attachBaseContext(base: Context) = super.attachBaseContext(base.inOurWords())

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        window.setFlags(FLAG_SECURE, FLAG_SECURE)
    }

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }

    /**
     * Draws the page: a bar with [title] and [action], what [body] adds, and below it, within the thumb's reach, what [footer] adds.
     * Drawing it again keeps the place to which the person has scrolled.
     */
    protected fun show(
        title: CharSequence,
        back: Boolean = true,
        action: BarAction? = null,
        footer: (LinearLayout.() -> Unit)? = null,
        body: LinearLayout.() -> Unit,
    ) {
        val scrolled = findViewById<ScrollView>(R.id.screen_scroll)?.scrollY ?: 0
        this.title = title
        val root = LinearLayout(this)
        root.orientation = LinearLayout.VERTICAL
        // The words are French or English on every phone; a numéro of digits alone would be read backwards on some.
        root.textDirection = View.TEXT_DIRECTION_LTR
        root.setBackgroundColor(getColor(R.color.surface))
        root.setOnApplyWindowInsetsListener(::keepClear)
        root.bar(title, back, action)
        val scroll = ScrollView(this)
        scroll.id = R.id.screen_scroll
        scroll.isFillViewport = true
        root.addView(scroll, LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f))
        val page = LinearLayout(this)
        page.id = R.id.screen_body
        page.orientation = LinearLayout.VERTICAL
        page.pad(R.dimen.space)
        scroll.addView(page, FrameLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        page.body()
        if (footer != null) root.foot(footer)
        setContentView(root)
        scroll.post { scroll.scrollY = scrolled }
    }

    /** Reads through to the server as long as the screen lives; without a session it leaves for the sign-in screen. */
    protected fun <T : Any> read(
        seen: suspend () -> Pair<T, Instant>?,
        fresh: suspend () -> T,
        show: (Shown<T>) -> Unit,
    ): Job = scope.launch {
        readThrough(seen, fresh) { shown -> if (!leaveWithout(shown.failure)) show(shown) }
    }

    /** Whether [failure] is the session's: then the sign-in screen opens in place of everything. */
    protected fun leaveWithout(failure: Echec?): Boolean {
        if (failure !is Echec.Session) return false
        startActivity(ConnexionActivity.intent(this, again = failure.raison.code == "session_expiree"))
        finish()
        return true
    }

    private fun LinearLayout.bar(title: CharSequence, back: Boolean, action: BarAction?) {
        val bar = LinearLayout(context)
        bar.id = R.id.screen_bar
        bar.gravity = Gravity.CENTER_VERTICAL
        bar.minimumHeight = px(R.dimen.bar)
        if (back) {
            val arrow = ImageView(context)
            arrow.setImageResource(R.drawable.ic_back)
            arrow.setColorFilter(getColor(R.color.action))
            arrow.scaleType = ImageView.ScaleType.CENTER
            arrow.background = touchable(null, context)
            markButton(arrow, getString(R.string.back))
            arrow.setOnClickListener { finish() }
            bar.addView(arrow, LinearLayout.LayoutParams(px(R.dimen.bar), px(R.dimen.bar)))
        }
        val words = bar.text(title, R.dimen.text_l, R.color.title, bold = true, above = 0)
        markHeading(words)
        words.setPaddingRelative(if (back) 0 else px(R.dimen.space), px(R.dimen.space_s), px(R.dimen.space), px(R.dimen.space_s))
        words.layoutParams = LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f)
        if (action != null) {
            val word = bar.text(getString(action.label), R.dimen.text, R.color.action, bold = true, above = 0)
            word.minimumHeight = px(R.dimen.target)
            word.minimumWidth = px(R.dimen.target)
            word.gravity = Gravity.CENTER
            word.setPaddingRelative(px(R.dimen.space), 0, px(R.dimen.space), 0)
            word.background = touchable(null, context)
            markButton(word, word.text)
            word.setOnClickListener { action.act() }
            word.layoutParams = LinearLayout.LayoutParams(WRAP_CONTENT, WRAP_CONTENT)
        }
        addView(bar, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        divider()
    }

    private fun LinearLayout.foot(fill: LinearLayout.() -> Unit) {
        divider()
        val foot = LinearLayout(context)
        foot.id = R.id.screen_footer
        foot.orientation = LinearLayout.VERTICAL
        foot.setPaddingRelative(px(R.dimen.space), 0, px(R.dimen.space), px(R.dimen.space))
        addView(foot, ViewGroup.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        foot.fill()
    }

    private fun keepClear(root: View, insets: WindowInsets): WindowInsets {
        val bars = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) occupied(insets) else occupiedBefore30(insets)
        root.setPadding(bars.left, bars.top, bars.right, bars.bottom)
        return insets
    }

    @SinceApi(Build.VERSION_CODES.R)
    private fun occupied(insets: WindowInsets): Rect {
        val types = WindowInsets.Type.systemBars() or WindowInsets.Type.displayCutout() or WindowInsets.Type.ime()
        val bars = insets.getInsets(types)
        return Rect(bars.left, bars.top, bars.right, bars.bottom)
    }

    @Suppress("DEPRECATION")
    private fun occupiedBefore30(insets: WindowInsets): Rect = Rect(
        insets.systemWindowInsetLeft,
        insets.systemWindowInsetTop,
        insets.systemWindowInsetRight,
        insets.systemWindowInsetBottom,
    )
}
