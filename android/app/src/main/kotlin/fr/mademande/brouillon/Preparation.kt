/*
 * The draft becomes one prepared file in the engine's queue, and is then forgotten here. Goes on when the screen is
 * turned; given up or failed, the draft is as it was.
 */
package fr.mademande.brouillon

import fr.mademande.ajout.Slot
import fr.mademande.coeur.ClientInterface
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Ecouteur
import fr.mademande.coeur.Faits
import fr.mademande.coeur.Stop
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

class Preparation(
    private val brouillons: Brouillons,
    private val scope: CoroutineScope,
    private val client: () -> ClientInterface,
) {
    sealed interface State {
        data object Idle : State

        /** Steps done of all. */
        data class Running(val done: Int, val total: Int) : State

        /** In the queue: so many bytes to send. */
        data class Queued(val bytes: Long) : State

        data class Failed(val failure: Echec) : State
    }

    private val current = MutableStateFlow<State>(State.Idle)
    private var stop: Stop? = null

    val state: StateFlow<State> = current.asStateFlow()

    /** Begins; [name] is what the piece will be called. */
    fun start(name: String) {
        if (current.value is State.Running) return
        current.value = State.Running(0, brouillons.state.value.pages.size)
        val stop = Stop().also { this.stop = it }
        scope.launch {
            var ended: State = State.Idle
            try {
                val bytes = queue(name, stop)
                brouillons.clear()
                ended = State.Queued(bytes)
            } catch (_: Echec.Interrompu) {
                // The person gave it up: nothing to say.
            } catch (failure: Echec) {
                ended = State.Failed(failure)
            } finally {
                this@Preparation.stop = null
                stop.close()
                current.value = ended
            }
        }
    }

    /** Gives up what is running. */
    fun cancel() {
        stop?.stop()
    }

    /** What was said has been read, or acted upon. */
    fun acknowledge() {
        if (current.value !is State.Running) current.value = State.Idle
    }

    private suspend fun queue(name: String, stop: Stop): Long {
        val brouillon = brouillons.state.value
        val listener = object : Ecouteur {
            override fun avance(fait: ULong, total: ULong) {
                if (this@Preparation.stop === stop) current.value = State.Running(fait.toInt(), total.toInt())
            }
        }
        return client().preparer(brouillon.plan(brouillons.folder), listener, stop).use { prepare ->
            client().mettreEnFile(prepare, faits(brouillon.slot, name)).taille.toLong()
        }
    }

    private fun faits(slot: Slot, name: String) = Faits(
        personne = slot.personne,
        rubrique = checkNotNull(slot.rubrique),
        typePiece = checkNotNull(slot.typePiece),
        nom = name,
        remplace = slot.remplace,
        demandePiece = slot.demandePiece,
    )
}
