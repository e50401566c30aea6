// Decisions on their way: the browser keeps them until the server has said that they are on its disk.
"use strict";

class Outbox {
  // changed(): the number of waiting decisions is another; refused(entry, error): the server will not take them; emptied(): all are saved
  constructor(source, name, { changed, refused, emptied }) {
    Object.assign(this, { source, name, changed, refused, emptied, waiting: [], busy: false, failed: false });
    if (name) this.waiting = JSON.parse(localStorage.getItem(name) || "[]"); // a copy without a server keeps decisions itself
  }

  keys() { return this.waiting.flatMap((entry) => entry.rows.map((row) => row.key)); }

  keep() {
    if (this.name) localStorage.setItem(this.name, JSON.stringify(this.waiting));
    this.changed();
  }

  add(entry) {
    this.waiting.push(entry);
    this.keep();
    return this.flush();
  }

  async flush() {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.length) {
      const entry = this.waiting[0];
      try {
        await this.source.decide(entry);
        this.failed = false;
      } catch (error) {
        if (!(error instanceof Source.Refused)) {
          this.failed = true;
          this.changed();
          setTimeout(() => { this.busy = false; this.flush(); }, 1000);
          return;
        }
        this.refused(entry, error);
      }
      this.waiting.shift();
      this.keep();
    }
    this.busy = false;
    this.emptied();
  }
}
