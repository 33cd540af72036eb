// The pages of the counter that README shows, as `cargo xtask ecrans guichet` asks for them.
import { browser, job, signIn, visitor } from "./commun.mjs";

const page = await visitor({ viewport: { width: 1180, height: 960 } });
await signIn(page, job.agent);

// Pages are drawn after a piece is there to be read.
const piece = `${job.url}/guichet/justificatifs/${job.piece}`;
for (let look = 0; look < 100; look += 1) {
  await page.goto(piece);
  if (await page.locator("#document svg").count()) break;
  await page.waitForTimeout(200);
}
await page.waitForSelector("#document svg");
await page.waitForLoadState("networkidle");
await page.screenshot({ path: `${job.dossier}/guichet-piece.jpg`, type: "jpeg", quality: 62, fullPage: true });

await page.setViewportSize({ width: 1180, height: 620 });
await page.goto(`${job.url}/guichet`);
await page.screenshot({ path: `${job.dossier}/guichet-travail.png` });
// Down to what is held and what is missing.
await page.setViewportSize({ width: 1180, height: 1190 });
await page.goto(`${job.url}/guichet/demandes/${job.demande}`);
await page.screenshot({ path: `${job.dossier}/guichet-demande.png` });
await browser.close();
