package fr.mademande

import android.content.Context
import fr.mademande.brouillon.Brouillons
import fr.mademande.brouillon.Imports
import fr.mademande.brouillon.Preparation
import fr.mademande.coeur.ClientInterface
import fr.mademande.jobs.Expediteur
import fr.mademande.jobs.Notifications
import fr.mademande.jobs.Planification
import fr.mademande.jobs.Recus
import fr.mademande.jobs.Veille
import fr.mademande.secrets.KeystoreSecrets
import java.io.File
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancelChildren

/** Everything that screens and jobs share, made here and handed out by hand: to see who needs what, read this file. */
class AppContainer(context: Context, open: (AppContainer) -> ClientInterface) {
    /** The session's tokens. */
    val secrets = KeystoreSecrets(File(context.noBackupFilesDir, "session"))

    /** What the person chose. */
    val reglages = Reglages(context)

    /** The engine: one per process. */
    val client: ClientInterface by lazy { open(this) }

    /** Pages drawn for the screen. */
    val apercus = Apercus(File(context.cacheDir, "apercus"))

    /** For work that outlives the screen that began it. */
    private val scope: CoroutineScope = MainScope()

    /** The piece being put together, what comes into it, and what becomes of it. */
    val brouillons = Brouillons(File(context.noBackupFilesDir, "brouillon"))
    val imports = Imports(context, brouillons, scope)
    val preparation = Preparation(brouillons, scope) { client }

    /** Sending, whoever asks for it, and what there is to say of it. */
    val planification = Planification(context, reglages)
    val expediteur = Expediteur(planification, reglages) { client }
    val recus = Recus(File(context.noBackupFilesDir, "recus.json"))
    val veille = Veille(recus) { client }
    val notifications = Notifications(context)

    /**
     * Ends the session and forgets everything that this phone held. While pieces wait to be sent it does so only by
     * [force], and otherwise throws [fr.mademande.coeur.Echec.DepotsEnAttente].
     */
    suspend fun signOut(force: Boolean) {
        client.deconnecter(force)
        // What is still being copied or prepared would leave a document behind.
        scope.coroutineContext.cancelChildren()
        planification.clear()
        expediteur.stop()
        brouillons.clear()
        recus.clear()
        notifications.clear()
        apercus.clear()
        reglages.clear()
    }
}
