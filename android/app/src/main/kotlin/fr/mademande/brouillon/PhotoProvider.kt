/*
 * The door through which the system's camera writes its photo into our private storage: one file, the one that the draft
 * names, for as long as it names it. The camera holds a grant for that address; nobody else reaches this provider.
 */
package fr.mademande.brouillon

import android.content.ClipData
import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.content.Intent
import android.database.Cursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.MediaStore
import fr.mademande.App
import fr.mademande.R
import java.io.FileNotFoundException

class PhotoProvider : ContentProvider() {
    override fun onCreate(): Boolean = true

    override fun getType(uri: Uri): String = "image/jpeg"

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        val brouillons = (context?.applicationContext as App).container.brouillons
        val photo = brouillons.state.value.photo
        if (photo == null || uri.pathSegments != listOf(photo)) throw FileNotFoundException()
        return ParcelFileDescriptor.open(brouillons.file(photo), ParcelFileDescriptor.parseMode(mode))
    }

    override fun query(uri: Uri, projection: Array<String>?, selection: String?, args: Array<String>?, order: String?): Cursor? = null

    override fun insert(uri: Uri, values: ContentValues?): Uri? = null

    override fun update(uri: Uri, values: ContentValues?, selection: String?, args: Array<String>?): Int = 0

    override fun delete(uri: Uri, selection: String?, args: Array<String>?): Int = 0
}

/** Records where the next photo will lie, then gives what opens the camera on it. */
fun Brouillons.photograph(context: Context): Intent {
    val name = newName()
    update { it.copy(photo = name) }
    file(name).createNewFile()
    val target = Uri.Builder()
        .scheme("content")
        .authority(context.getString(R.string.photo_authority))
        .appendPath(name)
        .build()
    val intent = Intent(MediaStore.ACTION_IMAGE_CAPTURE)
    intent.putExtra(MediaStore.EXTRA_OUTPUT, target)
    // The grant goes with the clip: extras alone carry none.
    intent.clipData = ClipData.newRawUri(null, target)
    intent.addFlags(Intent.FLAG_GRANT_WRITE_URI_PERMISSION or Intent.FLAG_GRANT_READ_URI_PERMISSION)
    return intent
}
