/*
 * Runs one journey on a phone:
 *
 *     am instrument -w -e parcours NAME -e banc PORT -e ligne PORT fr.mademande.test/fr.mademande.parcours.ParcoursInstrumentation
 *
 * Both ports are the host's, reached through `adb reverse`. With `-e attendre oui` it says `etat=pret` at the journey's end
 * and stays, so that the host can kill the process in the middle of what it does.
 */
package fr.mademande.parcours

import android.app.Activity
import android.app.Instrumentation
import android.os.Bundle

class ParcoursInstrumentation : Instrumentation() {
    private lateinit var arguments: Bundle

    override fun onCreate(arguments: Bundle) {
        super.onCreate(arguments)
        this.arguments = arguments
        start()
    }

    override fun onStart() {
        val result = Bundle()
        val failure = runCatching { run(argument("parcours")) }.exceptionOrNull()
        result.putString(REPORT_KEY_STREAMRESULT, failure?.stackTraceToString() ?: "réussi")
        result.putString("parcours", if (failure == null) "reussi" else "echoue")
        finish(if (failure == null) Activity.RESULT_OK else Activity.RESULT_CANCELED, result)
    }

    private fun run(nom: String) {
        val scene = SceneAppareil(this, argument("banc").toInt(), argument("ligne").toInt())
        val parcours = Parcours(targetContext, Robot(this, scene))
        when (nom) {
            "photo-coupure" -> parcours.photoEnvoyeeMalgreUneCoupure()
            "refus-remplacement" -> parcours.pieceRefuseePuisRemplacee()
            "pdf-partage" -> parcours.pdfPartage()
            "avant-la-mort" -> parcours.envoiAvantLaMortDuProcessus()
            "apres-la-mort" -> parcours.envoiApresLaMortDuProcessus()
            else -> error("parcours inconnu : $nom")
        }
        if (arguments.getString("attendre") == "oui") waitForTheEnd()
    }

    private fun waitForTheEnd(): Nothing {
        sendStatus(Activity.RESULT_OK, Bundle().apply { putString("etat", "pret") })
        while (true) Thread.sleep(Long.MAX_VALUE)
    }

    private fun argument(name: String): String = checkNotNull(arguments.getString(name)) { "-e $name manque" }
}
