/* The first screen: my demande. Without a session it makes room for signing in. */
package fr.mademande.demande

import android.content.Context
import android.content.Intent
import android.os.Bundle
import fr.mademande.R
import fr.mademande.aide.AideActivity
import fr.mademande.ajout.AjoutActivity
import fr.mademande.ajout.Slot
import fr.mademande.coeur.DemandeVue
import fr.mademande.coeur.Echec
import fr.mademande.envois.EnvoisActivity
import fr.mademande.evenements.EvenementsActivity
import fr.mademande.pieces.PiecesActivity
import fr.mademande.ui.BarAction
import fr.mademande.ui.Screen
import fr.mademande.ui.Shown
import fr.mademande.ui.button
import fr.mademande.ui.shown
import fr.mademande.ui.tell
import fr.mademande.ui.today
import kotlinx.coroutines.launch

class DemandeActivity : Screen() {
    /** The pieces that nobody asks for are shown too. */
    private var all = false
    private var last: Shown<DemandeState> = Shown(asking = true)

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        all = savedInstanceState?.getBoolean(ALL) ?: false
        draw()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putBoolean(ALL, all)
    }

    override fun onStart() {
        super.onStart()
        load()
        recover()
    }

    /** After "force stop", what waited goes on, and the person is told. */
    private fun recover() = scope.launch {
        try {
            container.client.session()
            container.planification.planSuivi()
            if (container.expediteur.recover()) tell(getString(R.string.envois_interrupted))
        } catch (_: Echec) {
            // The page itself says what is wrong.
        }
    }

    private fun load() {
        val client = container.client
        read(
            seen = { client.demandeConnue()?.let { it.demande.toState() to it.le } },
            fresh = { client.demande().toState() },
        ) {
            last = it
            draw()
        }
    }

    private suspend fun DemandeVue.toState(): DemandeState =
        DemandeState.of(this, container.client.nomenclature(), container.client.file(), today())

    private fun draw() {
        val actions = DemandeActions(
            add = { startActivity(AjoutActivity.intent(this, it)) },
            openEnvois = { startActivity(EnvoisActivity.intent(this)) },
            openPieces = { startActivity(PiecesActivity.intent(this)) },
            openEvenements = { startActivity(EvenementsActivity.intent(this)) },
            showAll = {
                all = true
                draw()
            },
        )
        val closed = last.value?.active == false
        show(
            getString(R.string.demande_title),
            back = false,
            action = BarAction(R.string.aide_title) { startActivity(AideActivity.intent(this)) },
            footer = if (closed) null else ({
                button(getString(R.string.add_piece), icon = R.drawable.ic_add) { actions.add(Slot()) }
            }),
        ) {
            shown(last, ::load) { demande(it, all, actions) }
        }
    }

    companion object {
        private const val ALL = "all"

        fun intent(context: Context): Intent = Intent(context, DemandeActivity::class.java)
    }
}
