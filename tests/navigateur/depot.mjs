// A guichet deposits: with the script each file is an upload that shows its progress, goes on after a cut and can be
// cancelled; without it the form does the same in one go. What is hostile among the files runs nothing. Then a number is
// masked, drawn with the mouse and by the numbers alone.
import { readFileSync } from "node:fs";
import { accessible, check, done, job, signIn, visitor } from "./commun.mjs";

const photo = readFileSync(job.photo);
const page = `${job.url}/guichet/demandes/${job.demande}`;
const OBJET = "logement_actuel/attestation_hebergement";

const fill = async (at) => {
  await at.goto(`${page}/pieces`);
  await at.selectOption("#objet", OBJET);
  await at.selectOption("#personne", { index: 1 });
};
const named = (at, name) => at.locator(".envois li", { hasText: name });

// With the script: the first answer to a PATCH is lost with its connection, and the upload goes on.
{
  const agent = await visitor();
  await signIn(agent, job.agents.guichet);
  await fill(agent);
  let cut = 0;
  const offsets = [];
  await agent.route("**/depots/*", async (route) => {
    const request = route.request();
    if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
    if (request.method() === "PATCH" && cut < 1) { cut += 1; await route.abort("connectionreset"); } else await route.continue();
  });
  await agent.setInputFiles("#fichiers", [
    { name: "photo.jpg", mimeType: "image/jpeg", buffer: photo },
    { name: "page.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='canari()'/>") },
  ]);
  await agent.click("main button:has-text('Déposer')");
  await named(agent, "photo.jpg").getByText("Déposée, en vérification.").waitFor();
  await named(agent, "page.svg").getByText("Non déposée").waitFor();
  check("what is deposited needs no other try", !(await named(agent, "photo.jpg").getByRole("button").isVisible()));
  check("one connection was cut", cut === 1 && offsets.length >= 2, offsets);
  check("what was refused is said in the server's words", !(await named(agent, "page.svg").textContent()).includes("réseau"));
  check("the result is told", (await agent.textContent("#envois [role=status]")) === "1 déposée, 1 non déposée");
  await accessible(agent, "while depositing");
  check("nothing stays in the browser", (await agent.evaluate(() => localStorage.length)) <= 1);
  await agent.click("text=Voir la demande");
  check("it stands in the demande", (await agent.textContent("main")).includes("Guichet"), await agent.textContent("main"));
  await agent.context().close();
}

// Without it: the same, and a document that is a page of the web too.
{
  const agent = await visitor({ javaScriptEnabled: false });
  await signIn(agent, job.agents.guichet);
  await fill(agent);
  const polyglot = Buffer.concat([
    Buffer.from("<html><script>canari()</script><!--\n%PDF-1.7\n"), readFileSync(job.pdf), Buffer.from("\n-->"),
  ]);
  await agent.setInputFiles("#fichiers", [
    { name: "autre.jpg", mimeType: "image/jpeg", buffer: readFileSync(job.autre) },
    { name: "<img src=x onerror=canari()>.pdf", mimeType: "application/pdf", buffer: polyglot },
  ]);
  await agent.click("main button:has-text('Déposer')");
  check("each file is answered", /[12] sur 2 déposées/.test(await agent.textContent("main")), await agent.textContent("main"));
  check("its name is text", (await agent.locator("main img").count()) === 0);
  await agent.context().close();
}

// Masking.
{
  const agent = await visitor();
  await signIn(agent, job.agents.guichet);
  const piece = `${job.url}/guichet/justificatifs/${job.piece}`;
  await agent.goto(piece);
  check("no rectangle before it is asked for", (await agent.locator("rect.masque").count()) === 0);
  await agent.click("#masquage summary");
  await agent.evaluate(() => document.getElementById("document").scrollIntoView());
  const box = await agent.locator("#document svg").boundingBox();
  const at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
  await agent.mouse.move(...at(0.2, 0.1));
  await agent.mouse.down();
  await agent.mouse.move(...at(0.5, 0.15), { steps: 5 });
  await agent.mouse.up();
  const read = () => Promise.all(["gauche", "haut", "largeur", "hauteur"].map((name) => agent.inputValue(`#masque-${name}`)));
  const numbers = (await read()).map(Number);
  check("what is drawn stands in the form", [20, 10, 30, 5].every((n, i) => Math.abs(n - numbers[i]) < 1.5), numbers);
  await agent.focus("#masque-gauche");
  await agent.keyboard.press("ArrowUp");
  check("and the keys move it", Number((await read())[0]) > numbers[0], await read());
  await accessible(agent, "while masking");
  await agent.click("#masquage button");
  await agent.waitForLoadState("load");
  check("it can be taken back", await agent.isVisible("text=Retirer le dernier masque"));
  const href = await agent.getAttribute("#document svg image", "href");
  const jpeg = (await (await agent.request.get(job.url + href)).body()).toString("base64");
  // In a page of its own, since ours lets no script read pictures.
  const dark = await (await agent.context().newPage()).evaluate(async (jpeg) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${jpeg}`)).blob());
    const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    context.drawImage(picture, 0, 0);
    return [...context.getImageData(picture.width * 0.35, picture.height * 0.125, 1, 1).data];
  }, jpeg);
  check("the page is black there", dark.slice(0, 3).every((value) => value < 24), dark);
  await agent.context().close();

  const without = await visitor({ javaScriptEnabled: false });
  await signIn(without, job.agents.guichet);
  await without.goto(piece);
  await without.click("#masquage summary");
  for (const [name, value] of [["gauche", "60"], ["haut", "80"], ["largeur", "20"], ["hauteur", "5"]]) {
    await without.fill(`#masque-${name}`, value);
  }
  await without.click("#masquage button");
  await without.click("text=Retirer le dernier masque");
  check("the first mask is still there", await without.isVisible("text=Retirer le dernier masque"));
  await without.context().close();
}
await done();
