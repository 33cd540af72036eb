// What every script here shares: Debian's Chromium, an agent who signs in, checks that are counted.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const job = JSON.parse(readFileSync(0, "utf8"));
export const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });

let checked = 0;

/** One check; the first that fails ends everything, with its name. */
export function check(name, holds, seen = "") {
  if (!holds) throw new Error(`${name} ${JSON.stringify(seen)}`);
  checked += 1;
}

/** A page of a browser of its own. Scripts of others call `canari`, which must never happen. */
export async function visitor(options = {}) {
  const context = await browser.newContext({ locale: "fr-FR", ...options });
  await context.exposeFunction("canari", () => {
    throw new Error("a script of somebody else's ran");
  }).catch(() => {});
  const page = await context.newPage();
  page.on("dialog", (dialog) => { console.error(`a dialog: ${dialog.message()}`); process.exit(1); });
  return page;
}

export async function signIn(page, { courriel, mot_de_passe }) {
  await page.goto(`${job.url}/guichet/connexion`);
  await page.fill("#courriel", courriel);
  await page.fill("#mot_de_passe", mot_de_passe);
  await page.click("main button");
}

/** No violation that axe knows, and nothing to scroll sideways. */
export async function accessible(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${name}: no sideways scrolling`, wide <= 0, wide);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Page.setBypassCSP", { enabled: true });
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await page.evaluate(`${axe}; axe.run(document, { runOnly: ${JSON.stringify(tags)} })`);
  await devtools.send("Page.setBypassCSP", { enabled: false });
  check(`${name}: axe`, found.violations.length === 0, found.violations.map((v) => [v.id, v.nodes[0].html]));
}

export async function done() {
  await browser.close();
  console.log(JSON.stringify({ checked }));
}
