package fr.mademande.ui

import android.view.View
import org.robolectric.RuntimeEnvironment

/** The phones and wishes for which every screen must work. */
enum class Variant(private val qualifiers: String, private val fontScale: Float = 1f) {
    LIGHT("fr-rFR-ldltr-w360dp-h760dp-notnight-xhdpi"),
    DARK("fr-rFR-ldltr-w360dp-h760dp-night-xhdpi"),

    /** The narrowest phone with the largest letters. */
    LARGE("fr-rFR-ldltr-w320dp-h640dp-notnight-xhdpi", 2f),
    ENGLISH("en-rGB-ldltr-w360dp-h760dp-notnight-xhdpi"),

    /** Read from right to left: what a phone set to Arabic does with French texts. */
    MIRRORED("ar-rEG-ldrtl-w360dp-h760dp-notnight-xhdpi"),
    ;

    /** A [View.LAYOUT_DIRECTION_LTR] or its contrary. */
    val direction: Int get() = if (this == MIRRORED) View.LAYOUT_DIRECTION_RTL else View.LAYOUT_DIRECTION_LTR

    /** To be called before the screen is made. */
    fun apply() {
        RuntimeEnvironment.setQualifiers(qualifiers)
        RuntimeEnvironment.setFontScale(fontScale)
    }
}
