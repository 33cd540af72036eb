package fr.mademande

import android.content.Context
import android.content.Context.MODE_PRIVATE

/** What the person chose on this phone. */
class Reglages(context: Context) {
    private val stored = context.getSharedPreferences("reglages", MODE_PRIVATE)

    /** Send only where it costs nothing: on a network that Android does not count. Off, since a piece is 0,2 Mo. */
    var wifiSeulement: Boolean
        get() = stored.getBoolean(WIFI_SEULEMENT, false)
        set(value) = stored.edit().putBoolean(WIFI_SEULEMENT, value).apply()

    /** Send nothing before the person says so. */
    var enPause: Boolean
        get() = stored.getBoolean(EN_PAUSE, false)
        set(value) = stored.edit().putBoolean(EN_PAUSE, value).apply()

    /** A sending was planned and has not ended: where Android knows nothing of it any more, the app was stopped by force. */
    var envoiPrevu: Boolean
        get() = stored.getBoolean(ENVOI_PREVU, false)
        set(value) = stored.edit().putBoolean(ENVOI_PREVU, value).apply()

    /** Back to what a new installation does. */
    fun clear() = stored.edit().clear().apply()

    private companion object {
        const val WIFI_SEULEMENT = "wifi_seulement"
        const val EN_PAUSE = "en_pause"
        const val ENVOI_PREVU = "envoi_prevu"
    }
}
