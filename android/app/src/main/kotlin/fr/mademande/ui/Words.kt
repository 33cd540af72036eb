package fr.mademande.ui

import android.content.Context
import android.content.res.Configuration
import fr.mademande.R
import java.util.Locale

/**
 * On a phone that speaks neither French nor English our words are French: dates, digits and plurals among them then are
 * so too. Only the side on which a page begins stays the phone's.
 */
fun Context.inOurWords(): Context {
    val ours = Locale.forLanguageTag(getString(R.string.language))
    val phones = resources.configuration.locales[0]
    if (phones.language == ours.language) return this
    val configuration = Configuration(resources.configuration)
    configuration.setLocale(ours)
    configuration.setLayoutDirection(phones)
    return createConfigurationContext(configuration)
}
