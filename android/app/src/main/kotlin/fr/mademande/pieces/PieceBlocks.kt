/* How a piece is told, in the list and on its own page. */
package fr.mademande.pieces

import android.content.Context
import android.view.ViewGroup
import fr.mademande.R
import fr.mademande.coeur.Controle
import fr.mademande.coeur.Examen
import fr.mademande.coeur.Origine
import fr.mademande.ui.button
import fr.mademande.ui.card
import fr.mademande.ui.chip
import fr.mademande.ui.day
import fr.mademande.ui.label
import fr.mademande.ui.row
import fr.mademande.ui.say
import fr.mademande.ui.text

/** One piece of the list; touching it opens it. */
fun ViewGroup.piece(piece: PieceState, open: () -> Unit, replace: () -> Unit) {
    card {
        row(context.title(piece), {
            piece.who?.let { text(it, R.dimen.text_s, R.color.text, above = 0) }
            val came = context.getString(R.string.piece_came, context.origin(piece), context.day(piece.deposeeLe))
            text(came, R.dimen.text_s, R.color.mention, above = 0)
            chip(piece.status.kind.tone, context.word(piece.status))
            text(context.next(piece.status), R.dimen.text_s)
        }, act = open)
        if (piece.replacement != null) replaceButton(replace)
    }
}

/** One tap to a new version. */
fun ViewGroup.replaceButton(replace: () -> Unit) =
    button(context.getString(R.string.piece_replace), icon = R.drawable.ic_add, act = replace)

fun Context.title(piece: PieceState): String =
    piece.title?.let { label(it.code, it.french) } ?: getString(R.string.piece_confidentielle)

fun Context.word(status: PieceState.Status): String = label("mot_${status.kind.code}", status.french)

/** What happens next, or what to do. */
fun Context.next(status: PieceState.Status): String {
    val translated = label("suite_${status.kind.code}", status.nextFrench)
    val reason = when (val examen = status.examen) {
        is Examen.Inexploitable -> examen.raison.trim().trimEnd('.')
        is Examen.Obsolete -> day(examen.date)
        else -> (status.controle as? Controle.Refuse)?.let { say(it.raison) }.orEmpty()
    }
    return translated.replace("{}", reason)
}

/** The door by which it came. */
fun Context.origin(piece: PieceState): String = when (val origine = piece.origine) {
    is Origine.Application -> label("origine_application", piece.origineFrench)
    is Origine.Portail -> label("origine_portail", piece.origineFrench)
    is Origine.Guichet -> label("origine_guichet", piece.origineFrench).replace("{}", origine.code)
    is Origine.Numeriseur -> label("origine_numeriseur", piece.origineFrench).replace("{}", origine.code)
}

private val PieceState.Kind.code: String get() = name.lowercase()
