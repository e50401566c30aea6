// Where spectra come from and decisions go: the server, or a static copy that keeps decisions in the browser.
"use strict";

const Source = (() => {
  class Refused extends Error {}
  class Away extends Error {} // no answer: the server is down, or the line to it
  const AGAIN = 700; // milliseconds until the next try

  class Server {
    constructor() { this.token = new URLSearchParams(location.search).get("token") || ""; }

    async ask(path, body) {
      const headers = { "X-Desk-Token": this.token };
      const options = body === undefined ? { headers } : { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) };
      const answer = await fetch(path, options).catch(() => { throw new Away("the server doesn't answer"); });
      const said = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
      if (answer.status >= 500) throw new Error(said.error);
      if (!answer.ok) throw new Refused(said.error);
      return said;
    }

    // what the page can't go on without is asked for until there is an answer
    async surely(path, body) {
      for (;;) {
        try { return await this.ask(path, body); } catch (error) { if (!(error instanceof Away)) throw error; }
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    }

    address(path, values) { return `${path}?${new URLSearchParams(values)}`; }
    query(path, values) { return this.ask(this.address(path, values)); }
    about() { return this.surely("api/about"); }
    spectrum(key) { return this.surely(this.address("api/spectrum", { key })); }
    template(name) { return this.query("api/template", { name }); }
    progress(reviewer) { return this.query("api/progress", { reviewer }); }
    summary() { return this.ask("api/summary"); }
    async opinions(key) { return (await this.query("api/opinions", { key })).opinions; }
    async next(reviewer, count, held, alike) { return (await this.surely("api/next", { reviewer, count, held, alike })).keys; }
    async disagreements() { return (await this.surely("api/disagreements")).keys; }
    decide(request) { return this.ask("api/decide", request); }
    undo(request) { return this.ask("api/undo", request); }
    skip(reviewer, key) { return this.ask("api/skip", { reviewer, key }); }
    samp(key) { return this.ask("api/samp", { key }); }
  }

  // the data lie in the page as text and are parsed when they are needed; decisions are kept by the browser
  class Static {
    constructor() {
      this.facts = JSON.parse(document.getElementById("desk-about").textContent);
      this.place = new Map(this.facts.keys.map((key, number) => [key, number]));
      this.name = `mstars-desk:${this.facts.copy}`;
      this.rows = JSON.parse(localStorage.getItem(this.name) || "[]");
      this.put = [];
      this.seen = [];
    }

    parsed(id) {
      const element = document.getElementById(id);
      if (!element) throw new Refused("not in this copy");
      return JSON.parse(element.textContent);
    }

    async about() { return { ...this.facts, reviewers: [], samp: false }; }
    async spectrum(key) {
      if (!this.place.has(key)) throw new Refused("not in this copy");
      return this.parsed(`desk-spectrum-${this.place.get(key)}`);
    }
    async template(name) {
      const number = this.facts.template_data.indexOf(name);
      return this.parsed(`desk-template-${number}`);
    }
    standing(reviewer) {
      const found = new Map();
      for (const row of this.rows) if (row.reviewer === reviewer) row.label ? found.set(row.key, row) : found.delete(row.key);
      return found;
    }
    async progress(reviewer) {
      const mine = this.standing(reviewer).size, total = this.facts.keys.length, gaps = [];
      for (let i = Math.max(1, this.seen.length - 100); i < this.seen.length; i++) if (this.seen[i] - this.seen[i - 1] < 6e4) gaps.push(this.seen[i] - this.seen[i - 1]);
      const sum = gaps.reduce((a, b) => a + b, 0), rate = gaps.length > 1 && sum ? (6e4 * gaps.length) / sum : null;
      return { total, decided: mine, mine, left: total - mine, rate, minutes_left: rate ? (total - mine) / rate : null, disagreements: 0, skipped: this.put.length };
    }
    async opinions() { return []; }
    async next(reviewer, count, held, alike) {
      const done = this.standing(reviewer), off = new Set([...held, ...this.put]), found = [];
      for (const key of this.facts.keys) {
        if (found.length >= count) break;
        if (!done.has(key) && !off.has(key) && (!alike || !found.length || this.facts.consensus[key] === this.facts.consensus[found[0]])) found.push(key);
      }
      return found.length || alike ? found : this.put.filter((key) => !done.has(key) && !held.includes(key)).slice(0, count);
    }
    async disagreements() { return []; }
    write(rows) {
      let last = this.rows.length ? this.rows[this.rows.length - 1].at : 0;
      for (const row of rows) { last = Math.max(Date.now(), last + 1); this.rows.push({ ...row, at: last }); }
      localStorage.setItem(this.name, JSON.stringify(this.rows));
    }
    async decide({ reviewer, rows }) {
      this.write(rows.map(({ key, label, confidence, comment }) => ({ reviewer, key, label, confidence: confidence ?? "", comment: comment || "" })));
      const keys = rows.map((row) => row.key);
      this.undoable = [...(this.undoable || []), keys];
      this.put = this.put.filter((key) => !keys.includes(key));
      this.seen.push(Date.now());
      return { saved: rows.length };
    }
    async undo({ reviewer }) {
      let keys = (this.undoable || []).pop();
      if (!keys) {
        const last = [...this.standing(reviewer).values()].sort((a, b) => b.at - a.at)[0];
        if (!last) throw new Refused("nothing to undo");
        keys = [last.key];
      }
      this.write(keys.map((key) => {
        const rows = this.rows.filter((row) => row.key === key && row.reviewer === reviewer), before = rows[rows.length - 2];
        return { reviewer, key, label: before ? before.label : "", confidence: before ? before.confidence : "", comment: before ? before.comment : "" };
      }));
      this.seen.pop();
      return { undone: keys };
    }
    async skip(reviewer, key) { this.put = [...this.put.filter((other) => other !== key), key]; }
    csv() {
      const quote = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const lines = this.rows.map((row) => [row.key, row.label, row.confidence, row.reviewer, new Date(row.at).toISOString(), row.comment].map((value) => quote(String(value))).join(","));
      return ["spectrum_key,label,confidence,reviewer,time,comment", ...lines].join("\n") + "\n";
    }
  }

  return { Server, Static, Refused };
})();
