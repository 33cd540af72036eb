/* Help, the one setting, what the law asks to say, and signing out. */
package fr.mademande.aide

import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.widget.LinearLayout
import fr.mademande.R
import fr.mademande.ui.Screen
import fr.mademande.ui.divider
import fr.mademande.ui.heading
import fr.mademande.ui.link
import fr.mademande.ui.switch
import fr.mademande.ui.text

class AideActivity : Screen() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        show(getString(R.string.aide_title)) { page() }
    }

    private fun LinearLayout.page() {
        text(getString(R.string.aide_assistance), above = 0)
        assistanceButton(this@AideActivity)

        heading(getString(R.string.aide_sending))
        switch(getString(R.string.aide_wifi), container.reglages.wifiSeulement) { container.reglages.wifiSeulement = it }
        text(getString(R.string.aide_wifi_help), R.dimen.text_s, R.color.mention, above = 0)

        heading(getString(R.string.aide_about))
        for (texte in Texte.entries) {
            link(getString(texte.title)) { startActivity(TexteActivity.intent(context, texte)) }
            divider()
        }
    }

    companion object {
        fun intent(context: Context): Intent = Intent(context, AideActivity::class.java)
    }
}
