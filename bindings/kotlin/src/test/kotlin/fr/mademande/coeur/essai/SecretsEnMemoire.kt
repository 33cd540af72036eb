package fr.mademande.coeur.essai

import fr.mademande.coeur.SecretStore

/** Secrets that end with the test. */
class SecretsEnMemoire : SecretStore {
    @Volatile
    var secret: ByteArray? = null

    override fun load(): ByteArray? = secret

    override fun store(secret: ByteArray) {
        this.secret = secret
    }

    override fun wipe() {
        secret = null
    }
}
