/* The page of sendings: what needs the person first, then what moves, then what has arrived. */
package fr.mademande.envois

import android.content.Context
import android.view.ViewGroup
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import fr.mademande.R
import fr.mademande.coeur.Controle
import fr.mademande.coeur.DepotId
import fr.mademande.coeur.Genre
import fr.mademande.coeur.Recu
import fr.mademande.jobs.Expediteur
import fr.mademande.revue.progressBar
import fr.mademande.ui.Tone
import fr.mademande.ui.Weight
import fr.mademande.ui.button
import fr.mademande.ui.card
import fr.mademande.ui.chip
import fr.mademande.ui.dayAndHour
import fr.mademande.ui.empty
import fr.mademande.ui.heading
import fr.mademande.ui.label
import fr.mademande.ui.notice
import fr.mademande.ui.row
import fr.mademande.ui.say
import fr.mademande.ui.size
import fr.mademande.ui.text

/** What can be done there. */
class EnvoisActions(
    val retry: (DepotId) -> Unit,
    val cancel: (DepotId) -> Unit,
    val forget: (DepotId) -> Unit,
    val pause: () -> Unit,
    val resume: () -> Unit,
    val open: (Recu) -> Unit,
)

/** What moves while it is looked at, changed in place so that neither a finger nor a screen reader loses its place. */
class EnvoisProgress(private val bars: Map<DepotId, Bar>) {
    class Bar(val bar: ProgressBar, val words: TextView)

    fun show(progress: Expediteur.Progress) {
        for ((depot, sent) in progress.sent) bars[depot]?.let { it.show(sent.bytes, sent.total) }
    }
}

private fun EnvoisProgress.Bar.show(sent: Long, total: Long) {
    bar.max = maxOf(total, 1).toInt()
    bar.progress = sent.toInt()
    val all = words.context.size(total)
    words.text = if (sent == 0L) all else words.context.getString(R.string.envois_bytes, words.context.size(sent), all)
}

fun ViewGroup.envois(state: EnvoisState, actions: EnvoisActions): EnvoisProgress {
    if (state == EnvoisState()) {
        empty(R.drawable.ic_check, context.getString(R.string.envois_empty), context.getString(R.string.envois_empty_help))
    }
    for (depot in state.unreadable) unreadable(depot, actions)
    for (blocked in state.blocked) blocked(blocked, actions)
    val bars = HashMap<DepotId, EnvoisProgress.Bar>()
    if (state.waiting.isNotEmpty()) {
        heading(context.getString(R.string.envois_waiting))
        situation(state, actions)
        for (waiting in state.waiting) bars[waiting.depot] = waiting(waiting, actions)
    }
    if (state.receipts.isNotEmpty()) {
        heading(context.getString(R.string.envois_receipts))
        for (recu in state.receipts) receipt(recu, actions)
    }
    return EnvoisProgress(bars)
}

private fun ViewGroup.situation(state: EnvoisState, actions: EnvoisActions) {
    when {
        state.paused -> notice(Tone.NEUTRAL, context.getString(R.string.envois_paused), context.getString(R.string.envois_paused_help)) {
            button(context.getString(R.string.envois_resume), act = actions.resume)
        }
        state.waitsForWifi -> notice(Tone.OFFLINE, context.getString(R.string.envois_wifi), context.getString(R.string.envois_wifi_help))
        else -> text(context.getString(R.string.envois_leave), R.dimen.text_s, R.color.mention)
    }
    if (!state.paused) button(context.getString(R.string.envois_pause), Weight.SECONDARY, act = actions.pause)
}

private fun ViewGroup.waiting(waiting: EnvoisState.Waiting, actions: EnvoisActions): EnvoisProgress.Bar {
    lateinit var progress: EnvoisProgress.Bar
    card {
        text(context.label(waiting.type.code, waiting.type.french), R.dimen.text, R.color.title, bold = true, above = 0)
        chip(Tone.WAITING, context.getString(word(waiting.step)))
        val bar = progressBar()
        val words = text("", R.dimen.text_s, R.color.mention, above = 0)
        progress = EnvoisProgress.Bar(bar, words)
        progress.show(waiting.sent, waiting.total)
        waiting.lastFailure?.let { text(context.why(it), R.dimen.text_s, R.color.mention) }
        button(context.getString(R.string.envois_cancel), Weight.TERTIARY) { actions.cancel(waiting.depot) }
    }
    return progress
}

private fun ViewGroup.blocked(blocked: EnvoisState.Blocked, actions: EnvoisActions) {
    val name = context.label(blocked.type.code, blocked.type.french)
    notice(Tone.ERROR, context.getString(R.string.envois_blocked, name), context.say(blocked.reason)) {
        button(context.getString(R.string.retry)) { actions.retry(blocked.depot) }
        button(context.getString(R.string.envois_cancel), Weight.SECONDARY) { actions.cancel(blocked.depot) }
    }
}

private fun ViewGroup.unreadable(depot: DepotId, actions: EnvoisActions) {
    notice(Tone.ERROR, context.getString(R.string.envois_unreadable), context.getString(R.string.envois_unreadable_help)) {
        button(context.getString(R.string.envois_forget), Weight.SECONDARY) { actions.forget(depot) }
    }
}

private fun ViewGroup.receipt(recu: Recu, actions: EnvoisActions) {
    card {
        row(recu.numero, { receiptLines(recu) }) { actions.open(recu) }
    }
}

private fun LinearLayout.receiptLines(recu: Recu) {
    text(context.getString(R.string.recu_deposited, context.dayAndHour(recu.deposeLe)), R.dimen.text_s, R.color.mention, above = 0)
    chip(tone(recu.controle), context.word(recu.controle))
}

/** Where the inspection stands, in words. */
fun Context.word(controle: Controle): String = getString(
    when (controle) {
        Controle.EnVerification -> R.string.controle_en_verification
        Controle.Disponible -> R.string.controle_disponible
        is Controle.Refuse -> R.string.controle_refuse
    },
)

fun tone(controle: Controle): Tone = when (controle) {
    Controle.EnVerification -> Tone.WAITING
    Controle.Disponible -> Tone.SUCCESS
    is Controle.Refuse -> Tone.ERROR
}

private fun word(step: EnvoisState.Step): Int = when (step) {
    EnvoisState.Step.WAITING -> R.string.step_waiting
    EnvoisState.Step.SENDING -> R.string.step_sending
    EnvoisState.Step.CONFIRMING -> R.string.step_confirming
}

private fun Context.why(failure: EnvoisState.Failure): String {
    val reason = getString(
        when (failure.genre) {
            Genre.RESEAU -> R.string.genre_reseau
            Genre.SESSION -> R.string.genre_session
            Genre.REFUS -> R.string.genre_refus
            Genre.REPONSE_INATTENDUE -> R.string.genre_reponse_inattendue
            Genre.APPAREIL -> R.string.genre_appareil
            Genre.INTERROMPU -> R.string.genre_interrompu
        },
    )
    return getString(R.string.envois_last_failure, dayAndHour(failure.at), reason)
}
