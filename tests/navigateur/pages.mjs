// Every page of the counter in light, dark, at 320 pixels and as at 200 % zoom: axe, no sideways scrolling; then what
// others wrote into the pages runs nothing, a piece is judged without script, and by keyboard alone; two factors.
import { createHmac } from "node:crypto";
import { accessible, check, done, job, signIn, visitor } from "./commun.mjs";

const SIZES = {
  clair: { viewport: { width: 1280, height: 900 } },
  sombre: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  etroit: { viewport: { width: 320, height: 800 } },
  double: { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 },
};

const pages = (demande, piece) => ({
  guichet: [
    "", "/recherche", "/compte", "/compte/deux-etapes", `/demandes/${demande}`, `/demandes/${demande}/evenements`,
    `/demandes/${demande}/demandes-de-pieces`, `/demandes/${demande}/code`, `/demandes/${demande}/pieces`,
    `/justificatifs/${piece}`,
  ],
  consultant: ["", "/recherche", "/compte"],
  gestionnaire: ["", "/territoire", "/journal", "/acces"],
  assistance: ["/comptes", `/comptes/${job.compte}`, "/acces", `/acces?guichet=${job.acces}`],
  personne: ["/connexion", "/inscription", "/mot-de-passe", "/mot-de-passe/x"],
});

for (const [size, options] of Object.entries(SIZES)) {
  for (const [who, paths] of Object.entries(pages(job.demande, job.piece))) {
    const page = await visitor(options);
    if (who !== "personne") await signIn(page, job.agents[who]);
    for (const path of paths) {
      const answer = await page.goto(`${job.url}/guichet${path}`);
      check(`${size} ${who} ${path}: 200`, answer.status() === 200, answer.status());
      await accessible(page, `${size} ${who} ${path}`);
    }
    await page.context().close();
  }
}

// A list that does not read says why, beside what was typed.
{
  const page = await visitor();
  await signIn(page, job.agents.gestionnaire);
  await page.goto(`${job.url}/guichet/acces`);
  await page.fill("#liste", "sans arobase;X;guichet");
  await page.click("button:has-text('Envoyer la liste')");
  await accessible(page, "liste refusée");
  check("the line is named", (await page.textContent("#erreurs")).includes("Ligne 1"));
  check("what was typed stays", (await page.inputValue("#liste")) === "sans arobase;X;guichet");
  await page.context().close();
}

// What the demandeur's file and the agents' words are called runs nothing; it is there to be read.
const PAYLOAD = "<img src=x onerror=canari()><script>canari()</script>\"'><svg onload=canari()>";
{
  const page = await visitor();
  await signIn(page, job.agents.guichet);
  await page.goto(`${job.url}/guichet/demandes/${job.demande}/evenements`);
  await page.selectOption("#code", "VALDEM");
  await page.fill("#details", PAYLOAD);
  await page.click("text=Ajouter >> nth=-1");
  check("an event's details are text", (await page.textContent("tbody")).includes(PAYLOAD));
  await page.goto(`${job.url}/guichet/demandes/${job.demande}/demandes-de-pieces`);
  await page.selectOption("#objet", "information");
  await page.fill("#message", PAYLOAD);
  await page.click("text=Demander >> nth=-1");
  await page.goto(`${job.url}/guichet/demandes/${job.demande}/evenements`);
  check("a message is text", (await page.textContent("tbody")).split(PAYLOAD).length === 3);
  for (const path of ["", `/justificatifs/${job.piece}`, `/demandes/${job.demande}`]) {
    await page.goto(`${job.url}/guichet${path}`);
    check(`${path}: nothing was built of it`, (await page.locator("img, svg[onload], script:not([src])").count()) === 0);
  }
  const download = page.waitForEvent("download");
  await page.goto(`${job.url}/guichet/justificatifs/${job.piece}`);
  await page.click("text=Télécharger l’original");
  check("the original is a download and no page", (await download).suggestedFilename().length > 0);
  await page.context().close();
}

