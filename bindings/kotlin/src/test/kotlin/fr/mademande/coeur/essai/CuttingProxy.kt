/*
 * A line between the phone and the server that breaks where it is told to: what tests/src/proxy.rs is to the Rust tests.
 *
 * It knows just enough of HTTP/1.1 to aim: no client here pipelines, so the first bytes after an answer begin a request,
 * and their first word is its method. A fault that never strikes would make a test pass for nothing: tests look at
 * [CuttingProxy.coups].
 */
package fr.mademande.coeur.essai

import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread

/** Listens on a free port of the loopback and passes everything on to [cible], a port of the loopback too. */
class CuttingProxy(@Volatile var cible: Int) : AutoCloseable {
    private enum class Panne { REQUETE, REPONSE, RESEAU }

    private class Faute(val panne: Panne, val methode: String, val octets: Long)

    private val entree = ServerSocket(0, 50, InetAddress.getLoopbackAddress())
    private val fautes = ConcurrentLinkedQueue<Faute>()
    private val frappes = AtomicInteger()

    @Volatile
    private var horsLigne = false

    init {
        thread(isDaemon = true, name = "ligne") { accepter() }
    }

    /** Where clients connect. */
    val url: String get() = "http://127.0.0.1:${entree.localPort}"

    /** How many faults have struck. */
    val coups: Int get() = frappes.get()

    /** Breaks the connection once, when so many bytes of the next request of that method have passed. */
    fun couper(methode: String, octets: Long) {
        fautes += Faute(Panne.REQUETE, methode, octets)
    }

    /** Lets the next request of that method reach the server and breaks the connection when the answer comes. */
    fun perdreReponse(methode: String) {
        fautes += Faute(Panne.REPONSE, methode, 0)
    }

    /** As [couper], and nothing passes any more until [reconnecter]. */
    fun deconnecter(methode: String, octets: Long) {
        fautes += Faute(Panne.RESEAU, methode, octets)
    }

    /** Nothing passes from now on, until [reconnecter]. */
    fun deconnecter() {
        horsLigne = true
    }

    /** Connections pass again. */
    fun reconnecter() {
        horsLigne = false
    }

    override fun close() = entree.close()

    private fun accepter() {
        while (true) {
            val client = try {
                entree.accept()
            } catch (_: IOException) {
                return
            }
            // A server that is down looks to the client like a connection that closes at once.
            val serveur = if (horsLigne) null else runCatching { Socket(entree.inetAddress, cible) }.getOrNull()
            if (serveur == null) client.close() else Echange(client, serveur).relayer()
        }
    }

    /** One connection. */
    private inner class Echange(private val client: Socket, private val serveur: Socket) {
        private var methode = ""
        private var octets = 0L
        private var repond = false

        fun relayer() {
            thread(isDaemon = true) { pomper(client.getInputStream(), serveur.getOutputStream(), ::requete) }
            thread(isDaemon = true) { pomper(serveur.getInputStream(), client.getOutputStream(), ::reponse) }
        }

        /** Passes bytes one way. `passe` says how many of those just read may pass; fewer than all breaks both ways. */
        private fun pomper(de: InputStream, vers: OutputStream, passe: (ByteArray, Int) -> Int) {
            val tampon = ByteArray(16 * 1024)
            try {
                while (true) {
                    val lus = de.read(tampon)
                    if (lus < 0) break
                    val passent = passe(tampon, lus)
                    vers.write(tampon, 0, passent)
                    if (passent < lus) break
                }
            } catch (_: IOException) {
                // The other direction has closed both.
            }
            client.close()
            serveur.close()
        }

        @Synchronized
        private fun requete(tampon: ByteArray, lus: Int): Int {
            // Offline, connections that the client kept open are dead too.
            if (horsLigne) return 0
            if (repond || methode.isEmpty()) {
                methode = tampon.decodeToString(0, minOf(lus, 8)).takeWhile { it in 'A'..'Z' }
                octets = 0
                repond = false
            }
            val avant = octets
            octets += lus
            val faute = fautes.peek()?.takeIf { it.panne != Panne.REPONSE && it.methode == methode && octets >= it.octets }
                ?: return lus
            frapper(faute)
            return (faute.octets - avant).coerceIn(0, lus - 1L).toInt()
        }

        @Synchronized
        private fun reponse(tampon: ByteArray, lus: Int): Int {
            repond = true
            val faute = fautes.peek()?.takeIf { it.panne == Panne.REPONSE && it.methode == methode } ?: return lus
            frapper(faute)
            return 0
        }

        private fun frapper(faute: Faute) {
            fautes.remove(faute)
            horsLigne = faute.panne == Panne.RESEAU
            frappes.incrementAndGet()
        }
    }
}
