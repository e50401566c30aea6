// What stands beside the spectrum: labels, velocities, evidence, opinions. And the list of the keys.
"use strict";

const Panel = (() => {
  const at = (id) => document.getElementById(id);
  const make = (tag, text, name) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (name) e.className = name; return e; };
  const ARROWS = { ArrowLeft: "\u2190", ArrowRight: "\u2192", ArrowUp: "\u2191", ArrowDown: "\u2193" };

  function evidence(payload) {
    const place = at("evidence");
    place.replaceChildren();
    for (const [group, entries] of Object.entries(payload.evidence)) {
      const list = make("p");
      for (const [name, value] of entries) { const entry = make("span"); entry.append(make("i", name), ` ${value}`); list.append(entry, " "); }
      place.append(make("h3", group), list);
    }
    if (payload.same_star.length) place.append(make("h3", "same star in this queue"), make("div", payload.same_star.join(", ")));
  }

  function labels(about, payload, { said, confidence, decide }) {
    const place = at("labels");
    place.replaceChildren();
    for (const [label, key, meaning] of about.labels) {
      const button = make("button", undefined, label === said ? "said" : "");
      button.append(make("kbd", key), label);
      button.title = meaning; button.dataset.label = label;
      button.disabled = payload.forbidden.includes(label);
      button.addEventListener("click", () => decide(label));
      place.append(button);
    }
    at("confidence").textContent = confidence === null ? "not said" : confidence;
  }

  function velocities(about, payload, { shown, active, toggle }) {
    const table = at("velocities");
    table.replaceChildren();
    about.methods.forEach(([name, title, color, dash], number) => {
      const known = payload.velocities[name];
      const row = make("tr", undefined, [shown.has(name) && known ? "" : "off", name === active ? "active" : ""].join(" "));
      const swatch = make("span", undefined, "swatch");
      swatch.style.borderTopColor = color; swatch.style.borderTopStyle = name === "LAMOST" ? "solid" : dash[0] > 4 ? "dashed" : "dotted";
      const mark = make("td"); mark.append(make("kbd", number + 1), swatch);
      const error = known && known[1] !== null ? ` \u00b1 ${known[1].toFixed(0)}` : "";
      row.append(mark, make("td", title), make("td", known ? `${known[0].toFixed(0)}${error} km/s` : "none"));
      row.addEventListener("click", () => toggle(name));
      table.append(row);
    });
  }

  function opinions(rows) {
    at("opinions").replaceChildren(...rows.map((row) => {
      const sure = row.confidence === null ? "" : ` (${row.confidence})`, comment = row.comment ? `: ${row.comment}` : "";
      return make("p", `${row.reviewer}: ${row.label || "taken back"}${sure}, ${row.time.slice(0, 16).replace("T", " ")}${comment}`);
    }));
  }

  // a spectrum in a few words, for the contact sheet
  function inShort(about, payload) {
    const said = new Map(Object.values(payload.evidence).flat()), speed = (name) => payload.velocities[name]?.[0].toFixed(0);
    const own = speed(payload.consensus), facts = [own === undefined ? payload.consensus : `${payload.consensus} ${own} km/s`];
    if (about.queue === "rv") { if (payload.consensus !== "LAMOST") facts.push(`LAMOST ${speed("LAMOST") ?? "none"}`); }
    else for (const name of ["subclass", "CMD"]) if (said.has(name)) facts.push(name === "CMD" ? `CMD ${said.get(name)}` : said.get(name));
    if (said.has("S/N i")) facts.unshift(`S/N ${said.get("S/N i")}`);
    return facts.join(", ");
  }

  function help(about, commands) {
    const labels = make("section"), others = make("section");
    for (const [label, key, meaning] of about.labels) { const p = make("p"); p.append(make("kbd", key), make("b", label), ` ${meaning}`); labels.append(p); }
    for (const [keys, meaning] of commands) { const p = make("p"); for (const key of keys) p.append(make("kbd", ARROWS[key] || key)); p.append(meaning); others.append(p); }
    at("help").replaceChildren(make("h2", "Labels: one key decides and goes on"), labels, make("p", "Shift with the key: unsure (confidence 0.5)."), make("h2", "Other keys"), others);
    at("help").showModal();
  }

  return { at, make, evidence, labels, velocities, opinions, inShort, help };
})();
