/* Help, the one setting, what the law asks to say, and signing out. */
package fr.mademande.aide

import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.widget.LinearLayout
import fr.mademande.R
import fr.mademande.coeur.Echec
import fr.mademande.connexion.ConnexionActivity
import fr.mademande.ui.Screen
import fr.mademande.ui.Weight
import fr.mademande.ui.ask
import fr.mademande.ui.button
import fr.mademande.ui.divider
import fr.mademande.ui.heading
import fr.mademande.ui.link
import fr.mademande.ui.say
import fr.mademande.ui.switch
import fr.mademande.ui.tell
import fr.mademande.ui.text
import kotlinx.coroutines.launch

class AideActivity : Screen() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        show(getString(R.string.aide_title)) { page() }
    }

    private fun LinearLayout.page() {
        text(getString(R.string.aide_assistance), above = 0)
        assistanceButton(this@AideActivity)

        heading(getString(R.string.aide_sending))
        switch(getString(R.string.aide_wifi), container.reglages.wifiSeulement) { only ->
            container.reglages.wifiSeulement = only
            scope.launch {
                try {
                    container.expediteur.replan()
                } catch (failure: Echec) {
                    tell(say(failure))
                }
            }
        }
        text(getString(R.string.aide_wifi_help), R.dimen.text_s, R.color.mention, above = 0)

        heading(getString(R.string.aide_about))
        for (texte in Texte.entries) {
            link(getString(texte.title)) { startActivity(TexteActivity.intent(context, texte)) }
            divider()
        }

        heading(getString(R.string.session_title))
        text(getString(R.string.session_help), above = 0)
        button(getString(R.string.sign_out), Weight.SECONDARY) {
            ask(getString(R.string.sign_out), getString(R.string.sign_out_help), getString(R.string.sign_out)) {
                signOut(force = false)
            }
        }
    }

    private fun signOut(force: Boolean) {
        scope.launch {
            try {
                container.signOut(force)
                startActivity(ConnexionActivity.intent(this@AideActivity, again = false))
                finish()
            } catch (waiting: Echec.DepotsEnAttente) {
                val nombre = waiting.nombre.toInt()
                val message = resources.getQuantityString(R.plurals.sign_out_waiting, nombre, nombre)
                ask(getString(R.string.sign_out), message, getString(R.string.sign_out_lose)) { signOut(force = true) }
            } catch (failure: Echec) {
                tell(say(failure))
            }
        }
    }

    companion object {
        fun intent(context: Context): Intent = Intent(context, AideActivity::class.java)
    }
}
