/* Another app shares photos or PDFs into this one: they become pages of a new piece, or of the one being put together. */
package fr.mademande.ajout

import android.content.Intent
import android.net.Uri
import android.os.Build
import android.os.Bundle
import fr.mademande.R
import fr.mademande.revue.RevueActivity
import fr.mademande.ui.Screen
import fr.mademande.ui.SinceApi
import fr.mademande.ui.Weight
import fr.mademande.ui.button
import fr.mademande.ui.text

class PartageActivity : Screen() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val shared = shared(intent)
        when {
            shared.isEmpty() -> show(getString(R.string.add_piece)) { text(getString(R.string.partage_nothing)) }
            container.brouillons.state.value.pages.isEmpty() -> asNewPiece(shared)
            else -> askWhere(shared)
        }
    }

    private fun askWhere(shared: List<Uri>) {
        val pages = container.brouillons.state.value.pages.size
        show(getString(R.string.add_piece)) {
            text(resources.getQuantityString(R.plurals.ajout_unfinished, pages, pages), above = 0)
            text(getString(R.string.partage_where))
            button(getString(R.string.partage_add)) {
                container.imports.start(shared)
                open(RevueActivity.intent(context))
            }
            button(getString(R.string.partage_new), Weight.SECONDARY) { asNewPiece(shared) }
        }
    }

    private fun asNewPiece(shared: List<Uri>) {
        container.brouillons.clear()
        container.imports.start(shared)
        open(AjoutActivity.intent(this, keep = true))
    }

    private fun open(next: Intent) {
        startActivity(next)
        finish()
    }

    private fun shared(intent: Intent): List<Uri> =
        if (intent.action == Intent.ACTION_SEND_MULTIPLE) several(intent).orEmpty() else listOfNotNull(one(intent))

    private fun one(intent: Intent): Uri? =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) oneSince33(intent) else oneBefore33(intent)

    private fun several(intent: Intent): List<Uri>? =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) severalSince33(intent) else severalBefore33(intent)

    @SinceApi(Build.VERSION_CODES.TIRAMISU)
    private fun oneSince33(intent: Intent): Uri? = intent.getParcelableExtra(Intent.EXTRA_STREAM, Uri::class.java)

    @SinceApi(Build.VERSION_CODES.TIRAMISU)
    private fun severalSince33(intent: Intent): List<Uri>? =
        intent.getParcelableArrayListExtra(Intent.EXTRA_STREAM, Uri::class.java)

    @Suppress("DEPRECATION")
    private fun oneBefore33(intent: Intent): Uri? = intent.getParcelableExtra(Intent.EXTRA_STREAM)

    @Suppress("DEPRECATION")
    private fun severalBefore33(intent: Intent): List<Uri>? = intent.getParcelableArrayListExtra(Intent.EXTRA_STREAM)
}
