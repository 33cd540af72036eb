package fr.mademande

import android.app.Application
import fr.mademande.coeur.Client
import fr.mademande.coeur.ClientOptions
import java.io.File

/** The process: holds the one [AppContainer]. */
class App : Application() {
    private var made: AppContainer? = null

    /** Made when first asked for; tests put one here that has a stand-in for the server. */
    var container: AppContainer
        @Synchronized get() = made ?: AppContainer(this, ::openClient).also { made = it }
        @Synchronized set(value) {
            made = value
        }

    private fun openClient(container: AppContainer): Client {
        loadLibrary()
        val trial = getSharedPreferences(TRIAL, MODE_PRIVATE).takeIf { resources.getBoolean(R.bool.trial) }
        val options = ClientOptions(
            serveur = trial?.getString(TRIAL_SERVER, null) ?: getString(R.string.server_url),
            dossier = File(noBackupFilesDir, "coeur").path,
            autoritePem = trial?.getString(TRIAL_AUTHORITY, null),
        )
        return Client(options, container.secrets)
    }

    companion object {
        /** The preferences in which a debug build, and no other, finds another server and one more authority. */
        const val TRIAL = "essai"
        const val TRIAL_SERVER = "serveur"
        const val TRIAL_AUTHORITY = "autorite_pem"
    }
}

/** Inside an APK the library is loaded from there; elsewhere the bindings find it, or say that it is missing. */
private fun loadLibrary() {
    try {
        System.loadLibrary("ma_demande")
    } catch (_: UnsatisfiedLinkError) {
        return
    }
}
