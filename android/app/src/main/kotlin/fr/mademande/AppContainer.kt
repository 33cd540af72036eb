package fr.mademande

import android.content.Context
import fr.mademande.secrets.KeystoreSecrets
import java.io.File

/** Everything that screens and jobs share, made here and handed out by hand: to see who needs what, read this file. */
class AppContainer(context: Context) {
    /** The session's tokens. */
    val secrets = KeystoreSecrets(File(context.noBackupFilesDir, "session"))

    /** What the person chose. */
    val reglages = Reglages(context)
}
