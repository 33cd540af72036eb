/*
 * The receipts of what was sent from this phone, kept after the engine has let go of the files: number, date, size, digest,
 * and whom to ask. No name and no type: who reads them over a shoulder learns that something was sent.
 */
package fr.mademande.jobs

import android.util.AtomicFile
import fr.mademande.coeur.Controle
import fr.mademande.coeur.DepotId
import fr.mademande.coeur.Entree
import fr.mademande.coeur.EtatDepot
import fr.mademande.coeur.Phrase
import fr.mademande.coeur.Recu
import fr.mademande.coeur.Suivi
import java.io.File
import java.io.IOException
import java.time.Instant
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

class Recus(path: File) {
    private val file = AtomicFile(path)
    private val current = MutableStateFlow(load())

    /** Latest first. */
    val all: StateFlow<List<Recu>> = current.asStateFlow()

    fun of(depot: DepotId): Recu? = current.value.firstOrNull { it.depot == depot }

    /** Keeps what the queue holds of receipts. */
    fun keepOf(entrees: List<Entree>) = put(entrees.mapNotNull { (it.etat as? EtatDepot.Depose)?.recu })

    /** Keeps what the server says now. */
    fun keep(suivis: List<Suivi>) = put(suivis.map { it.recu })

    @Synchronized
    fun clear() {
        file.delete()
        current.value = emptyList()
    }

    @Synchronized
    private fun put(recus: List<Recu>) {
        val news = recus.filter { it !in current.value }
        if (news.isEmpty()) return
        val replaced = news.map { it.depot }.toSet()
        val all = (news + current.value.filter { it.depot !in replaced }).sortedByDescending { it.deposeLe }.take(RECUS_MAX)
        current.value = all
        write(JSONArray(all.map(::json)).toString())
    }

    /** Without room on the phone they are shown until the process ends; the server knows them all. */
    private fun write(text: String) {
        val out = try {
            file.startWrite()
        } catch (_: IOException) {
            return
        }
        try {
            out.write(text.toByteArray())
            file.finishWrite(out)
        } catch (_: IOException) {
            file.failWrite(out)
        }
    }

    private fun load(): List<Recu> = try {
        val array = JSONArray(file.readFully().decodeToString())
        List(array.length()) { recu(array.getJSONObject(it)) }
    } catch (_: IOException) {
        emptyList()
    } catch (_: JSONException) {
        // Of another version: the server knows all of them.
        emptyList()
    }

    private fun json(recu: Recu): JSONObject {
        val refusal = (recu.controle as? Controle.Refuse)?.raison
        return JSONObject()
            .put("numero", recu.numero)
            .put("depot", recu.depot)
            .put("justificatif", recu.justificatif)
            .put("depose_le", recu.deposeLe.toEpochMilli())
            .put("taille", recu.taille.toLong())
            .put("sha256", recu.sha256)
            .put("disponible", recu.controle == Controle.Disponible)
            .put("refus", refusal?.code)
            .put("refus_phrase", refusal?.phrase)
            .put("doublon", recu.doublon)
            .put("service", recu.service)
            .put("contact", recu.contact)
    }

    private fun recu(json: JSONObject) = Recu(
        numero = json.getString("numero"),
        depot = json.getString("depot"),
        justificatif = json.getString("justificatif"),
        deposeLe = Instant.ofEpochMilli(json.getLong("depose_le")),
        taille = json.getLong("taille").toULong(),
        sha256 = json.getString("sha256"),
        controle = when {
            json.has("refus") -> Controle.Refuse(Phrase(json.getString("refus"), json.getString("refus_phrase")))
            json.getBoolean("disponible") -> Controle.Disponible
            else -> Controle.EnVerification
        },
        doublon = json.getBoolean("doublon"),
        service = json.getString("service"),
        contact = if (json.has("contact")) json.getString("contact") else null,
    )

    private companion object {
        /** A year of an ordinary household. */
        const val RECUS_MAX = 100
    }
}
