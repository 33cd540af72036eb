/*
 * Adding a piece begins here: whom and what it concerns, then which type, from what the server says of this demande. Each
 * choice opens the next page, so that the way back undoes one choice.
 */
package fr.mademande.ajout

import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.view.ViewGroup
import android.widget.LinearLayout
import fr.mademande.R
import fr.mademande.coeur.DemandeVue
import fr.mademande.coeur.Nomenclature
import fr.mademande.coeur.TypePiece
import fr.mademande.demande.fullName
import fr.mademande.demande.rubriqueNamed
import fr.mademande.revue.RevueActivity
import fr.mademande.ui.Screen
import fr.mademande.ui.Shown
import fr.mademande.ui.Tone
import fr.mademande.ui.Weight
import fr.mademande.ui.button
import fr.mademande.ui.card
import fr.mademande.ui.divider
import fr.mademande.ui.heading
import fr.mademande.ui.label
import fr.mademande.ui.link
import fr.mademande.ui.notice
import fr.mademande.ui.shown
import fr.mademande.ui.tell
import fr.mademande.ui.text
import java.io.IOException

class AjoutActivity : Screen() {
    /** What can be chosen from. */
    private class Choices(val demande: DemandeVue, val nomenclature: Nomenclature)

    private val slot: Slot by lazy { Slot.of(intent) }
    private val keep: Boolean get() = intent.getBooleanExtra(KEEP, false)
    private var last: Shown<Choices> = Shown(asking = true)

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        draw()
    }

    override fun onStart() {
        super.onStart()
        load()
    }

    private fun load() {
        val client = container.client
        read(
            seen = { client.demandeConnue()?.let { Choices(it.demande, client.nomenclature()) to it.le } },
            fresh = { Choices(client.demande(), client.nomenclature()) },
        ) {
            last = it
            draw()
        }
    }

    private fun draw() = show(getString(R.string.add_piece)) {
        val unfinished = container.brouillons.state.value
        if (!keep && unfinished.pages.isNotEmpty()) unfinished(unfinished.pages.size) else shown(last, ::load) { choose(it) }
    }

    private fun LinearLayout.unfinished(pages: Int) {
        val words = resources.getQuantityString(R.plurals.ajout_unfinished, pages, pages)
        notice(Tone.INFO, words, getString(R.string.ajout_unfinished_help)) {
            button(getString(R.string.ajout_continue)) {
                startActivity(RevueActivity.intent(context))
                finish()
            }
            button(getString(R.string.ajout_restart), Weight.SECONDARY) {
                container.brouillons.clear()
                draw()
            }
        }
    }

    private fun ViewGroup.choose(choices: Choices) {
        val rubrique = choices.nomenclature.rubriques.firstOrNull { it.code == slot.rubrique }
        val type = rubrique?.types?.firstOrNull { it.code == slot.typePiece }
        when {
            rubrique == null -> rubriques(choices)
            type == null -> types(rubrique.types, context.label(rubrique.code, rubrique.libelle), person(choices.demande))
            // What a guichet asks for, or what is replaced, is known already.
            else -> chosen(type)
        }
    }

    private fun person(demande: DemandeVue): String =
        demande.personnes.firstOrNull { it.id == slot.personne }?.fullName ?: getString(R.string.household)

    private fun ViewGroup.rubriques(choices: Choices) {
        heading(getString(R.string.ajout_what), R.dimen.text_m)
        val people = choices.demande.personnes.map { it.id to it.fullName } + (null to getString(R.string.household))
        for ((person, name) in people) {
            val lines = choices.demande.checklist.filter { it.personne == person }
            if (lines.isEmpty()) continue
            heading(name)
            card {
                lines.forEachIndexed { at, line ->
                    if (at > 0) divider()
                    val rubrique = choices.nomenclature.rubriqueNamed(line.rubrique)
                    link(context.label(rubrique.code, rubrique.french)) {
                        next(slot.copy(rubrique = line.rubrique, personne = person))
                    }
                }
            }
        }
    }

    private fun ViewGroup.types(types: List<TypePiece>, rubrique: String, person: String) {
        heading(getString(R.string.ajout_which), R.dimen.text_m)
        text("$rubrique · $person", R.dimen.text, R.color.mention)
        for ((situation, group) in types.groupBy { it.situation }) {
            if (situation != null) heading(situation.replaceFirstChar { it.uppercase() }, R.dimen.text)
            card {
                group.forEachIndexed { at, type ->
                    if (at > 0) divider()
                    link(context.label(type.code, type.libelle), note(type)) { chosen(type) }
                }
            }
        }
    }

    private fun note(type: TypePiece): String? = when {
        type.confidentiel -> getString(R.string.ajout_confidential)
        type.sensible -> getString(R.string.ajout_sensitive)
        else -> null
    }

    private fun next(slot: Slot) = startActivity(intent(this, slot, keep))

    private fun chosen(type: TypePiece) {
        try {
            container.brouillons.update { it.copy(slot = slot.copy(typePiece = type.code)) }
        } catch (_: IOException) {
            tell(getString(R.string.storage_failed))
            return
        }
        startActivity(RevueActivity.intent(this))
        // Where nothing was chosen here there is nothing to come back to.
        if (slot.typePiece != null) finish()
    }

    companion object {
        private const val KEEP = "keep"

        /** To add a piece, for [slot] as far as that is known; to [keep] the pages that are there already, and say what they are. */
        fun intent(context: Context, slot: Slot = Slot(), keep: Boolean = false): Intent =
            slot.putInto(Intent(context, AjoutActivity::class.java)).putExtra(KEEP, keep)
    }
}
