// The page: what is shown, what the keys do, and decisions that wait until the server has them on its disk.
"use strict";

(() => {
  const { at, make } = Panel;
  const isStatic = Boolean(at("desk-about"));
  const source = isStatic ? new Source.Static() : new Source.Server();
  const AHEAD = 8, KEEP = 60, SHEET = 24;
  const WIDTHS = [1, 3, 5, 9, 15, 25, 41];

  let about, view, diagram, wave, outbox, sheet;
  const state = {
    reviewer: "", current: null, upcoming: [], shown: [], place: -1, mode: "review", smoothing: 2, overlay: true, template: "", active: "",
    methods: new Set(), sets: new Set(), confidence: null, since: 0, last: new Map(), broken: new Set(), showing: "",
  };
  const cache = new Cache(source, KEEP, (key) => key === state.current?.key || state.upcoming.includes(key));
  const spectrum = (key) => cache.spectrum(key);

  // asks for more keys and resolves to how many the server gave; one request at a time
  let filling = null;
  function fill() {
    if (state.mode !== "review" || state.upcoming.length >= AHEAD / 2) return Promise.resolve(0);
    filling ||= (async () => {
      try {
        const held = [...state.upcoming, ...state.shown.slice(-1).filter((key) => key === state.showing), ...outbox.keys(), ...state.broken];
        const before = state.mode, keys = await source.next(state.reviewer, AHEAD, held, false);
        if (state.mode === before) state.upcoming.push(...keys.filter((key) => !state.upcoming.includes(key) && !outbox.keys().includes(key) && key !== state.showing));
        for (const key of state.upcoming) spectrum(key).catch(() => null);
        return keys.length;
      } catch (error) { say(error.message); return 0; } finally { filling = null; }
    })();
    return filling;
  }

  async function advance() {
    waiting(true);
    while (!state.upcoming.length && (await fill())) { /* until there is one, or the server has none */ }
    const key = state.upcoming.shift();
    if (key === undefined) { finished(); return; }
    state.shown.push(key); state.showing = key;
    fill();
    if (state.shown.length > 500) state.shown.shift();
    state.place = state.shown.length - 1;
    await show(key);
  }

  // says what the page waits for, should it take longer than a moment
  let patience;
  function waiting(on) {
    clearTimeout(patience);
    if (on) patience = setTimeout(() => { at("key").textContent = "waiting for the server"; document.body.dataset.state = "waiting"; }, 1500);
  }

  function finished() {
    waiting(false);
    state.current = null;
    at("key").textContent = outbox.waiting.length ? "waiting for the server" : state.mode === "disagreements" ? "no disagreements are left" : "nothing is left to decide here";
    state.showing = "";
    for (const id of ["facts", "overlay"]) at(id).textContent = "";
    document.body.dataset.key = "";
    document.body.dataset.state = "finished";
  }

  async function show(key) {
    const started = performance.now();
    let payload;
    try { payload = await spectrum(key); } catch (error) { // it can't be read: the others go on
      state.broken.add(key); say(`${key} can't be shown: ${error.message}`);
      state.shown = state.shown.filter((other) => other !== key);
      await advance(); return;
    }
    if (state.shown[state.place] !== key) return; // meanwhile another was asked for
    waiting(false);
    state.current = payload; state.template = payload.template; state.confidence = null;
    at("comment").value = "";
    if (!payload.velocities[state.active]) state.active = ["TM", "LAMOST"].find((name) => payload.velocities[name]) || Object.keys(payload.velocities)[0] || "";
    at("key").textContent = payload.key;
    const head = payload.evidence.spectrum.filter(([name]) => ["subclass", "S/N i", "date"].includes(name));
    at("facts").textContent = head.map(([name, value]) => `${name} ${value}`).join("   ");
    Panel.evidence(payload); labelButtons(); velocities();
    diagram.show(payload.cmd);
    await draw();
    state.since = performance.now();
    document.body.dataset.key = payload.key; document.body.dataset.state = "shown";
    document.body.dataset.milliseconds = (performance.now() - started).toFixed(1);
    opinions(payload.key);
  }

  async function draw() {
    const payload = state.current;
    if (!payload) return;
    const smooth = Spectrum.smooth(payload.values, payload.mask, WIDTHS[state.smoothing]);
    const raw = Array.from(payload.values, (value, i) => (payload.mask[i] || value !== value ? null : value));
    let model = null;
    const velocity = payload.velocities[state.active]?.[0];
    if (state.overlay && state.template && velocity !== undefined) {
      try {
        const chosen = await cache.template(state.template);
        if (state.current !== payload) return;
        model = Spectrum.fitted(payload.values, payload.mask, Spectrum.shifted(chosen, about.grid, wave.length, velocity), wave, 4720, 8860);
      } catch { model = null; }
    }
    const sort = about.templates.find(([name]) => name === state.template)?.slice(1).filter(Boolean).join(" ");
    at("overlay").textContent = model ? `${state.template}${sort ? ` (${sort})` : ""} at ${state.active.replace("_", " ")} ${velocity.toFixed(0)} km/s` : state.overlay ? "no template" : "";
    const combs = about.methods.filter(([name]) => state.methods.has(name) && payload.velocities[name]).map(([name, , color, dash]) => ({
      velocity: payload.velocities[name][0], color, dash: name === "LAMOST" ? [] : dash, active: name === state.active || about.queue !== "rv" }));
    view.show({ raw, smooth, model, bad: payload.bad, combs, marks: about.marks.filter((mark) => state.sets.has(mark.set)) });
  }

  // the panel on the right

  function labelButtons() { Panel.labels(about, state.current, { said: state.last.get(state.current.key), confidence: state.confidence, decide }); }
  function velocities() { Panel.velocities(about, state.current, { shown: state.methods, active: state.active, toggle }); }

  async function opinions(key) {
    at("opinions").hidden = state.mode !== "disagreements";
    if (at("opinions").hidden) return;
    const rows = await source.opinions(key);
    if (state.current?.key === key) Panel.opinions(rows);
  }

  // decisions

  function saved() {
    const count = outbox.waiting.length, place = at("saved");
    place.textContent = count ? (outbox.failed ? `${count} not saved yet: is the server running? They are kept here and sent again` : `saving ${count}`) : isStatic ? "kept in this browser" : "all saved";
    place.classList.toggle("waiting", Boolean(outbox.failed && count));
    document.body.dataset.waiting = count;
  }

  function refused(entry, error) {
    say(`not saved: ${error.message}`);
    state.upcoming.unshift(...entry.rows.map((row) => row.key));
    for (const row of entry.rows) state.last.delete(row.key);
  }

  function emptied() {
    progress();
    if (document.body.dataset.state === "finished" && state.mode !== "sheet") advance();
  }

  const identity = () => (crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`);

  async function decide(label, unsure = false) {
    const payload = state.current;
    if (!payload) return;
    if (payload.forbidden.includes(label)) { say(`there is no velocity by ${label}`); return; }
    say("");
    const confidence = unsure ? 0.5 : state.confidence, seconds = (performance.now() - state.since) / 1000;
    const row = { key: payload.key, label, confidence, comment: at("comment").value, seconds };
    state.last.set(payload.key, label);
    state.current = null; state.showing = "";
    const sent = outbox.add({ reviewer: state.reviewer, request: identity(), adjudicate: state.mode === "disagreements", rows: [row] });
    if (state.place < state.shown.length - 1) { state.place = state.shown.length - 1; await show(state.shown[state.place]); if (state.last.has(state.current?.key)) await advance(); } else await advance();
    await sent;
  }

  async function undo() {
    await outbox.flush();
    if (outbox.waiting.length) return;
    try {
      const { undone } = await source.undo({ reviewer: state.reviewer, request: identity() });
      for (const key of undone) state.last.delete(key);
      if (state.mode === "sheet") { await openSheet(); return; }
      if (state.current && !undone.includes(state.current.key)) state.upcoming.unshift(state.current.key);
      state.upcoming = [...undone, ...state.upcoming.filter((key) => !undone.includes(key))];
      say(`taken back: ${undone.join(", ")}`);
      await advance(); progress();
    } catch (error) { say(error.message); }
  }

  async function skip() {
    if (!state.current) return;
    const { key } = state.current;
    state.current = null; state.showing = "";
    if (state.mode === "review") await source.skip(state.reviewer, key).catch(() => null);
    await advance();
  }

  async function look(step) {
    const place = state.place + step;
    if (place < 0 || place >= state.shown.length) return;
    if (state.current && state.place === state.shown.length - 1 && !state.last.has(state.current.key) && step < 0) { /* it stays the newest */ }
    state.place = place;
    await show(state.shown[place]);
  }

  async function progress() {
    let counts;
    try { counts = await source.progress(state.reviewer); } catch { return; }
    at("bar").max = counts.total || 1; at("bar").value = counts.decided;
    at("counts").textContent = `${counts.decided} of ${counts.total} decided, ${counts.mine} by you, ${counts.left} left for you` + (counts.disagreements ? `, ${counts.disagreements} disagreements (j)` : "");
    const minutes = counts.minutes_left;
    at("rate").textContent = counts.rate ? `${counts.rate.toFixed(0)}/min, ${minutes < 90 ? `${Math.ceil(minutes)} min` : `${(minutes / 60).toFixed(1)} h`} to go` : "";
  }

  let silence;
  function say(text) {
    clearTimeout(silence);
    at("message").textContent = text; at("message").hidden = !text;
    if (text) silence = setTimeout(() => { at("message").hidden = true; }, 6000);
  }

  // the contact sheet

  async function openSheet() {
    state.mode = "sheet"; mode();
    const keys = await source.next(state.reviewer, SHEET, outbox.keys(), true);
    sheet.show(await Promise.all(keys.map(spectrum)));
    document.body.dataset.state = keys.length ? "sheet" : "finished"; document.body.dataset.key = keys.join(" ");
    if (!keys.length) say("nothing is left to decide here");
  }

  async function decideSheet(label) {
    const chosen = sheet.chosen, later = sheet.later;
    const barred = chosen.filter((payload) => payload.forbidden.includes(label)).map((payload) => payload.key);
    if (barred.length) { sheet.putAside(barred); say(`${barred.length} have no velocity by ${label} and are put aside; press again`); return; }
    if (!chosen.length) { say("all are put aside"); return; }
    const rows = chosen.map(({ key }) => ({ key, label, confidence: null, comment: "", via: "sheet" }));
    for (const { key } of rows) state.last.set(key, label);
    await outbox.add({ reviewer: state.reviewer, request: identity(), adjudicate: false, rows });
    if (later.length) { state.upcoming = [...later, ...state.upcoming.filter((key) => !later.includes(key))]; await switchTo("review"); say(`${later.length} put aside come one by one`); } else await openSheet();
  }

  function mode() {
    at("sheet").hidden = state.mode !== "sheet"; at("single").hidden = state.mode === "sheet";
    at("mode").textContent = state.mode === "sheet" ? "contact sheet: click the spectra that differ, then press the key of the others' label" : state.mode === "disagreements" ? "disagreements: your label settles the matter" : "";
  }

  async function switchTo(name) {
    if (name === "sheet") { if (state.current) state.upcoming.unshift(state.current.key); state.current = null; await openSheet(); return; }
    if (state.mode !== "sheet" && state.mode !== name) { state.upcoming = []; state.current = null; }
    state.mode = name; mode();
    if (name === "disagreements") state.upcoming = await source.disagreements();
    view.resize();
    await advance();
  }

  // keys

  function toggle(name) { state.methods.has(name) ? state.methods.delete(name) : state.methods.add(name); velocities(); draw(); }

  function cycle(step) {
    const names = about.templates.map(([name]) => name);
    if (!names.length) return;
    const next = names.indexOf(state.template) + step;
    state.template = names[(next + names.length) % names.length]; state.overlay = true; draw();
  }

  // the first template of the next kind or subclass: the library holds hundreds
  function leap(step) {
    const all = about.templates, sort = ([, kind, subclass]) => `${kind} ${subclass}`, count = all.length;
    if (!count) return;
    let place = Math.max(all.findIndex(([name]) => name === state.template), 0);
    const from = sort(all[place]);
    for (let n = 0; n < count && sort(all[place]) === from; n++) place = (place + step + count) % count;
    const to = sort(all[place]);
    state.template = all.find((row) => sort(row) === to)[0]; state.overlay = true; draw();
  }

  const pan = (share) => { const [a, b] = view.range; view.zoom([a + share * (b - a), b + share * (b - a)]); };
  const scale = (factor) => { const [a, b] = view.range, m = (a + b) / 2; view.zoom([m - (m - a) * factor, m + (b - m) * factor]); };
  const surer = (step) => { state.confidence = Math.min(1, Math.max(0, (state.confidence ?? 0.75) + step)); labelButtons(); };
  const SETS = () => [...new Set(about.marks.map((mark) => mark.set))];
  function nextSets() {
    const all = SETS(), choices = [...all.map((name) => [name]), all, []], now = [...state.sets].join();
    state.sets = new Set(choices[(choices.findIndex((choice) => choice.join() === now) + 1) % choices.length]); draw();
  }
  function nextActive() {
    const names = about.methods.map(([name]) => name).filter((name) => state.current?.velocities[name]);
    if (names.length) { state.active = names[(names.indexOf(state.active) + 1) % names.length]; velocities(); draw(); }
  }

  const COMMANDS = [
    [["Space"], "look at it later", skip],
    [["z", "Backspace"], "undo the last decision", undo],
    [["c"], "comment (Enter: back)", () => at("comment").focus()],
    [["["], "less sure", () => surer(-0.25)],
    [["]"], "surer", () => surer(0.25)],
    [["PageUp"], "look back", () => look(-1)],
    [["PageDown"], "look forward again", () => look(1)],
    [["1\u20266"], "marks at LAMOST, TM, DSAL I, DSAL II, TML7500, DSEL", null],
    [["Tab"], "next velocity for the template and the residual", nextActive],
    [["n"], "which marks: one set, the other, all, none", nextSets],
    [["i"], "template and residual on or off", () => { state.overlay = !state.overlay; draw(); }],
    [[","], "previous template", () => cycle(-1)],
    [["."], "next template", () => cycle(1)],
    [["<"], "template of the kind before", () => leap(-1)],
    [[">"], "template of the next kind", () => leap(1)],
    [["/"], "the best template again", () => { state.template = state.current?.template || ""; state.overlay = true; draw(); }],
    [["-"], "less smoothing", () => { state.smoothing = Math.max(0, state.smoothing - 1); draw(); }],
    [["="], "more smoothing", () => { state.smoothing = Math.min(WIDTHS.length - 1, state.smoothing + 1); draw(); }],
    [["ArrowLeft"], "pan left", () => pan(-0.25)],
    [["ArrowRight"], "pan right", () => pan(0.25)],
    [["ArrowUp"], "zoom in (or the wheel, or drag)", () => scale(0.6)],
    [["ArrowDown"], "zoom out", () => scale(1 / 0.6)],
    [["0"], "the whole spectrum (or double click)", () => view.zoom(view.bounds)],
    [["v"], "contact sheet of 24, and back", () => switchTo(state.mode === "sheet" ? "review" : "sheet")],
    [["j"], "disagreements, and back", () => switchTo(state.mode === "disagreements" ? "review" : "disagreements")],
    [["Enter"], "send the star to TOPCAT (SAMP); in the sheet: put aside", enter],
    [["?", "h"], "these keys", help],
  ];

  async function enter() {
    if (state.mode === "sheet") { sheet.putAside(); return; }
    if (!about.samp || !state.current) { say("no SAMP hub: start `mstars review` with --samp"); return; }
    try { say((await source.samp(state.current.key)).said); } catch (error) { say(error.message); }
  }

  function help() { if (at("help").open) at("help").close(); else Panel.help(about, COMMANDS); }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || at("login").open) return;
    if (["Shift", "CapsLock", "AltGraph"].includes(event.key)) return;
    if (at("summary").open) { event.preventDefault(); at("summary").close(); return; }
    if (at("help").open) { event.preventDefault(); at("help").close(); return; }
    if (event.target === at("comment")) { if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); at("comment").blur(); } return; }
    const name = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const label = about.labels.find(([, key]) => key === name);
    if (label) {
      event.preventDefault();
      if (event.repeat) return; // a key held down decides once
      if (state.mode === "sheet") decideSheet(label[0]); else decide(label[0], event.shiftKey);
      return;
    }
    const method = /^[1-6]$/.test(name) && about.methods[Number(name) - 1];
    if (state.mode === "sheet" && name.startsWith("Arrow")) {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -6, ArrowDown: 6 }[name];
      event.preventDefault(); sheet.move(step); return;
    }
    if (method && state.current) { event.preventDefault(); toggle(method[0]); return; }
    const command = COMMANDS.find(([keys, , act]) => act && keys.includes(name));
    if (command) { event.preventDefault(); command[2](); }
  }

  // the beginning

  const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_ .-]{0,39}$/u; // as reviewer_name takes them

  async function whoIsThere() {
    const asked = new URLSearchParams(location.search).get("reviewer") || sessionStorage.getItem("mstars-reviewer");
    if (asked && NAME.test(asked.trim())) return asked.trim();
    at("name").value = localStorage.getItem("mstars-reviewer") || "";
    at("login").showModal();
    document.body.dataset.state = "login";
    await new Promise((resolve) => at("login").addEventListener("close", resolve, { once: true }));
    const name = at("name").value.trim();
    return NAME.test(name) ? name : whoIsThere();
  }

  async function start() {
    at("summary-button").hidden = isStatic;
    about = await source.about();
    cache.known = new Set(about.templates.map(([name]) => name));
    document.title = `${about.queue} \u00b7 ${about.survey} \u00b7 review desk`;
    at("queue").textContent = `${about.queue} \u00b7 ${about.survey}`;
    state.reviewer = await whoIsThere();
    sessionStorage.setItem("mstars-reviewer", state.reviewer); localStorage.setItem("mstars-reviewer", state.reviewer);
    at("who").textContent = state.reviewer;
    at("who").addEventListener("click", () => { sessionStorage.removeItem("mstars-reviewer"); const here = new URL(location); here.searchParams.delete("reviewer"); location.replace(here); });
    at("help-button").addEventListener("click", help);
    at("summary-button").addEventListener("click", async () => {
      at("summary-button").blur();
      try { at("summary").firstElementChild.textContent = (await source.summary()).text; at("summary").showModal(); } catch (error) { say(error.message); }
    });
    wave = Array.from(Spectrum.wavelengths(about.grid, 3909));
    state.methods = new Set(about.queue === "rv" ? ["LAMOST", "TM", "DSAL_I", "DSAL_II"] : ["LAMOST"]);
    state.sets = new Set([SETS()[0]]);
    view = new Plots.SpectrumView(about, { full: at("full"), residual: at("residual"), zooms: at("zooms") });
    view.build(wave);
    sheet = new Sheet(at("sheet"), about, wave);
    diagram = new Plots.Diagram(about.cmd, at("cmd"));
    addEventListener("keydown", pressed);
    if (isStatic) {
      at("download").hidden = false;
      at("download").addEventListener("click", () => {
        const link = make("a");
        link.href = URL.createObjectURL(new Blob([source.csv()], { type: "text/csv" }));
        link.download = `${state.reviewer.replace(/[ .]+/g, "_")}.csv`;
        link.click(); URL.revokeObjectURL(link.href);
      });
    }
    const kept = isStatic ? "" : `mstars-outbox:${about.survey}:${about.queue}:${state.reviewer}`;
    outbox = new Outbox(source, kept, { changed: saved, refused, emptied });
    saved(); outbox.flush();
    addEventListener("beforeunload", (event) => { if (outbox.waiting.length) event.preventDefault(); });
    progress(); setInterval(progress, 15000);
    mode();
    const wanted = new URLSearchParams(location.search).get("key"); // ...&key=SPECTRUM_KEY opens this one first
    if (wanted) state.upcoming.push(wanted);
    await advance();
  }

  start().catch((error) => { at("message").textContent = error.message; at("message").hidden = false; document.body.dataset.state = "failed"; });
})();
