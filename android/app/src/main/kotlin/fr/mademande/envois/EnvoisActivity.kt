/* What waits to be sent, how far it is, and what has arrived. */
package fr.mademande.envois

import android.content.Context
import android.content.Intent
import android.net.ConnectivityManager
import android.os.Bundle
import fr.mademande.R
import fr.mademande.coeur.Controle
import fr.mademande.coeur.Echec
import fr.mademande.coeur.EtatDepot
import fr.mademande.coeur.Stop
import fr.mademande.service
import fr.mademande.ui.Screen
import fr.mademande.ui.ask
import fr.mademande.ui.say
import fr.mademande.ui.tell
import fr.mademande.ui.waiting
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch

class EnvoisActivity : Screen() {
    private var shown: EnvoisState? = null
    private var progress: EnvoisProgress? = null
    private var following: List<Job> = emptyList()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        show(getString(R.string.envois_title)) { waiting(getString(R.string.loading)) }
    }

    override fun onStart() {
        super.onStart()
        following = listOf(
            scope.launch { container.expediteur.progress.collect { progress?.show(it) } },
            scope.launch { lookOften() },
        )
    }

    override fun onStop() {
        following.forEach { it.cancel() }
        super.onStop()
    }

    private suspend fun lookOften() {
        var turn = 0
        while (true) {
            refresh()
            if (turn % LOOKS_PER_QUESTION == 0) askServer()
            turn++
            delay(LOOK_MS)
        }
    }

    private suspend fun refresh() {
        val state = try {
            val queue = container.client.file()
            container.recus.keepOf(queue.entrees)
            EnvoisState.of(
                queue,
                container.client.nomenclature(),
                container.recus.all.value,
                container.expediteur.paused,
                waitsForWifi = container.reglages.wifiSeulement && metered(),
            )
        } catch (_: Echec) {
            return
        }
        if (state == shown) return
        shown = state
        show(getString(R.string.envois_title)) { progress = envois(state, actions) }
    }

    /** What became of what is being inspected. */
    private suspend fun askServer() {
        try {
            val open = container.client.file().entrees.any { (it.etat as? EtatDepot.Depose)?.recu?.controle == Controle.EnVerification }
            if (open) container.recus.keep(Stop().use { container.client.suivre(it) })
        } catch (_: Echec) {
            // Without network there is nothing new; it is asked again in a moment.
        }
    }

    private fun metered(): Boolean = service<ConnectivityManager>().isActiveNetworkMetered

    private val actions = EnvoisActions(
        retry = { depot -> act { container.client.reprendre(depot).also { container.expediteur.request(0, visible = true) } } },
        cancel = { depot ->
            ask(getString(R.string.envois_cancel_title), getString(R.string.envois_cancel_text), getString(R.string.envois_cancel)) {
                act { container.client.annuler(depot) }
            }
        },
        forget = { depot -> act { container.client.oublier(depot) } },
        pause = { act { container.expediteur.pause() } },
        resume = { act { container.expediteur.resume(shown?.bytesLeft ?: 0) } },
        open = { startActivity(RecuActivity.intent(this, it.depot)) },
    )

    private fun act(work: suspend () -> Unit) {
        scope.launch {
            try {
                work()
            } catch (failure: Echec) {
                tell(say(failure))
            }
            refresh()
        }
    }

    companion object {
        /** As often as one looks at a bar; the bars themselves move by themselves. */
        private const val LOOK_MS = 1_000L

        /** The server is asked less often. */
        private const val LOOKS_PER_QUESTION = 3

        /** To see what waits to be sent. */
        fun intent(context: Context): Intent = Intent(context, EnvoisActivity::class.java)
    }
}