// Without script.
{
  const page = await visitor({ javaScriptEnabled: false });
  await signIn(page, job.agents.guichet);
  await page.goto(`${job.url}/guichet/justificatifs/${job.piece}`);
  const box = () => page.getAttribute("#document svg", "viewBox");
  const upright = await box();
  await page.click("text=Tourner d’un quart de tour");
  check("a page is turned", upright.split(" ").reverse().slice(0, 2).join() === (await box()).split(" ").slice(2).join(), upright);
  for (let turn = 0; turn < 3; turn += 1) await page.click("text=Tourner d’un quart de tour");
  check("and comes round", (await box()) === upright);
  check("zooming is not offered", !(await page.isVisible("text=Agrandir")));
  await page.check("#avis-hors_perimetre");
  await page.fill("#precision", "À moitié tapé");
  await page.click("text=Garder en brouillon");
  await page.goto(`${job.url}/guichet`);
  await page.goto(`${job.url}/guichet/justificatifs/${job.piece}`);
  check("a draft waits", (await page.inputValue("#precision")) === "À moitié tapé" && (await page.isChecked("#avis-hors_perimetre")));
  await page.click("text=Enregistrer l’avis");
  check("it is judged", (await page.textContent(".badge")).includes("Hors périmètre"));
  await page.click("text=Annuler cet avis");
  check("and taken back", (await page.textContent(".badge")).includes("À examiner"));
  await page.context().close();
}

// By keyboard alone.
{
  const page = await visitor();
  await page.goto(`${job.url}/guichet/connexion`);
  await page.waitForFunction(() => document.activeElement.id === "courriel");
  await page.keyboard.type(job.agents.guichet.courriel);
  await page.keyboard.press("Tab");
  await page.keyboard.type(job.agents.guichet.mot_de_passe);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${job.url}/guichet`);
  await page.keyboard.press("Tab");
  check("the first stop leads past the banner", (await page.evaluate(() => document.activeElement.textContent)) === "Aller au contenu");
  const reach = async (name) => {
    for (let stop = 0; stop < 40; stop += 1) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return [document.activeElement.id || document.activeElement.textContent.trim(), style.outlineStyle, style.outlineWidth];
      });
      check(`the focus is seen on ${seen[0]}`, seen[1] !== "none" && seen[2] !== "0px", seen);
      if (seen[0].startsWith(name)) return;
    }
    throw new Error(`${name} is not reached by keyboard`);
  };
  await reach(job.titre);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/justificatifs/**");
  await reach("document");
  await page.keyboard.press("+");
  check("+ makes it larger", (await page.evaluate(() => document.querySelector("#document svg").style.width)) === "125%");
  await page.keyboard.press("0");
  check("0 lets it fit", (await page.evaluate(() => document.querySelector("#document svg").style.width)) === "");
  await reach("avis-accepte");
  await page.keyboard.press("Space");
  await reach("nir");
  await page.keyboard.press("Space");
  await reach("Enregistrer l’avis");
  await page.keyboard.press("Enter");
  await page.waitForLoadState("load");
  check("judged by keyboard", (await page.textContent(".badge")).includes("Accepté"), await page.textContent(".badge"));
  await page.context().close();
}

// Two factors: pages that only a form leads to. The authenticator is Node's own HMAC.
const shown = (secret, steps) => {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", key).update(step).digest();
  const number = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
};
{
  const { gestionnaire } = job.agents;
  const page = await visitor(SIZES.etroit);
  await signIn(page, gestionnaire);
  await page.goto(`${job.url}/guichet/compte/deux-etapes`);
  await page.fill("#mot_de_passe", gestionnaire.mot_de_passe);
  await page.click("text=Activer la connexion en deux étapes");
  await accessible(page, "etroit: the secret");
  const drawing = await page.locator("main svg").boundingBox();
  check("the secret is drawn", drawing.width === 232 && drawing.height === 232, drawing);
  const secret = (await page.textContent("main")).match(/secret=([A-Z2-7]+)/)[1];
  await page.fill("#code", shown(secret, 0));
  await page.click("main button");
  check("ten codes are shown", (await page.locator("main ul li").count()) === 10);
  await accessible(page, "etroit: the codes de secours");
  await page.goto(`${job.url}/guichet/compte/deux-etapes`);
  await accessible(page, "etroit: turned on");
  const other = await visitor(SIZES.sombre);
  await signIn(other, gestionnaire);
  await other.waitForFunction(() => document.activeElement.id === "code");
  await accessible(other, "sombre: the second step");
  await other.fill("#code", shown(secret, 1));
  await other.keyboard.press("Enter");
  await other.waitForURL(`${job.url}/guichet`);
  check("signed in by two steps", await other.isVisible("text=Se déconnecter"));
  const assistance = await visitor(SIZES.etroit);
  await signIn(assistance, job.agents.assistance);
  for (const path of await assistance.locator("tbody a").evaluateAll((links) => links.map((link) => link.href))) {
    await assistance.goto(path);
    if (await assistance.isVisible("#verification")) await accessible(assistance, "etroit: a lost second factor");
  }
}
await done();
