/* What happened to the demande, latest first. */
package fr.mademande.evenements

import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.view.ViewGroup
import fr.mademande.R
import fr.mademande.coeur.EvenementVue
import fr.mademande.ui.Screen
import fr.mademande.ui.Shown
import fr.mademande.ui.column
import fr.mademande.ui.day
import fr.mademande.ui.divider
import fr.mademande.ui.empty
import fr.mademande.ui.label
import fr.mademande.ui.readAsOne
import fr.mademande.ui.shown
import fr.mademande.ui.text

class EvenementsActivity : Screen() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        draw(Shown(asking = true))
    }

    override fun onStart() {
        super.onStart()
        load()
    }

    private fun load() {
        val client = container.client
        read(
            seen = { client.demandeConnue()?.let { it.demande.evenements to it.le } },
            fresh = { client.demande().evenements },
            show = ::draw,
        )
    }

    private fun draw(evenements: Shown<List<EvenementVue>>) {
        show(getString(R.string.evenements_title)) {
            shown(evenements, ::load) { list ->
                if (list.isEmpty()) {
                    empty(R.drawable.ic_clock, getString(R.string.evenements_none), getString(R.string.evenements_none_help))
                }
                list.forEachIndexed { at, evenement ->
                    if (at > 0) divider(R.dimen.space)
                    evenement(evenement)
                }
            }
        }
    }

    private fun ViewGroup.evenement(evenement: EvenementVue) = column(R.dimen.space) {
        text(day(evenement.survenuLe), R.dimen.text_s, R.color.mention, above = 0)
        text(context.label(evenement.code, evenement.libelle), R.dimen.text, R.color.title, bold = true, above = 0)
        evenement.details?.let { text(it, above = 0) }
        readAsOne(this)
    }

    companion object {
        fun intent(context: Context): Intent = Intent(context, EvenementsActivity::class.java)
    }
}
