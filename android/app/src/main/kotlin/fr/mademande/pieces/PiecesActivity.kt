/* The pieces of the demande, whoever deposited them. */
package fr.mademande.pieces

import android.content.Context
import android.content.Intent
import android.os.Bundle
import fr.mademande.R
import fr.mademande.ajout.AjoutActivity
import fr.mademande.ajout.Slot
import fr.mademande.ui.Screen
import fr.mademande.ui.Shown
import fr.mademande.ui.button
import fr.mademande.ui.empty
import fr.mademande.ui.shown

class PiecesActivity : Screen() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        draw(Shown(asking = true))
    }

    override fun onStart() {
        super.onStart()
        load()
    }

    private fun load() {
        val pieces = Pieces(container.client)
        read(pieces::seen, pieces::fresh, ::draw)
    }

    private fun draw(pieces: Shown<List<PieceState>>) {
        show(getString(R.string.pieces_title), footer = {
            button(getString(R.string.add_piece), icon = R.drawable.ic_add) { add(Slot()) }
        }) {
            shown(pieces, ::load) { list ->
                if (list.isEmpty()) {
                    empty(R.drawable.ic_document, getString(R.string.pieces_none), getString(R.string.pieces_none_help))
                }
                for (piece in list) {
                    piece(
                        piece,
                        open = { startActivity(PieceActivity.intent(this@PiecesActivity, piece.id)) },
                        replace = { piece.replacement?.let(::add) },
                    )
                }
            }
        }
    }

    private fun add(slot: Slot) = startActivity(AjoutActivity.intent(this, slot))

    companion object {
        fun intent(context: Context): Intent = Intent(context, PiecesActivity::class.java)
    }
}
