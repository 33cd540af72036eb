// The way to an identity provider and back, as a real browser treats its cookies: the provider is another site, its way
// back brings `Lax` cookies only, and the session that is opened then is `Strict`. The provider is this script.
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";
import { accessible, check, done, job, visitor } from "./commun.mjs";

const issuer = job.emetteur;
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const text = (value) => Buffer.from(value).toString("base64url");
const begun = new Map();

createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  const json = (value, status = 200) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(value));
  };
  if (url.pathname === "/.well-known/openid-configuration") {
    json({
      issuer, authorization_endpoint: `${issuer}/entrer`, token_endpoint: `${issuer}/jeton`, jwks_uri: `${issuer}/cles`,
      response_types_supported: ["code"], subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["ES256"],
    });
  } else if (url.pathname === "/cles") {
    json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "1", use: "sig" }] });
  } else if (url.pathname === "/entrer") {
    const back = new URL(url.searchParams.get("redirect_uri"));
    const code = randomUUID();
    begun.set(code, url.searchParams);
    back.searchParams.set("code", code);
    back.searchParams.set("state", url.searchParams.get("state"));
    // Somebody presses a button there, as everywhere.
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(`<form method="post" action="/entre"><input type="hidden" name="vers" value="${encodeURIComponent(back)}"><button>Entrer</button></form>`);
  } else if (request.method !== "POST") {
    // A browser asks for an icon.
    json({}, 404);
  } else {
    let body = "";
    for await (const part of request) body += part;
    const fields = new URLSearchParams(body);
    if (url.pathname === "/entre") {
      response.writeHead(302, { Location: decodeURIComponent(fields.get("vers")) });
      return response.end();
    }
    const asked = begun.get(fields.get("code"));
    begun.delete(fields.get("code"));
    const challenge = createHash("sha256").update(fields.get("code_verifier")).digest("base64url");
    if (challenge !== asked?.get("code_challenge")) return json({ error: "invalid_grant" }, 400);
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer, aud: "guichet", sub: job.sujet, iat: now, exp: now + 60, nonce: asked.get("nonce"),
      email: job.agents.guichet.courriel, email_verified: true,
    };
    const message = `${text(JSON.stringify({ alg: "ES256", kid: "1" }))}.${text(JSON.stringify(claims))}`;
    const signature = sign("sha256", Buffer.from(message), { key: privateKey, dsaEncoding: "ieee-p1363" });
    json({ access_token: "a", token_type: "Bearer", id_token: `${message}.${text(signature)}` });
  }
}).listen(Number(new URL(issuer).port), "localhost");

// With script and without, for a page goes on by itself in both.
for (const javaScriptEnabled of [true, false]) {
  const page = await visitor({ javaScriptEnabled });
  await page.goto(`${job.url}/guichet/connexion`);
  if (javaScriptEnabled) await accessible(page, "signing in, with a button more");
  await page.click("text=Se connecter avec Compte Agent");
  check("the browser is at the provider", page.url().startsWith(`${issuer}/entrer`), page.url());
  const cookie = (await page.context().cookies()).find(({ name }) => name === "connexion-federee");
  check("one cookie of the way", cookie?.sameSite === "Lax" && cookie.httpOnly, cookie);
  await page.click("text=Entrer");
  await page.waitForURL(`${job.url}/guichet`);
  check("signed in", await page.isVisible("text=Se déconnecter"));
  const cookies = await page.context().cookies();
  check("one cookie is left, and it is strict", cookies.length === 1 && cookies[0].sameSite === "Strict", cookies);
  await page.click("text=Se déconnecter");
  await page.context().close();
}
await done();
process.exit(0);
