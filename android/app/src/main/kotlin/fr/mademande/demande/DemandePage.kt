/* The demande's page: what is asked for first, then what is sent, then the facts and the checklist. */
package fr.mademande.demande

import android.content.Context
import android.view.ViewGroup
import fr.mademande.R
import fr.mademande.ajout.Slot
import fr.mademande.coeur.Presence
import fr.mademande.coeur.Role
import fr.mademande.ui.Tone
import fr.mademande.ui.button
import fr.mademande.ui.card
import fr.mademande.ui.chip
import fr.mademande.ui.day
import fr.mademande.ui.divider
import fr.mademande.ui.fact
import fr.mademande.ui.heading
import fr.mademande.ui.label
import fr.mademande.ui.link
import fr.mademande.ui.notice
import fr.mademande.ui.row
import fr.mademande.ui.text

/** Where the page leads. */
class DemandeActions(
    val add: (Slot) -> Unit,
    val openEnvois: () -> Unit,
    val openPieces: () -> Unit,
    val openEvenements: () -> Unit,
    val showAll: () -> Unit,
)

fun ViewGroup.demande(state: DemandeState, all: Boolean, actions: DemandeActions) {
    for (request in state.requests) request(request, actions)
    sending(state.sending, actions)
    state(state)
    card {
        link(context.getString(R.string.pieces_title), icon = R.drawable.ic_document, act = actions.openPieces)
        divider()
        link(context.getString(R.string.evenements_title), icon = R.drawable.ic_clock, act = actions.openEvenements)
    }
    heading(context.getString(R.string.checklist_title), R.dimen.text_l)
    for (group in state.groups) group(group, all, actions)
    val hidden = state.groups.sumOf { group -> group.lines.count { it.presence == Presence.NON_DEMANDEE } }
    if (hidden > 0 && !all) {
        link(resources.getQuantityString(R.plurals.checklist_more, hidden, hidden), act = actions.showAll)
    }
}

private fun ViewGroup.request(request: DemandeState.Request, actions: DemandeActions) {
    val what = request.type ?: request.rubrique
    notice(Tone.WARNING, context.getString(R.string.request_title, context.label(what.code, what.french)), request.message) {
        request.who?.let { text(context.getString(R.string.request_who, it), R.dimen.text_s, R.color.title) }
        val asked = context.getString(R.string.request_asked, request.guichet, context.day(request.askedOn))
        text(asked, R.dimen.text_s, R.color.title)
        button(context.getString(R.string.request_answer), icon = R.drawable.ic_add) { actions.add(request.slot) }
    }
}

private fun ViewGroup.sending(sending: DemandeState.Sending, actions: DemandeActions) {
    if (sending.blocked > 0) {
        val words = resources.getQuantityString(R.plurals.sending_blocked, sending.blocked, sending.blocked)
        notice(Tone.ERROR, words, context.getString(R.string.sending_blocked_help)) {
            button(context.getString(R.string.sending_see), act = actions.openEnvois)
        }
    }
    if (sending.waiting > 0) {
        val words = resources.getQuantityString(R.plurals.sending_waiting, sending.waiting, sending.waiting)
        card { link(words, context.getString(R.string.sending_waiting_help), R.drawable.ic_clock, actions.openEnvois) }
    }
}

private fun ViewGroup.state(state: DemandeState) {
    val before = context.day(state.renouvelerAvant)
    when {
        !state.active -> notice(
            Tone.ERROR,
            context.getString(R.string.demande_closed),
            context.getString(R.string.demande_closed_help),
        )
        state.renewal == DemandeState.Renewal.NEAR -> notice(
            Tone.WARNING,
            context.getString(R.string.renewal_near, before),
            context.getString(R.string.renewal_help),
        )
        state.renewal == DemandeState.Renewal.PASSED -> notice(
            Tone.ERROR,
            context.getString(R.string.renewal_passed, before),
            context.getString(R.string.renewal_passed_help),
        )
    }
    card(R.color.surface_alt) {
        fact(context.getString(R.string.numero_title), state.numero)
        if (state.active) chip(Tone.SUCCESS, context.getString(R.string.demande_active))
        fact(context.getString(R.string.deposee_le), context.day(state.deposeeLe))
        fact(context.getString(R.string.renouveler_avant), before)
        fact(context.getString(R.string.guichet_title), listOfNotNull(state.guichet.nom, state.guichet.contact).joinToString("\n"))
    }
}

private fun ViewGroup.group(group: DemandeState.Group, all: Boolean, actions: DemandeActions) {
    val lines = group.lines.filter { all || it.presence != Presence.NON_DEMANDEE }
    if (lines.isEmpty()) return
    val person = group.person
    heading(person?.name ?: context.getString(R.string.household))
    if (person != null) text(context.role(person.role), R.dimen.text_s, R.color.mention, above = 0)
    card {
        lines.forEachIndexed { at, line ->
            if (at > 0) divider()
            line(line, actions)
        }
    }
}

private fun ViewGroup.line(line: DemandeState.Line, actions: DemandeActions) {
    val name = context.label(line.rubrique.code, line.rubrique.french)
    row(name, { chip(tone(line.presence), context.word(line.presence)) }) { actions.add(line.slot) }
}

private fun tone(presence: Presence): Tone = when (presence) {
    Presence.MANQUANTE -> Tone.WARNING
    Presence.NON_DEMANDEE -> Tone.NEUTRAL
    Presence.DEPOSEE -> Tone.WAITING
    Presence.ACCEPTEE -> Tone.SUCCESS
    Presence.A_REMPLACER -> Tone.ERROR
}

private fun Context.word(presence: Presence): String = getString(
    when (presence) {
        Presence.MANQUANTE -> R.string.presence_manquante
        Presence.NON_DEMANDEE -> R.string.presence_non_demandee
        Presence.DEPOSEE -> R.string.presence_deposee
        Presence.ACCEPTEE -> R.string.presence_acceptee
        Presence.A_REMPLACER -> R.string.presence_a_remplacer
    },
)

private fun Context.role(role: Role): String = getString(
    when (role) {
        Role.DEMANDEUR -> R.string.role_demandeur
        Role.COTITULAIRE -> R.string.role_cotitulaire
        Role.PERSONNE_A_CHARGE -> R.string.role_personne_a_charge
    },
)
