// An agent's day. Phase « matin »: asks for an account, is certified, opens a piece, judges it, asks for it anew. The
// demandeur answers meanwhile. Phase « soir »: the answer is there, and the request is closed.
import { readFileSync, readdirSync } from "node:fs";
import { check, done, job, signIn, visitor } from "./commun.mjs";

const AGENT = { courriel: "claire.moreau@essai.example", mot_de_passe: "trois mots au hasard" };
const agent = await visitor();

if (job.phase === "matin") {
  await agent.goto(`${job.url}/guichet/inscription`);
  await agent.fill("#nom", "Claire Moreau");
  await agent.fill("#courriel", AGENT.courriel);
  await agent.fill("#guichet", job.guichet);
  await agent.click("main button");
  let link = null;
  for (let look = 0; look < 100 && !link; look += 1) {
    await new Promise((next) => setTimeout(next, 200));
    let mails = [];
    try { mails = readdirSync(job.courriels); } catch { continue; }
    const texts = mails.map((name) => readFileSync(`${job.courriels}/${name}`, "utf8").replaceAll("=\r\n", ""));
    link = texts.find((text) => text.includes(AGENT.courriel))?.match(/\/guichet\/mot-de-passe\/[\w-]+/)?.[0];
  }
  check("a mail with a link came", Boolean(link));
  await agent.goto(job.url + link);
  await agent.fill("#mot_de_passe", AGENT.mot_de_passe);
  await agent.fill("#confirmation", AGENT.mot_de_passe);
  await agent.click("main button");
  await signIn(agent, AGENT);
  check("nothing is seen before the account is certified", agent.url().endsWith("/guichet/compte"), agent.url());
  await agent.fill("#fonction", "Chargée d’accueil");
  await agent.fill("#telephone", "03 00 00 00 01");
  await agent.click("text=Envoyer la fiche");

  const assistance = await visitor();
  await signIn(assistance, job.agents.assistance);
  await assistance.click("text=Claire Moreau");
  await assistance.selectOption("#profil", "guichet");
  await assistance.click("text=Certifier ce compte");
  check("certified", (await assistance.textContent(".badge")) === "Certifié");

  await agent.goto(`${job.url}/guichet`);
  await agent.click("tbody th a >> nth=0");
  check("the document is drawn", await agent.isVisible("#document svg image"));
  await agent.check("#avis-inexploitable");
  await agent.selectOption("#motif", "coupe");
  await agent.click("text=Enregistrer l’avis");
  check("judged", (await agent.textContent(".badge")) === "Inexploitable");
  await agent.goto(`${job.url}/guichet/demandes/${job.demande}/demandes-de-pieces`);
  await agent.selectOption("#objet", "logement_actuel/attestation_hebergement");
  await agent.selectOption("#personne", { index: 1 });
  await agent.fill("#message", "Envoyez l’attestation entière.");
  await agent.click("text=Demander >> nth=-1");
  check("asked for", (await agent.textContent("tbody")).includes("En attente"));
} else {
  await signIn(agent, AGENT);
  await agent.goto(`${job.url}/guichet/demandes/${job.demande}/demandes-de-pieces`);
  check("answered", (await agent.textContent("tbody")).includes("Répondue"));
  await agent.click("text=Voir la réponse");
  check("the new version waits to be judged", (await agent.textContent(".badge")) === "À examiner");
  check("and is drawn", await agent.isVisible("#document svg image"));
}
await done();
