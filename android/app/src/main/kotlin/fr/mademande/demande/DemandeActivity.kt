package fr.mademande.demande

import android.os.Bundle
import fr.mademande.R
import fr.mademande.ui.Screen
import fr.mademande.ui.waiting

class DemandeActivity : Screen() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        show(getString(R.string.app_name), back = false) { waiting(getString(R.string.loading)) }
    }
}
