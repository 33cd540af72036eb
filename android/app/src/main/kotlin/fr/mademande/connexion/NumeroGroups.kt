package fr.mademande.connexion

import android.text.Editable
import android.text.Selection
import android.text.TextWatcher

/** Where the spaces of `057 1215 073903 10691` stand: after the territory, the month and year, the sequence. */
private val GROUP_ENDS = setOf(3, 7, 13)

/** Room for the 18 characters, for separators of one's own, and for a mistake that the engine can then point at. */
const val NUMERO_TYPED_CHARS_MAX = 60

/** What was typed or pasted, in the groups in which a numéro is printed. What it means is for the engine to say. */
fun groupNumero(typed: CharSequence): String {
    val characters = typed.filter { it.isLetterOrDigit() }.toString().uppercase()
    return buildString {
        characters.forEachIndexed { at, character ->
            if (at in GROUP_ENDS) append(' ')
            append(character)
        }
    }
}

/** Groups the numéro while it is typed, and leaves the cursor behind the character it stood behind. */
class NumeroWatcher : TextWatcher {
    private var busy = false

    override fun beforeTextChanged(text: CharSequence?, start: Int, count: Int, after: Int) = Unit

    override fun onTextChanged(text: CharSequence?, start: Int, before: Int, count: Int) = Unit

    override fun afterTextChanged(text: Editable) {
        val grouped = groupNumero(text)
        if (busy || grouped == text.toString()) return
        busy = true
        val filters = text.filters
        text.filters = emptyArray()
        val cursor = Selection.getSelectionEnd(text).coerceAtLeast(0)
        val before = text.take(cursor).count { it.isLetterOrDigit() }
        text.replace(0, text.length, grouped)
        Selection.setSelection(text, positionAfter(grouped, before))
        text.filters = filters
        busy = false
    }

    private fun positionAfter(grouped: String, characters: Int): Int {
        var seen = 0
        grouped.forEachIndexed { at, character ->
            if (seen == characters) return at
            if (character != ' ') seen++
        }
        return grouped.length
    }
}
