/* An invented household with a bit of everything. */
package fr.mademande.fakes

import fr.mademande.coeur.Controle
import fr.mademande.coeur.DemandeConnue
import fr.mademande.coeur.DemandeVue
import fr.mademande.coeur.DernierEchec
import fr.mademande.coeur.Entree
import fr.mademande.coeur.EtatDemande
import fr.mademande.coeur.EtatDepot
import fr.mademande.coeur.EvenementVue
import fr.mademande.coeur.Examen
import fr.mademande.coeur.Exigence
import fr.mademande.coeur.Genre
import fr.mademande.coeur.GuichetVue
import fr.mademande.coeur.Justificatif
import fr.mademande.coeur.LigneChecklist
import fr.mademande.coeur.MediaType
import fr.mademande.coeur.MotDuDemandeur
import fr.mademande.coeur.Nomenclature
import fr.mademande.coeur.Origine
import fr.mademande.coeur.PersonneVue
import fr.mademande.coeur.Phrase
import fr.mademande.coeur.PieceDemandee
import fr.mademande.coeur.Portee
import fr.mademande.coeur.Presence
import fr.mademande.coeur.Recu
import fr.mademande.coeur.Role
import fr.mademande.coeur.Rubrique
import fr.mademande.coeur.Stade
import fr.mademande.coeur.TypePiece
import java.time.Instant
import java.time.LocalDate

object Samples {
    private val GUICHET = GuichetVue("10691", "Mairie de Sainte-Colombe-sur-Loire", "02 61 91 00 10, du lundi au vendredi")
    private val NOW = Instant.parse("2026-11-20T13:05:00Z")

    val nomenclature = Nomenclature(
        version = "2022-09",
        arrete = "essai",
        effet = LocalDate.of(2022, 9, 1),
        rubriques = listOf(
            rubrique("identite", "Identité et régularité du séjour", "carte_identite" to "Carte nationale d’identité (recto et verso)"),
            rubrique("revenu_fiscal", "Revenu fiscal de référence", "avis_imposition" to "Avis d’imposition (année N-2)"),
            rubrique("situation_familiale", "Situation familiale", "livret_famille" to "Livret de famille"),
            rubrique("situation_professionnelle", "Situation professionnelle"),
            rubrique("ressources_mensuelles", "Ressources mensuelles", "bulletins_salaire" to "Bulletins de salaire des trois derniers mois"),
            rubrique("logement_actuel", "Logement actuel", "bail_quittance" to "Bail et quittance de loyer"),
            rubrique("motif", "Motif de la demande"),
        ),
    )

    val demande = DemandeVue(
        id = "d",
        numero = "057 1215 073903 10691",
        dateDepot = LocalDate.of(2015, 12, 8),
        etat = EtatDemande.ACTIVE,
        guichet = GUICHET,
        modifieeLe = LocalDate.of(2026, 11, 2),
        renouveleeLe = LocalDate.of(2025, 12, 1),
        aRenouvelerAvant = LocalDate.of(2099, 12, 8),
        personnes = listOf(
            PersonneVue("p1", Role.DEMANDEUR, "BERTHIER-MONTGOLFIER", "Anne-Sophie"),
            PersonneVue("p2", Role.COTITULAIRE, "DIALLO", "Mamadou"),
            PersonneVue("p3", Role.PERSONNE_A_CHARGE, "DIALLO", "Inès"),
        ),
        checklist = listOf(
            line("identite", "p1", Exigence.EXIGEE, Presence.ACCEPTEE),
            line("revenu_fiscal", "p1", Exigence.A_INSTRUCTION, Presence.A_REMPLACER),
            line("ressources_mensuelles", "p1", Exigence.DEMANDEE, Presence.MANQUANTE),
            line("situation_professionnelle", "p1", Exigence.PEUT_ETRE_DEMANDEE, Presence.NON_DEMANDEE),
            line("logement_actuel", "p1", Exigence.PEUT_ETRE_DEMANDEE, Presence.NON_DEMANDEE),
            line("identite", "p2", Exigence.EXIGEE, Presence.DEPOSEE),
            line("revenu_fiscal", "p2", Exigence.A_INSTRUCTION, Presence.MANQUANTE),
            line("identite", "p3", Exigence.EXIGEE, Presence.MANQUANTE),
            line("situation_familiale", null, Exigence.PEUT_ETRE_DEMANDEE, Presence.DEPOSEE),
            line("motif", null, Exigence.PEUT_ETRE_DEMANDEE, Presence.NON_DEMANDEE),
        ),
        piecesDemandees = listOf(
            PieceDemandee(
                id = "q",
                rubrique = "ressources_mensuelles",
                typePiece = "bulletins_salaire",
                personne = "p1",
                message = "Bonjour, il manque le bulletin de septembre. Merci d’envoyer les trois derniers mois.",
                demandeeLe = NOW,
                guichet = GUICHET,
            ),
        ),
        evenements = listOf(
            EvenementVue("e1", "TENAD00022", "Demande d’informations ou de pièces justificatives", LocalDate.of(2026, 11, 20), "Bulletins de salaire des trois derniers mois."),
            EvenementVue("e2", "VALDEM", "Validation de la demande", LocalDate.of(2015, 12, 15), null),
            EvenementVue("e3", "CREDEM", "Création de la demande", LocalDate.of(2015, 12, 8), null),
        ),
    )

