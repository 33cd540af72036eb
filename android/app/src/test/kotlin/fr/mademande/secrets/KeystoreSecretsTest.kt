package fr.mademande.secrets

import java.io.File
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

@RunWith(RobolectricTestRunner::class)
class KeystoreSecretsTest {
    @get:Rule
    val folder = TemporaryFolder()

    private val file: File get() = File(folder.root, "session")
    private val tokens = "a refresh token".toByteArray()

    @Before
    fun install() = FakeAndroidKeyStore.install()

    @Test
    fun whatWasStoredComesBackInAnotherProcess() {
        assertNull(KeystoreSecrets(file).load())
        KeystoreSecrets(file).store(tokens)
        assertArrayEquals(tokens, KeystoreSecrets(file).load())
    }

    @Test
    fun theFileShowsNothingAndTwiceTheSameLooksDifferent() {
        val secrets = KeystoreSecrets(file)
        secrets.store(tokens)
        val first = file.readBytes()
        assertFalse(String(first, Charsets.ISO_8859_1).contains("refresh"))
        secrets.store(tokens)
        assertNotEquals(first.toList(), file.readBytes().toList())
        assertEquals(12 + tokens.size + 16, first.size)
    }

    @Test
    fun everyChangedByteIsNoticed() {
        KeystoreSecrets(file).store(tokens)
        val sealed = file.readBytes()
        for (at in sealed.indices) {
            file.writeBytes(sealed.clone().also { it[at] = (it[at] + 1).toByte() })
            assertNull("byte $at", KeystoreSecrets(file).load())
        }
        for (length in sealed.indices) {
            file.writeBytes(sealed.copyOf(length))
            assertNull("$length bytes", KeystoreSecrets(file).load())
        }
    }

    @Test
    fun withoutItsKeyTheFileIsNoSessionAndANewOneCanBegin() {
        val secrets = KeystoreSecrets(file)
        secrets.store(tokens)
        FakeAndroidKeyStore.keys.clear()
        assertNull(secrets.load())
        secrets.store(tokens)
        assertArrayEquals(tokens, secrets.load())
    }

    @Test
    fun wipedIsWipedKeyAndAll() {
        val secrets = KeystoreSecrets(file)
        secrets.store(tokens)
        secrets.wipe()
        assertNull(secrets.load())
        assertFalse(file.exists())
        assertTrue(FakeAndroidKeyStore.keys.isEmpty())
    }
}
