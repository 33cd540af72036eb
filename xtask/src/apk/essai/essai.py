"""Drives Android's own library on this machine as the app does: prepares a photo, signs in over TLS, sends it.

The module `ma_demande` beside the library is generated from the bindings. What went wrong is printed, and the exit code
is 1; what went well is one JSON line: the prepared file's size and the receipt.
"""

import asyncio
import json
import os
import sys
import traceback

import ma_demande as coeur


class Secrets(coeur.SecretStore):
    """Keeps the session's secret in memory."""

    def __init__(self):
        self.secret = None

    def load(self):
        return self.secret

    def store(self, secret):
        self.secret = secret

    def wipe(self):
        self.secret = None


class Steps(coeur.Ecouteur):
    """Counts the steps of a preparation."""

    def __init__(self):
        self.heard = 0

    def avance(self, fait, total):
        self.heard += 1


class Sent(coeur.EcouteurEnvoi):
    """Hears of the sending, and keeps nothing."""

    def avance(self, depot, envoyes, taille):
        pass


def client(trial, folder, authority):
    options = coeur.ClientOptions(serveur=trial["serveur"], dossier=folder, autorite_pem=authority)
    return coeur.Client(options, Secrets())


async def main(trial):
    panic_is_caught()
    with open(trial["autorite"], encoding="ascii") as file:
        authority = file.read()

    # Whom the authority is not known to, must not talk: the certificate is really looked at.
    try:
        await client(trial, trial["dossier"] + "/mefiant", None).connecter(trial["numero"], trial["code"])
    except coeur.Echec.Reseau:
        pass
    else:
        raise AssertionError("a certificate of nobody was accepted")

    phone = client(trial, trial["dossier"] + "/telephone", authority)
    steps = Steps()
    page = coeur.PagePlan(source=trial["photo"], rotation=coeur.Rotation.AUCUNE)
    prepared = await phone.preparer(coeur.Plan(pages=[page]), steps, coeur.Stop())
    size = prepared.info().taille
    assert steps.heard > 0, "no progress was heard"

    await phone.connecter(trial["numero"], trial["code"])
    facts = coeur.Faits(
        personne=None, rubrique=trial["rubrique"], type_piece=trial["type_piece"], nom="essai.jpg"
    )
    await phone.mettre_en_file(prepared, facts)
    sent = await phone.envoyer(Sent(), coeur.Stop())
    assert isinstance(sent, coeur.Envoi.VIDE), f"not sent: {sent}, {await phone.file()}"
    pieces = await phone.justificatifs()
    print(json.dumps({"taille": size, "deposees": [piece.taille for piece in pieces]}))


def panic_is_caught():
    """No machine has that much memory: the library panics, which must reach the caller as an error."""
    try:
        coeur._UniffiRustBuffer.alloc(2**64 - 1)
    except coeur.InternalError:
        return
    raise AssertionError("a panic went by unseen")


def leave(code):
    """Ends the process at once, as a phone's system does. The library's threads live as long as the process, and a Python
    that takes itself down under them is called back by one now and then, and dies of it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


try:
    asyncio.run(main(json.load(sys.stdin)))
except BaseException:
    traceback.print_exc()
    leave(1)
leave(0)
