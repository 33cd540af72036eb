package fr.mademande.fakes

import android.net.Uri
import android.os.Looper
import java.io.File
import java.io.InputStream
import java.util.concurrent.TimeUnit
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

/** A sample photo or PDF of this project. */
fun sample(name: String): File = File(checkNotNull(System.getProperty("mademande.exemples")), name)

/** Another app hands over what [open] gives; a file of it is called [name]. */
fun handOver(name: String, open: () -> InputStream): Uri {
    val uri = Uri.parse("content://autre.application/$name")
    shadowOf(RuntimeEnvironment.getApplication().contentResolver).registerInputStreamSupplier(uri, open)
    return uri
}

/** Lets the engine's threads and this one take turns until [done]; far longer than it takes before it fails. */
fun waitUntil(what: String, done: () -> Boolean) {
    val end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90)
    while (true) {
        shadowOf(Looper.getMainLooper()).idle()
        if (done()) return
        check(System.nanoTime() < end) { "never: $what" }
        Thread.sleep(5)
    }
}
