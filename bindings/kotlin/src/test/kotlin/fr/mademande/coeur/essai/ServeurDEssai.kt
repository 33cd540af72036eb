/*
 * The real server for Kotlin tests: the program `ma-demande-server` as an operator runs it, on a folder of its own and a
 * free port of the loopback, with one invented household.
 *
 *     ServeurDEssai().use { serveur ->
 *         val ligne = CuttingProxy(serveur.port)          // what breaks on the way, see CuttingProxy
 *         val client = Client(ClientOptions(ligne.url, dossier), SecretsEnMemoire())
 *         client.connecter(serveur.foyer.numero, serveur.foyer.code)
 *         …
 *         serveur.refuser(piece.id, "La page 2 est floue.")   // what an agent does
 *     }
 *
 * Another module takes these classes as the test-jar of `fr.mademande:bindings` and sets, for its tests, the two system
 * properties that this module's pom.xml sets: `mademande.programmes` (the folder of the programs, target/debug) and
 * `mademande.exemples` (tests/samples). `cargo xtask kotlin` builds the programs before it runs Maven.
 *
 * What can go wrong: a program that is missing or does not come up; both end with a sentence and the server's log.
 */
package fr.mademande.coeur.essai

import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import java.time.LocalDate
import java.util.concurrent.TimeUnit

/** What people of the household sign in with. */
class Foyer(val numero: String, val code: String)

/** A running server with one household; closing ends it and removes its folder. */
class ServeurDEssai : AutoCloseable {
    /** For the test's own files too; removed with the server. */
    val dossier: Path = Files.createTempDirectory("serveur-d-essai")

    private val journalFichier = dossier.resolve("journal.txt").toFile()
    private var processus: Process
    private var ecoute: String

    init {
        val (processus, ecoute) = lancer()
        this.processus = processus
        this.ecoute = ecoute
    }

    /** Its guichet's code. */
    val guichet = "10691"

    /** A couple with a child, none of whom exists. */
    val foyer: Foyer = importer()

    /** Where it listens. */
    val port: Int get() = ecoute.substringAfterLast(':').toInt()

    /** The same as an address of the web. */
    val url: String get() = ecoute

    /** Everything that it has said. */
    val journal: String get() = journalFichier.readText()

    /** The guichet finds a piece unusable: the demandeur reads the reason and is asked for a new version. */
    fun refuser(justificatif: String, raison: String) {
        admin("juger", justificatif, "inexploitable", "--raison", raison)
    }

    /** The guichet accepts a piece. */
    fun accepter(justificatif: String) {
        admin("juger", justificatif, "accepte")
    }

    /** The guichet asks for a piece; `personne` for a rubrique that is not the household's. */
    fun demanderPiece(demande: String, rubrique: String, message: String, type: String? = null, personne: String? = null) {
        val choix = listOfNotNull(type?.let { listOf("--type", it) }, personne?.let { listOf("--personne", it) }).flatten()
        val faits = listOf("--demande", demande, "--rubrique", rubrique, "--guichet", guichet, "--message", message)
        admin("demander-piece", *(faits + choix).toTypedArray())
    }

    /** An event that the demandeur may see: the territory's events are opened. */
    fun ajouterEvenement(demande: String, code: String, details: String) {
        admin("ouvrir-evenements", TERRITOIRE)
        admin("evenement", "--demande", demande, "--code", code, "--guichet", guichet, "--details", details)
    }

    /** A new code, as a guichet hands out: every session opened with an older one ends. */
    fun emettreCode(): String = champ(admin("emettre-code", "--json", entree = "$NUMERO\n"), "code")

    /** Kills the server as a power cut would and starts it again; its port changes. */
    fun tuerEtRelancer() {
        processus.destroyForcibly().waitFor()
        val (processus, ecoute) = lancer()
        this.processus = processus
        this.ecoute = ecoute
    }

    override fun close() {
        processus.destroyForcibly().waitFor()
        dossier.toFile().deleteRecursively()
    }

