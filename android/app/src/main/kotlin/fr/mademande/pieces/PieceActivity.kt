/*
 * One piece: where it stands, its pages, its facts; replacing and withdrawing it. Its document is fetched at once where
 * it is small and on request where it is not, and pages that were seen can be seen again without a network.
 */
package fr.mademande.pieces

import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.view.ViewGroup
import android.widget.LinearLayout
import fr.mademande.R
import fr.mademande.ajout.AjoutActivity
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Ecouteur
import fr.mademande.coeur.Stop
import fr.mademande.ui.Screen
import fr.mademande.ui.Shown
import fr.mademande.ui.Weight
import fr.mademande.ui.ask
import fr.mademande.ui.button
import fr.mademande.ui.card
import fr.mademande.ui.chip
import fr.mademande.ui.dayAndHour
import fr.mademande.ui.empty
import fr.mademande.ui.fact
import fr.mademande.ui.heading
import fr.mademande.ui.label
import fr.mademande.ui.say
import fr.mademande.ui.shown
import fr.mademande.ui.size
import fr.mademande.ui.tell
import fr.mademande.ui.text
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch

class PieceActivity : Screen() {
    private val id: String get() = intent.getStringExtra(ID).orEmpty()
    private var last: Shown<PieceState?> = Shown(asking = true)
    private var preview: Preview = Preview.Unasked
    private var page = 1u
    private var loading: Job? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        page = savedInstanceState?.getInt(PAGE)?.toUInt() ?: 1u
        draw()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putInt(PAGE, page.toInt())
    }

    override fun onStart() {
        super.onStart()
        load()
    }

    private fun load() {
        val pieces = Pieces(container.client)
        read(pieces::seen, pieces::fresh) { list ->
            last = Shown(list.value?.firstOrNull { it.id == id }, list.seenAt, list.failure, list.asking)
            draw()
            val piece = last.value
            if (piece != null && piece.openable && piece.bytes <= UNASKED_BYTES_MAX) open(piece)
        }
    }

    private fun open(piece: PieceState) {
        if (loading?.isActive == true || preview is Preview.Page) return
        turn(piece, page)
    }

    private fun turn(piece: PieceState, to: UInt) {
        loading?.cancel()
        loading = scope.launch {
            preview = Preview.Asking
            draw()
            preview = try {
                Stop().use { stop ->
                    val path = container.client.consulter(id, Unheard, stop)
                    val image = container.apercus.page(id, path, to)
                    if (image == null) {
                        Preview.Failed(getString(R.string.preview_failed))
                    } else {
                        page = to
                        Preview.Page(image, to, piece.pages ?: 1u)
                    }
                }
            } catch (failure: Echec) {
                if (leaveWithout(failure)) return@launch
                Preview.Failed(say(failure))
            }
            draw()
        }
    }

    private fun draw() {
        val piece = last.value
        show(if (piece == null) getString(R.string.piece_title) else title(piece)) {
            shown(last, ::load) { if (it != null) page(it) }
            if (piece == null && !last.asking && last.failure == null) {
                empty(R.drawable.ic_document, getString(R.string.piece_gone), getString(R.string.piece_gone_help))
            }
        }
    }

    private fun ViewGroup.page(piece: PieceState) {
        chip(piece.status.kind.tone, context.word(piece.status), above = 0)
        text(context.next(piece.status))
        if (piece.replacement != null) {
            replaceButton { startActivity(AjoutActivity.intent(this@PieceActivity, piece.replacement)) }
        }
        if (piece.openable) {
            heading(getString(R.string.preview_title))
            preview(preview, size(piece.bytes), open = { open(piece) }, turn = { turn(piece, it) })
        }
        heading(getString(R.string.piece_facts))
        card(R.color.surface_alt) { facts(piece) }
        if (piece.withdrawable) {
            button(getString(R.string.piece_withdraw), Weight.TERTIARY) {
                ask(getString(R.string.piece_withdraw), getString(R.string.piece_withdraw_help), getString(R.string.piece_withdraw)) {
                    withdraw()
                }
            }
        }
    }

    private fun LinearLayout.facts(piece: PieceState) {
        if (piece.title != null) {
            fact(getString(R.string.piece_who), piece.who ?: getString(R.string.household))
            piece.rubrique?.let { fact(getString(R.string.piece_rubrique), context.label(it.code, it.french)) }
        }
        fact(getString(R.string.piece_origin), context.origin(piece))
        fact(getString(R.string.piece_deposited), dayAndHour(piece.deposeeLe))
        val pages = piece.pages?.toInt()?.let { resources.getQuantityString(R.plurals.pages, it, it) }
        fact(getString(R.string.piece_size), listOfNotNull(pages, context.size(piece.bytes)).joinToString(", "))
        fact(getString(R.string.piece_numero), piece.numero)
    }

    private fun withdraw() {
        scope.launch {
            try {
                container.client.retirer(id)
                finish()
            } catch (failure: Echec) {
                if (!leaveWithout(failure)) tell(say(failure))
            }
        }
    }

    /** The wheel turns; how far a download is would say no more for some hundred kilobytes. */
    private object Unheard : Ecouteur {
        override fun avance(fait: ULong, total: ULong) = Unit
    }

    companion object {
        private const val ID = "id"
        private const val PAGE = "page"

        /** What is fetched without being asked for: a few times what the app itself sends. */
        private const val UNASKED_BYTES_MAX = 1_000_000L

        fun intent(context: Context, id: String): Intent =
            Intent(context, PieceActivity::class.java).putExtra(ID, id)
    }
}
