/* A receipt: what the server confirmed. It can be given to somebody else as a text, which names no piece and no person. */
package fr.mademande.envois

import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.view.ViewGroup
import fr.mademande.R
import fr.mademande.coeur.Controle
import fr.mademande.coeur.DepotId
import fr.mademande.coeur.Recu
import fr.mademande.ui.Screen
import fr.mademande.ui.Tone
import fr.mademande.ui.button
import fr.mademande.ui.card
import fr.mademande.ui.chip
import fr.mademande.ui.dayAndHour
import fr.mademande.ui.fact
import fr.mademande.ui.notice
import fr.mademande.ui.say
import fr.mademande.ui.size
import fr.mademande.ui.tell
import fr.mademande.ui.text

class RecuActivity : Screen() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val recu = container.recus.of(intent.getStringExtra(DEPOT).orEmpty()) ?: return finish()
        show(
            getString(R.string.recu_title),
            footer = { button(getString(R.string.recu_share), icon = R.drawable.ic_share) { share(recu) } },
        ) { receipt(recu) }
    }

    private fun ViewGroup.receipt(recu: Recu) {
        chip(tone(recu.controle), context.word(recu.controle), above = 0)
        val controle = recu.controle
        if (controle is Controle.Refuse) notice(Tone.ERROR, null, context.say(controle.raison))
        if (controle == Controle.EnVerification) text(getString(R.string.recu_checking))
        if (recu.doublon) notice(Tone.INFO, null, getString(R.string.recu_twice))
        card(R.color.surface_alt) {
            fact(getString(R.string.recu_number), recu.numero)
            fact(getString(R.string.recu_date), context.dayAndHour(recu.deposeLe))
            fact(getString(R.string.recu_size), context.size(recu.taille.toLong()))
            fact(getString(R.string.recu_service), listOfNotNull(recu.service, recu.contact).joinToString("\n"))
            // In groups, so that it can be compared by eye and wraps on a narrow screen.
            fact(getString(R.string.recu_digest), recu.sha256.chunked(DIGEST_GROUP).joinToString(" "))
        }
        text(getString(R.string.recu_help), R.dimen.text_s, R.color.mention)
    }

    private fun share(recu: Recu) {
        val text = getString(R.string.recu_text, recu.numero, dayAndHour(recu.deposeLe), size(recu.taille.toLong()), recu.service, recu.sha256)
        val send = Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, text)
        try {
            startActivity(Intent.createChooser(send, getString(R.string.recu_share)))
        } catch (_: ActivityNotFoundException) {
            tell(text)
        }
    }

    companion object {
        private const val DEPOT = "depot"
        private const val DIGEST_GROUP = 8

        fun intent(context: Context, depot: DepotId): Intent =
            Intent(context, RecuActivity::class.java).putExtra(DEPOT, depot)
    }
}
