/*
 * Signing in: the numéro unique as it is printed, and the code. The code is used once and kept nowhere: its field is not
 * saved with the screen, offered to no autofill, learnt by no keyboard, and emptied when the server has answered.
 */
package fr.mademande.connexion

import android.content.Context
import android.content.Intent
import android.content.Intent.FLAG_ACTIVITY_CLEAR_TASK
import android.content.Intent.FLAG_ACTIVITY_NEW_TASK
import android.os.Bundle
import android.text.InputType
import android.text.method.PasswordTransformationMethod
import android.view.View
import android.view.inputmethod.EditorInfo
import android.widget.EditText
import android.widget.LinearLayout
import fr.mademande.R
import fr.mademande.aide.assistanceButton
import fr.mademande.coeur.Echec
import fr.mademande.coeur.lireNumero
import fr.mademande.demande.DemandeActivity
import fr.mademande.ui.Screen
import fr.mademande.ui.Tone
import fr.mademande.ui.button
import fr.mademande.ui.check
import fr.mademande.ui.column
import fr.mademande.ui.field
import fr.mademande.ui.heading
import fr.mademande.ui.notice
import fr.mademande.ui.say
import fr.mademande.ui.text
import fr.mademande.ui.waiting
import kotlinx.coroutines.launch

class ConnexionActivity : Screen() {
    private lateinit var numero: EditText
    private lateinit var code: EditText
    private lateinit var submit: View

    /** What became of the last try, beside the button that the thumb has just left. */
    private lateinit var outcome: LinearLayout

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        show(getString(R.string.connexion_title), back = false) { page() }
        if (intent.getBooleanExtra(AGAIN, false)) {
            outcome.notice(Tone.INFO, null, getString(R.string.connexion_again))
        }
    }

    private fun LinearLayout.page() {
        text(getString(R.string.connexion_intro), above = 0)
        numero = field(
            R.id.connexion_numero,
            getString(R.string.connexion_numero),
            getString(R.string.connexion_numero_help),
            NUMERO_TYPED_CHARS_MAX,
        ) {
            // Letters occur (a guichet's code, Corsica), but most of it is digits.
            inputType = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_CHARACTERS or
                InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS
            imeOptions = EditorInfo.IME_ACTION_NEXT or EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING
            importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
            addTextChangedListener(NumeroWatcher())
        }
        code = field(
            R.id.connexion_code,
            getString(R.string.connexion_code),
            getString(R.string.connexion_code_help),
            CODE_CHARS_MAX,
        ) {
            inputType = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD
            imeOptions = EditorInfo.IME_ACTION_GO or EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING
            importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
            isSaveEnabled = false
            setOnEditorActionListener { _, _, _ ->
                signIn()
                true
            }
        }
        check(getString(R.string.connexion_show_code), on = false) { shown ->
            code.transformationMethod = if (shown) null else PasswordTransformationMethod.getInstance()
            code.setSelection(code.length())
        }
        outcome = column(above = 0) { accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE }
        submit = button(getString(R.string.connexion_submit)) { signIn() }
        heading(getString(R.string.connexion_assistance))
        assistanceButton(this@ConnexionActivity)
    }

    private fun signIn() {
        if (!submit.isEnabled) return
        val typed = code.text.toString()
        if (typed.isBlank()) return fail(code, getString(R.string.connexion_code_missing))
        try {
            lireNumero(numero.text.toString())
        } catch (wrong: Echec) {
            return fail(numero, say(wrong))
        }
        wait(true)
        scope.launch {
            try {
                container.client.connecter(numero.text.toString(), typed)
                startActivity(DemandeActivity.intent(this@ConnexionActivity).addFlags(ALONE))
                finish()
            } catch (failure: Echec) {
                wait(false)
                fail(code, say(failure))
            } finally {
                code.text.clear()
            }
        }
    }

    private fun wait(asking: Boolean) {
        submit.isEnabled = !asking
        submit.alpha = if (asking) FADED else 1f
        outcome.removeAllViews()
        if (asking) outcome.waiting(getString(R.string.connexion_asking))
    }

    private fun fail(where: View, message: String) {
        outcome.removeAllViews()
        outcome.notice(Tone.ERROR, getString(R.string.connexion_failed), message)
        where.requestFocus()
    }

    companion object {
        private const val AGAIN = "again"
        private const val ALONE = FLAG_ACTIVITY_NEW_TASK or FLAG_ACTIVITY_CLEAR_TASK
        private const val FADED = 0.4f

        /** A code is opaque to us; no operator's is longer. */
        private const val CODE_CHARS_MAX = 128

        /** To sign in, with nothing behind it; [again] when a session was there and has ended. */
        fun intent(context: Context, again: Boolean): Intent =
            Intent(context, ConnexionActivity::class.java).addFlags(ALONE).putExtra(AGAIN, again)
    }
}
