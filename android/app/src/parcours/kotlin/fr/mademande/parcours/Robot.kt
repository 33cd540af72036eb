/*
 * Hands and eyes: presses what has a name, reads what is written, waits as a person would. It sees the screen that is in
 * front, whichever that is.
 */
package fr.mademande.parcours

import android.app.Activity
import android.app.Application
import android.app.Instrumentation
import android.os.Bundle
import android.view.View
import android.view.ViewGroup
import android.widget.EditText
import android.widget.TextView
import java.util.concurrent.TimeUnit

class Robot(private val instrumentation: Instrumentation, val scene: Scene) : Application.ActivityLifecycleCallbacks {
    @Volatile
    private var front: Activity? = null

    init {
        (instrumentation.targetContext.applicationContext as Application).registerActivityLifecycleCallbacks(this)
    }

    fun close() =
        (instrumentation.targetContext.applicationContext as Application).unregisterActivityLifecycleCallbacks(this)

    /** Waits for something with such a name and presses it. */
    fun presser(nom: String) {
        attendre("« $nom » à presser") {
            val bouton = vues().firstOrNull { it.isClickable && it.isEnabled && nom(it).startsWith(nom) }
            bouton?.performClick() ?: false
        }
    }

    fun saisir(champ: Int, texte: String) {
        attendre("un champ où saisir") {
            val edit = front?.findViewById<EditText>(champ)
            edit?.setText(texte)
            edit != null
        }
    }

    /** Waits until all of that is written on the screen. */
    fun lire(vararg textes: String) {
        attendre("${textes.toList()} à l’écran") { textes.all { it in ecrit() } }
    }

    /** Waits until the screen in front is a [screen]. */
    fun etreSur(screen: Class<out Activity>) = attendre(screen.simpleName) { screen.isInstance(front) }

    /** What is written on the screen. */
    fun texte(): String = surLEcran { ecrit() }

    fun attendre(quoi: String, fait: () -> Boolean) {
        val fin = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)
        while (true) {
            scene.laisserFaire()
            instrumentation.waitForIdleSync()
            if (surLEcran(fait)) return
            if (System.nanoTime() > fin) throw AssertionError("jamais : $quoi ; devant : ${surLEcran { front?.javaClass?.simpleName + "\n" + ecrit() }}")
            Thread.sleep(PAUSE_MS)
        }
    }

    private fun <T> surLEcran(faire: () -> T): T {
        var fait: Result<T>? = null
        instrumentation.runOnMainSync { fait = runCatching(faire) }
        return checkNotNull(fait).getOrThrow()
    }

    private fun vues(): List<View> = front?.window?.decorView?.let(::visibles).orEmpty()

    private fun visibles(vue: View): List<View> = when {
        vue.visibility != View.VISIBLE -> emptyList()
        vue is ViewGroup -> listOf(vue) + (0 until vue.childCount).flatMap { visibles(vue.getChildAt(it)) }
        else -> listOf(vue)
    }

    private fun ecrit(): String = vues().filterIsInstance<TextView>().joinToString("\n") { it.text }

    private fun nom(vue: View): String = vue.contentDescription?.toString() ?: (vue as? TextView)?.text?.toString().orEmpty()

    override fun onActivityResumed(activity: Activity) {
        front = activity
    }

    override fun onActivityPaused(activity: Activity) {
        if (front === activity) front = null
    }

    override fun onActivityCreated(activity: Activity, state: Bundle?) = Unit

    override fun onActivityStarted(activity: Activity) = Unit

    override fun onActivityStopped(activity: Activity) = Unit

    override fun onActivitySaveInstanceState(activity: Activity, state: Bundle) = Unit

    override fun onActivityDestroyed(activity: Activity) = Unit

    private companion object {
        /** A phone that prepares a photo while its processor is busy, and more. */
        const val PATIENCE_SECONDS = 120L
        const val PAUSE_MS = 20L
    }
}
