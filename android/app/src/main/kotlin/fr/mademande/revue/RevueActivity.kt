/*
 * The piece before it leaves: its pages, what may make it hard to read, how much will be sent. Pages come from the camera,
 * from the photos and from PDFs; each can be turned, moved, taken out, or worked on by itself.
 */
package fr.mademande.revue

import android.Manifest.permission.POST_NOTIFICATIONS
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.graphics.Bitmap
import android.os.Build
import android.os.Bundle
import fr.mademande.R
import fr.mademande.ajout.AjoutActivity
import fr.mademande.brouillon.Brouillon
import fr.mademande.brouillon.Imports
import fr.mademande.brouillon.Page
import fr.mademande.brouillon.Preparation
import fr.mademande.brouillon.next
import fr.mademande.brouillon.photograph
import fr.mademande.coeur.Echec
import fr.mademande.demande.DemandeActivity
import fr.mademande.demande.fullName
import fr.mademande.demande.rubriqueNamed
import fr.mademande.demande.typeNamed
import fr.mademande.envois.EnvoisActivity
import fr.mademande.ui.Screen
import fr.mademande.ui.SinceApi
import fr.mademande.ui.ask
import fr.mademande.ui.button
import fr.mademande.ui.label
import fr.mademande.ui.tell
import java.io.IOException
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.launch

