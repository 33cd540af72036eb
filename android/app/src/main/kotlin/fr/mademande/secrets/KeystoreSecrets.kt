/*
 * Where the session's tokens rest: a file in the folder that no backup reads, encrypted with AES-256-GCM under a key that
 * Android's Keystore holds and never gives out. A copy of the file is worth nothing on another phone.
 *
 * What can go wrong: the key is gone or another one (the phone was reset, data were moved by hand), the file is damaged
 * or of another version. That is no session: signing in again mends it, and says so; the queue is not touched. A crash
 * while writing leaves the old file.
 */
package fr.mademande.secrets

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.util.AtomicFile
import fr.mademande.coeur.SecretStore
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.KeyStore
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

class KeystoreSecrets(path: File) : SecretStore {
    private val file = AtomicFile(path)

    @Synchronized
    override fun load(): ByteArray? {
        val bytes = try {
            file.openRead().use { it.readBytes() }
        } catch (_: FileNotFoundException) {
            return null
        }
        if (bytes.size !in NONCE_BYTES + TAG_BYTES..FILE_BYTES_MAX) return null
        return try {
            val cipher = Cipher.getInstance(TRANSFORMATION)
            cipher.init(Cipher.DECRYPT_MODE, key() ?: return null, GCMParameterSpec(TAG_BYTES * 8, bytes, 0, NONCE_BYTES))
            cipher.doFinal(bytes, NONCE_BYTES, bytes.size - NONCE_BYTES)
        } catch (_: GeneralSecurityException) {
            null
        }
    }

    @Synchronized
    override fun store(secret: ByteArray) {
        val sealed = try {
            seal(secret, key() ?: newKey())
        } catch (_: GeneralSecurityException) {
            // A key that Android made unusable (since the lock screen was removed, for one) is replaced once.
            try {
                seal(secret, newKey())
            } catch (again: GeneralSecurityException) {
                throw IOException(again)
            }
        }
        val out = file.startWrite()
        try {
            out.write(sealed)
            file.finishWrite(out)
        } catch (failed: IOException) {
            file.failWrite(out)
            throw failed
        }
    }

    @Synchronized
    override fun wipe() {
        file.delete()
        try {
            keystore().deleteEntry(ALIAS)
        } catch (_: GeneralSecurityException) {
            // The file is gone: a key that opens nothing more harms nobody.
        }
    }

    private fun seal(secret: ByteArray, key: SecretKey): ByteArray {
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.ENCRYPT_MODE, key)
        return cipher.iv + cipher.doFinal(secret)
    }

    private fun key(): SecretKey? = keystore().getKey(ALIAS, null) as SecretKey?

    private fun newKey(): SecretKey {
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER)
        generator.init(
            KeyGenParameterSpec.Builder(ALIAS, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(KEY_BITS)
                .build(),
        )
        return generator.generateKey()
    }

    private fun keystore(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val ALIAS = "session"
        const val TRANSFORMATION = "AES/GCM/NoPadding"
        const val KEY_BITS = 256

        /** As the Keystore chooses it for GCM: NIST SP 800-38D, 8.2. */
        const val NONCE_BYTES = 12
        const val TAG_BYTES = 16

        /** The tokens are some hundred bytes; more is not ours. */
        const val FILE_BYTES_MAX = 65_536
    }
}
