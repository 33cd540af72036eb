/* The journeys' surroundings on a phone: Android runs activities and jobs, the host holds the server and breaks the line. */
package fr.mademande.parcours

import android.app.Activity
import android.app.Instrumentation
import android.content.ContentValues
import android.content.Intent
import android.provider.MediaStore
import fr.mademande.App
import fr.mademande.AppContainer
import fr.mademande.coeur.Client
import fr.mademande.coeur.ClientOptions
import java.io.File
import java.net.InetAddress
import java.net.Socket

class SceneAppareil(private val instrumentation: Instrumentation, private val banc: Int, private val ligne: Int) : Scene {
    private val app = instrumentation.targetContext.applicationContext as App
    private val foyer: List<String> by lazy { demander("foyer").decodeToString().lines() }
    private var exemple = ""

    override val numero: String get() = foyer[0]
    override val code: String get() = foyer[1]

    init {
        System.loadLibrary("ma_demande")
        app.container = AppContainer(app) { container ->
            Client(ClientOptions("http://127.0.0.1:$ligne", File(app.noBackupFilesDir, "coeur").path), container.secrets)
        }
        instrumentation.addMonitor(camera())
    }

    /** The host has emptied the app before this journey. */
    override fun installer() {
        demander("neuf")
    }

    /** The host has killed the process: this is another one. */
    override fun recommencer() = Unit

    override fun ouvrir(intent: Intent) = app.startActivity(intent.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))

    override fun laisserFaire() = Unit

    override fun poserDevantLAppareilPhoto(exemple: String) {
        this.exemple = exemple
    }

    /** From Android 10: the PDF lies among the downloads, as another app would have left it. */
    override fun partage(exemple: String): Intent {
        val values = ContentValues()
        values.put(MediaStore.MediaColumns.DISPLAY_NAME, exemple)
        values.put(MediaStore.MediaColumns.MIME_TYPE, "application/pdf")
        val uri = checkNotNull(app.contentResolver.insert(MediaStore.Downloads.EXTERNAL_CONTENT_URI, values))
        checkNotNull(app.contentResolver.openOutputStream(uri)).use { it.write(demander("exemple $exemple")) }
        return Intent(Intent.ACTION_SEND).setType("application/pdf").putExtra(Intent.EXTRA_STREAM, uri)
            .setClassName(app, "fr.mademande.ajout.PartageActivity")
    }

    override fun couperLaLigne(methode: String, octets: Long) {
        demander("couper $methode $octets")
    }

    override fun retablirLaLigne() {
        demander("retablir")
    }

    override fun coupures(): Int = demander("coupures").decodeToString().toInt()

    override fun refuser(piece: String, raison: String) {
        demander("refuser $piece $raison")
    }

    /** Answers for the system's camera: the photo is written where it was told to. */
    private fun camera() = object : Instrumentation.ActivityMonitor() {
        override fun onStartActivity(intent: Intent): Instrumentation.ActivityResult? {
            if (intent.action != MediaStore.ACTION_IMAGE_CAPTURE) return null
            val target = checkNotNull(intent.clipData).getItemAt(0).uri
            checkNotNull(app.contentResolver.openOutputStream(target)).use { it.write(demander("exemple $exemple")) }
            return Instrumentation.ActivityResult(Activity.RESULT_OK, null)
        }
    }

    /** One question to the host, one connection: a line there, `ok` and all the rest back. Off the main thread, as Android asks. */
    private fun demander(question: String): ByteArray {
        var answer: Result<ByteArray>? = null
        val asking = Thread {
            answer = runCatching {
                Socket(InetAddress.getLoopbackAddress(), banc).use { socket ->
                    socket.getOutputStream().write("$question\n".toByteArray())
                    socket.getInputStream().readBytes()
                }
            }
        }
        asking.start()
        asking.join()
        val bytes = checkNotNull(answer).getOrThrow()
        check(bytes.decodeToString(0, minOf(OK.length, bytes.size)) == OK) { "le banc refuse : ${bytes.decodeToString()}" }
        return bytes.copyOfRange(OK.length, bytes.size)
    }

    private companion object {
        const val OK = "ok\n"
    }
}
