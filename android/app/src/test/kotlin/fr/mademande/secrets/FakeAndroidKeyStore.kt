/*
 * Stands in for Android's Keystore on the JVM: the same provider's name, real AES-GCM, keys in memory. What it cannot
 * show is the hardware: that a key never leaves it.
 */
package fr.mademande.secrets

import android.security.keystore.KeyGenParameterSpec
import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.SecureRandom
import java.security.Security
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.KeyGenerator
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey

object FakeAndroidKeyStore {
    val keys: MutableMap<String, SecretKey> = Collections.synchronizedMap(mutableMapOf())

    /** Takes the place of the provider that a JVM lacks, with no key in it. */
    fun install() {
        keys.clear()
        Security.removeProvider(NAME)
        Security.addProvider(FakeProvider())
    }

    private const val NAME = "AndroidKeyStore"

    @Suppress("DEPRECATION")
    private class FakeProvider : Provider(NAME, 1.0, "keys in memory") {
        init {
            put("KeyStore.$NAME", KeyStore::class.java.name)
            put("KeyGenerator.AES", Generator::class.java.name)
        }
    }

    class Generator : KeyGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun engineInit(params: AlgorithmParameterSpec, random: SecureRandom?) {
            spec = params as KeyGenParameterSpec
        }

        override fun engineInit(random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineInit(keysize: Int, random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineGenerateKey(): SecretKey {
            val generator = KeyGenerator.getInstance("AES", "SunJCE")
            generator.init(spec.keySize)
            return generator.generateKey().also { keys[spec.keystoreAlias] = it }
        }
    }

    class KeyStore : KeyStoreSpi() {
        override fun engineGetKey(alias: String, password: CharArray?): Key? = keys[alias]

        override fun engineDeleteEntry(alias: String) {
            keys.remove(alias)
        }

        override fun engineContainsAlias(alias: String): Boolean = alias in keys

        override fun engineAliases(): Enumeration<String> = Collections.enumeration(keys.keys)

        override fun engineSize(): Int = keys.size

        override fun engineIsKeyEntry(alias: String): Boolean = alias in keys

        override fun engineLoad(stream: InputStream?, password: CharArray?) = Unit

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = null

        override fun engineGetCertificate(alias: String): Certificate? = null

        override fun engineGetCreationDate(alias: String): Date = Date(0)

        override fun engineIsCertificateEntry(alias: String): Boolean = false

        override fun engineGetCertificateAlias(cert: Certificate): String? = null

        override fun engineSetKeyEntry(a: String, k: Key, p: CharArray?, c: Array<Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetKeyEntry(a: String, k: ByteArray, c: Array<Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetCertificateEntry(a: String, c: Certificate) = throw UnsupportedOperationException()

        override fun engineStore(stream: OutputStream?, password: CharArray?) = throw UnsupportedOperationException()
    }
}