    val known = DemandeConnue(demande, NOW)

    val accepted = piece(
        "1",
        "identite",
        "carte_identite",
        origine = Origine.Guichet("10691"),
        origineLibelle = "Déposé par le guichet 10691",
        examen = Examen.Accepte,
        mot = MotDuDemandeur("Accepté", "Ce document ne vous sera pas redemandé tant qu’il est valable.", false),
    )

    val unusable = piece(
        "2",
        "revenu_fiscal",
        "avis_imposition",
        examen = Examen.Inexploitable("La page 2 est floue"),
        mot = MotDuDemandeur("Inexploitable", "La page 2 est floue. Envoyez-en une nouvelle version.", true),
        pages = 4u,
    )

    val inspected = piece(
        "3",
        "situation_familiale",
        "livret_famille",
        personne = null,
        origine = Origine.Numeriseur("10691"),
        origineLibelle = "Numérisé pour le guichet 10691",
        controle = Controle.EnVerification,
        pages = null,
        mot = MotDuDemandeur("En vérification", "Le document est bien reçu ; il est contrôlé automatiquement.", false),
    )

    val refused = piece(
        "4",
        "logement_actuel",
        "bail_quittance",
        controle = Controle.Refuse(Phrase("mot_de_passe", "Ce PDF est protégé par un mot de passe.")),
        mot = MotDuDemandeur("Refusé", "Ce PDF est protégé par un mot de passe.", true),
        pages = null,
    )

    val large = piece("6", "identite", "carte_identite", pages = 30u).copy(taille = 4_200_000u, retirable = true)

    val confidential = piece("5", null, null, personne = null).copy(confidentiel = true, nom = null)

    val pieces = listOf(accepted, unusable, inspected, refused, large, confidential)

    val waiting = Entree(
        depot = "t",
        demande = "d",
        personne = "p1",
        rubrique = "identite",
        typePiece = "carte_identite",
        nom = "recto.jpg",
        remplace = null,
        mediaType = MediaType.PDF,
        taille = 212_000u,
        misEnFileLe = NOW,
        etat = EtatDepot.EnAttente,
        dernierEchec = null,
    )

    val sending = waiting.copy(
        depot = "s",
        typePiece = "bulletins_salaire",
        etat = EtatDepot.EnCours(90_000u),
        dernierEchec = DernierEchec(NOW, Genre.RESEAU),
    )

    val blocked = waiting.copy(
        depot = "b",
        typePiece = "avis_imposition",
        etat = EtatDepot.Bloque(Phrase("quota_atteint", "Votre demande contient déjà autant de pièces qu’elle le peut.")),
    )

    val recu = Recu(
        numero = "MD-7K3QX-0M2TE",
        depot = "r",
        justificatif = "j",
        deposeLe = NOW,
        taille = 212_000u,
        sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        controle = Controle.EnVerification,
        doublon = false,
        service = "Mairie de Sainte-Colombe-sur-Loire",
        contact = "02 61 91 00 10",
    )

    val deposited = waiting.copy(depot = "r", etat = EtatDepot.Depose(recu))

    fun piece(
        id: String,
        rubrique: String?,
        type: String?,
        personne: String? = "p1",
        origine: Origine = Origine.Application,
        origineLibelle: String = "Déposé depuis l’application",
        controle: Controle = Controle.Disponible,
        examen: Examen = Examen.AExaminer,
        mot: MotDuDemandeur = MotDuDemandeur("Déposé", "Votre guichet l’examinera sous 15 jours ; vous n’avez rien à faire.", false),
        pages: UInt? = 1u,
    ) = Justificatif(
        id = id,
        numero = "MD-7K3QX-0M2TE",
        confidentiel = false,
        rubrique = rubrique,
        typePiece = type,
        personne = personne,
        nom = "DSC_0001.JPG",
        origine = origine,
        origineLibelle = origineLibelle,
        deposeLe = NOW,
        mediaType = MediaType.PDF,
        taille = 212_000u,
        pages = pages,
        controle = controle,
        examen = examen,
        mot = mot,
        retirable = false,
        remplace = null,
    )

    private fun line(rubrique: String, personne: String?, exigence: Exigence, presence: Presence) =
        LigneChecklist(rubrique, personne, exigence, presence)

    private fun rubrique(code: String, libelle: String, vararg types: Pair<String, String>) = Rubrique(
        code,
        libelle,
        Stade.COMPLEMENTAIRE,
        Portee.PERSONNE,
        types.map { (type, name) -> TypePiece(type, name, null, sensible = false, confidentiel = false, plusieurs = false) },
    )
}