    private fun importer(): Foyer {
        val guichets = dossier.resolve("guichets.csv").toFile()
        guichets.writeText("code,nom,territoire,contact\n$guichet,Mairie d’Essai,$TERRITOIRE,guichet@essai.example\n")
        admin("importer-guichets", guichets.path)
        // Renewed lately, as a demande of that age must be to be alive.
        val renouvelee = LocalDate.now().minusDays(60)
        val demandes = dossier.resolve("demandes.json").toFile()
        demandes.writeText(
            """[{"numero": "$NUMERO", "territoire": "$TERRITOIRE", "date_depot": "2015-12-03",
                "renouvelee_le": "$renouvelee", "guichet": "$guichet", "personnes": [
                {"role": "demandeur", "nom": "Quintefeuille", "prenom": "Aldegonde", "date_naissance": "1984-02-29"},
                {"role": "cotitulaire", "nom": "Quintefeuille", "prenom": "Barnabé", "date_naissance": "1986-07-14"},
                {"role": "personne_a_charge", "nom": "Quintefeuille", "prenom": "Capucine", "date_naissance": "2016-11-30"}
            ]}]""",
        )
        admin("importer-demandes", demandes.path)
        return Foyer(NUMERO, emettreCode())
    }

    /** Runs an administration command beside the server, with that standard input, and gives what it prints. */
    private fun admin(vararg arguments: String, entree: String = ""): String {
        val commande = ProcessBuilder(listOf(programme()) + arguments)
        commande.environment()["MA_DEMANDE_DONNEES"] = dossier.resolve("donnees").toString()
        val erreurs = File.createTempFile("admin", ".txt", dossier.toFile())
        val processus = commande.redirectError(erreurs).start()
        processus.outputStream.use { it.write(entree.toByteArray()) }
        val sortie = processus.inputStream.readBytes().decodeToString()
        check(processus.waitFor() == 0) { "ma-demande-server ${arguments.first()} : ${erreurs.readText()}" }
        return sortie
    }

    private fun lancer(): Pair<Process, String> {
        val avant = if (journalFichier.exists()) journalFichier.readText().length else 0
        val processus = ProcessBuilder(
            programme(), "servir", "--donnees", dossier.resolve("donnees").toString(),
            "--ecoute", "127.0.0.1:0", "--sans-tls",
        ).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(journalFichier)).start()
        // A test that is killed must not leave a server behind.
        Runtime.getRuntime().addShutdownHook(Thread { processus.destroyForcibly() })
        val ecoute = attendre("le serveur écoute") {
            check(processus.isAlive) { "le serveur s’est arrêté : $journal" }
            val dit = journal.drop(avant).substringAfter(ECOUTE, "")
            dit.substringBefore('\n', "").trim().ifEmpty { null }
        }
        return processus to ecoute
    }

    private fun programme(): String {
        val dossier = checkNotNull(System.getProperty("mademande.programmes")) { "mademande.programmes n’est pas donné" }
        val programme = File(dossier, "ma-demande-server")
        check(programme.canExecute()) { "$programme manque : lancez « cargo xtask kotlin »" }
        return programme.path
    }

    private companion object {
        const val NUMERO = "057 1215 073901 10691"
        const val TERRITOIRE = "57"

        /** What the server prints, followed by its address, once it listens. */
        const val ECOUTE = "écoute sur "

        /** A string of a flat JSON answer of ours. */
        fun champ(json: String, nom: String): String =
            checkNotNull(Regex("\"$nom\":\"([^\"]*)\"").find(json)) { "pas de « $nom » dans la réponse" }.groupValues[1]
    }
}

/** Waits for something that happens by itself, looking often; far longer than it takes before it fails. */
fun <T : Any> attendre(quoi: String, regarder: () -> T?): T {
    val fin = System.nanoTime() + TimeUnit.SECONDS.toNanos(60)
    while (System.nanoTime() < fin) {
        regarder()?.let { return it }
        Thread.sleep(20)
    }
    error("$quoi : pas en une minute")
}

/** A sample photo or PDF of this project. */
fun exemple(nom: String): File {
    val dossier = checkNotNull(System.getProperty("mademande.exemples")) { "mademande.exemples n’est pas donné" }
    return File(dossier, nom).also { check(it.isFile) { "$it manque" } }
}
