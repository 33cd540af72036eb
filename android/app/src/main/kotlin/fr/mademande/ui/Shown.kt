/*
 * What the server knows, on a network that may not be there: a screen first shows what was seen last, then what the
 * server says now; where it says nothing, the old stays with its date and the reason.
 */
package fr.mademande.ui

import android.view.ViewGroup
import fr.mademande.R
import fr.mademande.coeur.Echec
import java.time.Instant

/** A value as far as it is known. */
data class Shown<out T>(
    val value: T? = null,
    /** When the value was seen; null when it is what the server says now. */
    val seenAt: Instant? = null,
    /** Why the server could not be asked. */
    val failure: Echec? = null,
    /** The server is being asked. */
    val asking: Boolean = false,
)

/** Shows what was [seen] last while the server is asked for what is [fresh], then that, or why it did not come. */
suspend fun <T : Any> readThrough(
    seen: suspend () -> Pair<T, Instant>?,
    fresh: suspend () -> T,
    show: (Shown<T>) -> Unit,
) {
    val old = try {
        seen()
    } catch (_: Echec) {
        // What was kept cannot be read: the server knows it anyway.
        null
    }
    show(Shown(old?.first, old?.second, asking = true))
    show(
        try {
            Shown(fresh())
        } catch (failure: Echec) {
            Shown(old?.first, old?.second, failure)
        },
    )
}

/** Draws a [Shown]: the value with what there is to say about its age, or the wait, or the failure with a way out. */
fun <T> ViewGroup.shown(shown: Shown<T>, retry: () -> Unit, draw: ViewGroup.(T) -> Unit) {
    val failure = shown.failure
    val value = shown.value
    if (failure != null) {
        val offline = failure is Echec.Reseau
        val title = context.getString(if (offline) R.string.offline_title else R.string.failure_title)
        val since = shown.seenAt?.let { context.getString(R.string.offline_since, context.dayAndHour(it)) }
        notice(
            if (offline) Tone.OFFLINE else Tone.ERROR,
            title,
            listOfNotNull(context.say(failure), since).joinToString(" "),
        ) {
            button(context.getString(R.string.retry), Weight.SECONDARY, act = retry)
        }
    }
    when {
        value != null -> draw(value)
        shown.asking -> waiting(context.getString(R.string.loading))
    }
}
