/*
 * What the engine and the server say, in the person's language. They speak French; each sentence has a stable code under
 * which values-en/phrases.xml holds a translation. A sentence without one is shown in French rather than not at all.
 */
package fr.mademande.ui

import android.content.Context
import fr.mademande.R
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Phrase
import fr.mademande.coeur.phrase

/** The sentence as the person reads it. */
fun Context.say(phrase: Phrase): String = translations(R.array.phrases)[phrase.code] ?: phrase.phrase

/** What went wrong and what to do. */
fun Context.say(echec: Echec): String = say(echec.phrase)

/** A label of the nomenclature or of an event, by its code: French unless a translation is known. */
fun Context.label(code: String, french: String): String = translations(R.array.labels)[code] ?: french

private fun Context.translations(array: Int): Map<String, String> =
    resources.getStringArray(array).associate { it.substringBefore('|') to it.substringAfter('|') }
