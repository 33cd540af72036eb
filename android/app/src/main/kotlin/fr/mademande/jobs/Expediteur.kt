/*
 * Sends the queue: one at a time in this process, whoever asks. The queue is the engine's, on the disk; here is only what
 * is known while it moves. Android's scheduler decides when there is a network and whether the app may work now.
 *
 * What can go wrong is told by the engine's answer: it will pass, or the person must act. A stop is obeyed within a
 * second, at the offset that the server has confirmed.
 */
package fr.mademande.jobs

import fr.mademande.Reglages
import fr.mademande.coeur.ClientInterface
import fr.mademande.coeur.DepotId
import fr.mademande.coeur.EcouteurEnvoi
import fr.mademande.coeur.Entree
import fr.mademande.coeur.Envoi
import fr.mademande.coeur.EtatDepot
import fr.mademande.coeur.Stop
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicReference
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

class Expediteur(
    private val planification: Planification,
    private val reglages: Reglages,
    private val client: () -> ClientInterface,
) {
    /** Bytes handed to the network or confirmed, by deposit; empty when nothing is being sent. */
    data class Progress(val sent: Map<DepotId, Sent> = emptyMap())

    data class Sent(val bytes: Long, val total: Long)

    private val current = MutableStateFlow(Progress())
    private val oneAtATime = Mutex()
    private val more = AtomicBoolean()
    private val stop = AtomicReference<Stop?>()

    val progress: StateFlow<Progress> = current.asStateFlow()

    /** Asked of who holds the queue, not of what was last said: the engine may still say something after a stop. */
    val running: Boolean get() = stop.get() != null

    val paused: Boolean get() = reglages.enPause

    /** Something is to be sent; while the app is [visible] Android takes it as what the person wants now. */
    fun request(bytes: Long, visible: Boolean) {
        if (paused) return
        more.set(true)
        // Planning a job that runs would end it: the one that runs looks again.
        if (!running) planification.planEnvoi(bytes, visible)
    }

    /** Sends until nothing is left that can be sent now. */
    suspend fun send(): Envoi = oneAtATime.withLock {
        val mine = Stop()
        stop.set(mine)
        current.value = Progress()
        try {
            var envoi: Envoi
            do {
                more.set(false)
                envoi = client().envoyer(listener, mine)
            } while (envoi == Envoi.Vide && more.get())
            envoi
        } finally {
            stop.set(null)
            mine.close()
            current.value = Progress()
        }
    }

    /** Ends what is under way, within a second; the queue stays. */
    fun stop() {
        stop.get()?.stop()
    }

    /** Nothing is sent any more before the person says so. */
    fun pause() {
        reglages.enPause = true
        planification.cancelEnvoi()
        stop()
    }

    fun resume(bytes: Long) {
        reglages.enPause = false
        request(bytes, visible = true)
    }

    /** The person has changed which networks may be used. */
    suspend fun replan() {
        val bytes = waiting().sumOf { it.taille.toLong() }
        if (bytes > 0 && !paused) planification.planEnvoi(bytes, visible = true)
    }

    /**
     * Plans what waits and is not planned: after "force stop" Android forgets the jobs of an app. True if it was that; and
     * false after a new sign-in, where nothing was interrupted.
     */
    suspend fun recover(): Boolean {
        if (paused || running || planification.envoiPlanned) return false
        val bytes = waiting().sumOf { it.taille.toLong() }
        val interrupted = reglages.envoiPrevu && bytes > 0
        if (bytes > 0) request(bytes, visible = true)
        return interrupted
    }

    private suspend fun waiting(): List<Entree> = client().file().entrees.filter { it.etat.moves }

    private val listener = object : EcouteurEnvoi {
        override fun avance(depot: DepotId, envoyes: ULong, taille: ULong) {
            if (running) current.value = Progress(current.value.sent + (depot to Sent(envoyes.toLong(), taille.toLong())))
        }
    }
}

/** Whether sending would move it. */
val EtatDepot.moves: Boolean
    get() = this is EtatDepot.EnAttente || this is EtatDepot.EnCours || this is EtatDepot.Confirmation
