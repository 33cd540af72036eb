/* The draft as JSON: read back by the version that wrote it. What another version wrote and this one cannot read is no draft. */
package fr.mademande.brouillon

import fr.mademande.ajout.Slot
import fr.mademande.coeur.Avertissement
import fr.mademande.coeur.Corners
import fr.mademande.coeur.Mask
import fr.mademande.coeur.Point
import fr.mademande.coeur.Rotation
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

fun Brouillon.toJson(): String = JSONObject()
    .put("slot", slotJson(slot))
    .put("photo", photo)
    .put("pages", JSONArray(pages.map(::pageJson)))
    .toString()

/** The draft that was written as [text]; null where it cannot be read. */
fun readBrouillon(text: String): Brouillon? = try {
    val json = JSONObject(text)
    Brouillon(slot(json.getJSONObject("slot")), json.getJSONArray("pages").objects().map(::page), json.text("photo"))
} catch (_: JSONException) {
    null
} catch (_: IllegalArgumentException) {
    null
}

private fun slotJson(slot: Slot) = JSONObject()
    .put("rubrique", slot.rubrique)
    .put("type", slot.typePiece)
    .put("personne", slot.personne)
    .put("demande_piece", slot.demandePiece)
    .put("remplace", slot.remplace)

private fun slot(json: JSONObject) = Slot(
    json.text("rubrique"),
    json.text("type"),
    json.text("personne"),
    json.text("demande_piece"),
    json.text("remplace"),
)

private fun pageJson(page: Page) = JSONObject()
    .put("file", page.file)
    .put("pdf", page.pdf)
    .put("count", page.count)
    .put("rotation", page.rotation.name)
    .put("corners", page.corners?.let(::cornersJson))
    .put("found", page.found?.let(::cornersJson))
    .put("clean", page.clean)
    .put("masks", JSONArray(page.masks.map(::maskJson)))
    .put("warnings", JSONArray(page.warnings.map(::warningJson)))
    .put("suggestion", page.suggestion)
    .put("estimate", page.estimate)

private fun page(json: JSONObject) = Page(
    file = json.getString("file"),
    pdf = json.getBoolean("pdf"),
    count = json.getInt("count"),
    rotation = Rotation.valueOf(json.getString("rotation")),
    corners = json.optJSONArray("corners")?.let(::corners),
    found = json.optJSONArray("found")?.let(::corners),
    clean = json.getBoolean("clean"),
    masks = json.getJSONArray("masks").objects().map(::mask),
    warnings = json.getJSONArray("warnings").objects().map(::warning),
    suggestion = json.text("suggestion"),
    estimate = json.getLong("estimate"),
)

private fun cornersJson(corners: Corners) = JSONArray(corners.toList().flatMap { listOf(it.x.toDouble(), it.y.toDouble()) })

private fun corners(json: JSONArray): Corners = List(CORNERS) { point(json, it) }.toCorners()

private fun maskJson(mask: Mask) = JSONObject()
    .put("page", mask.page.toInt())
    .put("ends", JSONArray(listOf(mask.from, mask.to).flatMap { listOf(it.x.toDouble(), it.y.toDouble()) }))

private fun mask(json: JSONObject): Mask {
    val ends = json.getJSONArray("ends")
    return Mask(json.getInt("page").toUInt(), point(ends, 0), point(ends, 1))
}

private fun warningJson(warning: Avertissement) = JSONObject()
    .put("code", warning.code)
    .put("phrase", warning.phrase)
    .put("page", warning.page?.toInt())

private fun warning(json: JSONObject) = Avertissement(
    json.getString("code"),
    json.getString("phrase"),
    if (json.has("page")) json.getInt("page").toUInt() else null,
)

private fun point(json: JSONArray, at: Int) = Point(json.getDouble(2 * at).toFloat(), json.getDouble(2 * at + 1).toFloat())

private fun JSONArray.objects(): List<JSONObject> = List(length(), ::getJSONObject)

private fun JSONObject.text(name: String): String? = if (has(name)) getString(name) else null
