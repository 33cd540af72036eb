/* One of the texts that the law asks for, as headings and paragraphs. */
package fr.mademande.aide

import android.content.Context
import android.content.Intent
import android.os.Bundle
import fr.mademande.R
import fr.mademande.ui.Screen
import fr.mademande.ui.heading
import fr.mademande.ui.text

/** Which text; [paragraphs] alternate heading and paragraph. */
enum class Texte(val title: Int, val paragraphs: Int) {
    ACCESSIBILITE(R.string.accessibilite_title, R.array.accessibilite),
    CONFIDENTIALITE(R.string.confidentialite_title, R.array.confidentialite),
    LICENCES(R.string.licences_title, R.array.licences),
}

class TexteActivity : Screen() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val texte = Texte.valueOf(intent.getStringExtra(TEXTE) ?: Texte.CONFIDENTIALITE.name)
        show(getString(texte.title)) {
            for ((heading, paragraph) in resources.getStringArray(texte.paragraphs).toList().chunked(2) { it[0] to it[1] }) {
                heading(heading)
                text(paragraph)
            }
        }
    }

    companion object {
        private const val TEXTE = "texte"

        fun intent(context: Context, texte: Texte): Intent =
            Intent(context, TexteActivity::class.java).putExtra(TEXTE, texte.name)
    }
}