class RevueActivity : Screen() {
    private val pictures = HashMap<String, Bitmap>()
    private var what: RevueState.What? = null
    private var progress: PreparationProgress? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        // A photo taken while this process was gone: the camera's answer comes later, or never.
        if (savedInstanceState == null) container.imports.startPhoto()
        draw()
        follow()
    }

    override fun onStart() {
        super.onStart()
        scope.launch {
            what = what(container.brouillons.state.value)
            draw()
        }
    }

    private fun follow() = scope.launch {
        combine(container.brouillons.state, container.imports.state, container.preparation.state, ::Triple)
            .collectLatest { (brouillon, _, preparation) ->
                val shown = progress
                if (shown != null && preparation is Preparation.State.Running) {
                    shown.show(preparation)
                    return@collectLatest
                }
                if (preparation is Preparation.State.Queued) return@collectLatest queued(preparation.bytes)
                draw()
                if (load(brouillon.pages)) draw()
            }
    }

    private suspend fun load(pages: List<Page>): Boolean {
        val missing = pages.filter { it.file !in pictures }
        for (page in missing) {
            val path = container.brouillons.file(page.file).path
            val drawn = try {
                container.apercus.page(page.file, path, 1u)
            } catch (_: Echec) {
                null
            }
            if (drawn != null) pictures[page.file] = small(drawn)
        }
        return missing.isNotEmpty()
    }

    private suspend fun what(brouillon: Brouillon): RevueState.What? {
        val type = brouillon.slot.typePiece ?: return null
        val rubrique = brouillon.slot.rubrique ?: return null
        return try {
            val nomenclature = container.client.nomenclature()
            val people = container.client.demandeConnue()?.demande?.personnes.orEmpty()
            val named = nomenclature.typeNamed(type)
            val group = nomenclature.rubriqueNamed(rubrique)
            RevueState.What(
                type = label(named.code, named.french),
                rubrique = label(group.code, group.french),
                who = people.firstOrNull { it.id == brouillon.slot.personne }?.fullName ?: getString(R.string.household),
                french = named.french,
            )
        } catch (_: Echec) {
            null
        }
    }

    private fun draw() {
        val preparation = container.preparation.state.value
        progress = null
        if (preparation is Preparation.State.Running) return drawPreparation(preparation)
        val imports = container.imports.state.value
        val state = RevueState(
            brouillon = container.brouillons.state.value,
            what = what,
            looking = imports.running > 0,
            failure = imports.failure ?: (preparation as? Preparation.State.Failed)?.failure,
        )
        val ready = state.brouillon.pages.isNotEmpty() && !state.looking
        show(
            getString(R.string.revue_title),
            footer = if (!ready) null else ({
                if (state.brouillon.placed) button(getString(R.string.revue_send), act = ::send)
                else button(getString(R.string.revue_choose), act = ::choose)
            }),
        ) { revue(state, pictures, actions) }
    }

    private fun drawPreparation(state: Preparation.State.Running) = show(getString(R.string.revue_title), back = false) {
        progress = preparing(state) { container.preparation.cancel() }
    }

    private val actions = RevueActions(
        camera = ::openCamera,
        gallery = { pick(pickImages(), GALLERY) },
        pdf = { pick(pickPdf(), PDF) },
        choose = ::choose,
        edit = { startActivity(PageActivity.intent(this, it)) },
        turn = { at -> change { it.withPage(at) { page -> page.copy(rotation = page.rotation.next()) } } },
        move = { at, by -> change { it.moved(at, by) } },
        remove = { at ->
            ask(getString(R.string.revue_remove_title), getString(R.string.revue_remove_text), getString(R.string.revue_remove)) {
                change { it.without(at) }
            }
        },
        understood = {
            container.imports.forgetFailure()
            container.preparation.acknowledge()
            draw()
        },
    )

    private fun change(change: (Brouillon) -> Brouillon) = try {
        container.brouillons.update(change)
    } catch (_: IOException) {
        tell(getString(R.string.storage_failed))
    }

    private fun choose() = startActivity(AjoutActivity.intent(this, keep = true))

    private fun openCamera() {
        try {
            startActivityForResult(container.brouillons.photograph(this), CAMERA)
        } catch (_: ActivityNotFoundException) {
            container.brouillons.update { it.copy(photo = null) }
            tell(getString(R.string.revue_no_camera))
        } catch (_: IOException) {
            tell(getString(R.string.storage_failed))
        }
    }

    private fun pick(intent: Intent, request: Int) = try {
        startActivityForResult(intent, request)
    } catch (_: ActivityNotFoundException) {
        tell(getString(R.string.revue_no_picker))
    }

    @Deprecated("of the platform")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        when {
            request == CAMERA -> container.imports.startPhoto()
            result == Activity.RESULT_OK -> container.imports.start(picked(data))
        }
    }

    private fun send() {
        val page = container.brouillons.state.value.pages.first()
        container.imports.forgetFailure()
        container.preparation.start((what?.french ?: "document") + if (page.pdf) ".pdf" else ".jpg")
    }

    private fun queued(bytes: Long) {
        container.preparation.acknowledge()
        container.expediteur.request(bytes, visible = true)
        container.planification.planSuivi()
        val home = DemandeActivity.intent(this).addFlags(Intent.FLAG_ACTIVITY_CLEAR_TOP or Intent.FLAG_ACTIVITY_SINGLE_TOP)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) askToNotify()
        startActivities(arrayOf(home, EnvoisActivity.intent(this)))
        finish()
    }

    private fun small(bitmap: Bitmap): Bitmap {
        val side = maxOf(bitmap.width, bitmap.height)
        if (side <= THUMBNAIL_PIXELS) return bitmap
        return Bitmap.createScaledBitmap(
            bitmap,
            maxOf(1, bitmap.width * THUMBNAIL_PIXELS / side),
            maxOf(1, bitmap.height * THUMBNAIL_PIXELS / side),
            true,
        )
    }

    companion object {
        private const val CAMERA = 1
        private const val GALLERY = 2
        private const val PDF = 3
        private const val NOTIFY = 4

        /** Twenty pages in less memory than one photo. */
        private const val THUMBNAIL_PIXELS = 640

        fun intent(context: Context): Intent = Intent(context, RevueActivity::class.java)
    }

    /** Asked when something is sent, since then it is clear what for; a refusal changes nothing else. */
    @SinceApi(Build.VERSION_CODES.TIRAMISU)
    private fun askToNotify() = requestPermissions(arrayOf(POST_NOTIFICATIONS), NOTIFY)
}
