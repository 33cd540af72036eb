/*
 * What stands around the app on its journeys, and differs between this machine and a phone: the server and the line to it,
 * the camera, another app that shares, and whoever runs activities and jobs. Robolectric leaves the last to the test; on a
 * phone Android does it.
 */
package fr.mademande.parcours

import android.content.Intent

/** One household on one server, behind a line that can be cut. */
interface Scene {
    val numero: String
    val code: String

    /** Puts the app on the line, signed out and empty. */
    fun installer()

    /** As if the process had been killed and begun again: only what is on the disk stays. */
    fun recommencer()

    /** Opens a screen as the launcher or another app would. */
    fun ouvrir(intent: Intent)

    /** Lets happen what happens by itself. Called again and again while a robot waits. */
    fun laisserFaire()

    /** The camera's next photo. */
    fun poserDevantLAppareilPhoto(exemple: String)

    /** What another app sends when it shares a PDF. */
    fun partage(exemple: String): Intent

    /** The line breaks when so many bytes of the next request of that method have passed, and stays broken. */
    fun couperLaLigne(methode: String, octets: Long)

    fun retablirLaLigne()

    /** How often the line was broken: a fault that never struck proves nothing. */
    fun coupures(): Int

    /** An agent finds a piece unusable. */
    fun refuser(piece: String, raison: String)
}
