// Deposits of the counter's page as uploads of their own: progress, cancelling, another try, going on after a cut.
// Without this script, or without tus-js-client, the form sends the same files in one go.
"use strict";
(() => {
  const form = document.getElementById("depot");
  const input = document.getElementById("fichiers");
  const zone = document.getElementById("zone");
  const panel = document.getElementById("envois");
  if (!form || !window.tus || !window.tus.isSupported) return;
  const list = panel.querySelector("ul");
  const status = panel.querySelector("[role=status]");
  // Pauses before another try, in milliseconds: a counter's network is back within a minute, or an agent looks.
  const RETRY_AFTER = [0, 1000, 3000, 10000, 30000];
  const running = new Set();
  let sent = 0;
  let failed = 0;

  const say = () => {
    const parts = [];
    if (running.size) parts.push(`${running.size} en cours`);
    if (sent) parts.push(`${sent} déposée${sent > 1 ? "s" : ""}`);
    if (failed) parts.push(`${failed} non déposée${failed > 1 ? "s" : ""}`);
    status.textContent = parts.join(", ") || "Aucun envoi.";
  };
  const digest = async (file) => {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const reason = (error) => {
    try {
      const problem = JSON.parse(error.originalResponse.getBody());
      return problem.detail || problem.title;
    } catch {
      return "le réseau ne répond pas. Vérifiez la connexion, puis réessayez.";
    }
  };
  const facts = () => {
    const data = new FormData(form);
    const [rubrique, type] = data.get("objet").split("/");
    const all = { demande: form.dataset.demande, rubrique, type };
    for (const name of ["personne", "demande_piece"]) if (data.get(name)) all[name] = data.get(name);
    return all;
  };

  const send = async (file, metadata) => {
    const item = document.createElement("li");
    const name = document.createElement("span");
    const bar = document.createElement("progress");
    const said = document.createElement("span");
    const button = document.createElement("button");
    name.textContent = file.name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Envoi de ${file.name}`);
    said.textContent = "en attente";
    button.type = "button";
    button.className = "secondaire";
    item.append(name, bar, said, button);
    list.append(item);

    const ended = (words, again) => {
      running.delete(item);
      said.textContent = words;
      bar.hidden = true;
      button.hidden = !again;
      button.textContent = "Réessayer";
      button.onclick = () => { item.remove(); failed -= 1; send(file, metadata); };
      say();
    };
    const start = async () => {
      const upload = new window.tus.Upload(file, {
        endpoint: "/depots",
        retryDelays: RETRY_AFTER,
        removeFingerprintOnSuccess: true,
        headers: { "X-Jeton": form.elements.jeton.value },
        metadata: { ...metadata, depot: crypto.randomUUID(), sha256: await digest(file), filename: file.name },
        // The same file for another piece or person is another deposit.
        fingerprint: async () => ["ma-demande", file.name, file.size, file.lastModified, ...Object.values(metadata)].join("/"),
        onProgress: (done, all) => { bar.value = all ? done / all : 0; said.textContent = `${Math.floor(bar.value * 100)} %`; },
        onError: (error) => { failed += 1; ended(`Non déposée : ${reason(error)}`, true); },
        onSuccess: () => { sent += 1; bar.value = 1; ended("Déposée, en vérification.", false); },
      });
      button.textContent = "Annuler";
      button.onclick = () => upload.abort(true).finally(() => { failed += 1; ended("Annulée.", true); });
      const [before] = await upload.findPreviousUploads();
      if (before) upload.resumeFromPreviousUpload(before);
      upload.start();
    };
    running.add(item);
    say();
    try {
      await start();
    } catch {
      failed += 1;
      ended("Non déposée : ce fichier ne peut pas être lu sur cet ordinateur.", true);
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    panel.hidden = false;
    const metadata = facts();
    for (const file of input.files) send(file, metadata);
    input.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("survol"); });
  }
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("survol"));
  zone.addEventListener("drop", (event) => { event.preventDefault(); input.files = event.dataTransfer.files; });
  addEventListener("beforeunload", (event) => { if (running.size) event.preventDefault(); });
})();
